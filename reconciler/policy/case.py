"""What a rule looks at: one object, and what is known of the site around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.rendered import Manifest, SiteSettings

_SHOWN = 80  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """The site: its settings, and whether its own configuration lets commits touch the agent."""

    settings: SiteSettings
    agent_namespace: str
    from_repository: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One object under judgement; ``value`` is its body read back, not to be changed."""

    manifest: Manifest
    value: Mapping[str, Any]
    around: Around

    @property
    def metadata(self) -> Mapping[str, Any]:
        return mapping(self.value.get("metadata"))

    @property
    def group_kind(self) -> tuple[str, str]:
        return self.manifest.ref.group, self.manifest.ref.kind


Rule = Callable[[Case], Iterator[str]]  # yields what is wrong, in a sentence each


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def shown(text: object) -> str:
    """A stranger's word in quotes, short and on one line."""
    line = repr(str(text)[: _SHOWN + 1])
    return line if len(str(text)) <= _SHOWN else f"{line[:_SHOWN]}...'"
