"""Fields of live objects, read without trust: one of another type counts as absent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]

_MOST = 100  # conditions, containers: nobody's controller writes more, and some webhook might


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One of ``status.conditions``. ``generation`` is 0 where it does not say."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    generation: int = 0

    @property
    def true(self) -> bool:
        return self.status == "True"

    @property
    def false(self) -> bool:
        return self.status == "False"


def at(obj: object, *path: str) -> Any:
    """What is at this path, or None."""
    for key in path:
        obj = obj.get(key) if isinstance(obj, Mapping) else None
    return obj


def number(obj: object, *path: str, default: int = 0) -> int:
    found = at(obj, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else default


def text(obj: object, *path: str) -> str:
    found = at(obj, *path)
    return found if isinstance(found, str) else ""


def listed(obj: object, *path: str) -> Iterator[Mapping[str, Any]]:
    """The mappings in a list."""
    found = at(obj, *path)
    for item in found[:_MOST] if isinstance(found, list) else ():
        if isinstance(item, Mapping):
            yield item


def conditions(obj: Object) -> Mapping[str, Condition]:
    """``status.conditions`` by type, those of an earlier generation left out."""
    current = number(obj, "metadata", "generation")
    found = {}
    for item in listed(obj, "status", "conditions"):
        condition = Condition(
            type=text(item, "type"),
            status=text(item, "status"),
            reason=text(item, "reason"),
            message=text(item, "message"),
            generation=number(item, "observedGeneration"),
        )
        if not condition.generation or condition.generation >= current:
            found[condition.type] = condition
    return found
