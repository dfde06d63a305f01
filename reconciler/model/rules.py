"""What fleet.yaml and site.yaml say about a site's objects: frozen, and read by every stage.

``render.settings`` makes them of the files, and refuses what does not fit their words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


def matches(pattern: str, text: str) -> bool:
    """Whether a name fits; an empty pattern fits all, and ``*`` any run of characters."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern in ("", text)
    *middle, last = rest
    if not text.startswith(first) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:  # the first place is as good as any
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return text.endswith(last)


class DriftMode(StrEnum):
    """What becomes of a field that somebody changed: put back, told, or theirs."""

    CORRECT = "correct"
    WARN = "warn"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRule:
    """``drift``: the last rule that matches an object's field decides.

    ``kind`` is KIND[.GROUP]; ``namespace`` and ``name`` may hold ``*`` for any run of characters;
    each empty selector matches everything. ``fields`` are paths as rules write them,
    ``/spec/replicas``; none means the whole object.
    """

    mode: DriftMode
    kind: str = ""
    namespace: str = ""
    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptRule:
    """``adopt``: field managers that hand over what they own of our objects at first contact."""

    managers: tuple[str, ...]
    kind: str = ""
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRule:
    """``overrides``: what a file on site may change, and how far.

    ``kind`` is KIND[.GROUP]; ``name`` may hold ``*`` for any run of characters; ``field`` is a
    path as rules write them. One bound at least is set: ``enum`` holds JSON texts of plain values,
    ``least`` and ``most`` are numbers or quantities, ``pattern`` must match the whole of a string.
    """

    kind: str
    name: str
    field: str
    enum: tuple[str, ...] = ()
    least: str = ""
    most: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneLimits:
    """``limits.prune``: how many deletions a commit may bring without being asked about.

    ``percent`` of the site's objects, but no fewer than ``least`` and no more than ``most``.
    """

    percent: int = 20
    least: int = 3
    most: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneAllowance:
    """``prune.allow``: objects, or ``all``, that may be deleted until then (Unix seconds)."""

    refs: tuple[str, ...]
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRule:
    """How objects of a custom kind are, by CEL expressions over the object's own fields.

    The first that is true of ``in_progress``, ``failed`` and ``current`` says it; "" never is.
    """

    api_version: str
    kind: str
    current: str
    in_progress: str = ""
    failed: str = ""
