"""The drift journal's rows: what somebody changed, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.refs import ObjectRef


class Outcome(StrEnum):
    """What became of a change."""

    CORRECTED = "corrected"
    WARNED = "warned"  # left as it is: the field's mode is warn
    CONTESTED = "contested"  # left for a while: a manager takes it back again and again
    PAUSED = "paused"  # left until the pause ends
    FAILED = "failed"  # the API server refused the correction


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of one object, or the whole object where ``path`` is empty.

    ``path``, ``wanted`` and ``found`` are as shown to people, secrets masked. ``manager``,
    ``operation``, ``subresource`` and ``since`` (RFC 3339) are what managedFields claims of who
    wrote it, ``""`` where nobody owns it. ``rule`` is the path as drift rules name it.
    """

    path: str
    wanted: str
    found: str
    manager: str = ""
    operation: str = ""
    subresource: str = ""
    since: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """``at`` is Unix seconds; ``seconds`` from the event to the correction's answer, else 0."""

    at: float
    ref: ObjectRef
    kind: str  # edited, deleted
    change: Change
    outcome: Outcome
    seconds: float = 0.0
