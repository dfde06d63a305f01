"""Objects that may not be as they should be, and what is told of those that were not."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.journal import Change, Outcome
from reconciler.model.refs import Kind, ObjectRef
from reconciler.model.values import Live


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """An object to put right, and how it was seen; ``live`` is None where it was missing.

    ``uid`` is what we knew it by; ``version`` the resourceVersion of our last write, if known.
    """

    ref: ObjectRef
    uid: str
    version: str
    change: str  # edited, deleted, suspected, outdated, contested
    live: Live | None
    seen: float  # the clock's monotonic seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Changes of one object with one outcome, which are news; ``uid`` is what it has now."""

    ref: ObjectRef
    kind: Kind
    uid: str
    changes: tuple[Change, ...]
    outcome: Outcome
