"""A suspect looked at: what was changed, by whom as far as that is known, and what to do about it.

In: a suspect, its record, and the whole object as it was read. Out: a Diagnosis. Writes nothing.
A field that one manager takes back again and again is contested: it is left for a while, and the
rest of its object is put right all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler import ports
from reconciler.engine import pacing
from reconciler.engine.house import House
from reconciler.model.journal import Change, Outcome
from reconciler.model.objects import live_of
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.model.rules import DriftMode
from reconciler.model.values import Contest, Live, Record
from reconciler.plan import explain, modes

QUIET = pacing.FIGHT.longest  # seconds after which a fight is over


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """``corrected`` are changes to put right; ``left`` those that stay, and why.

    ``leave`` are all fields, as rules' paths, that a write must leave out. ``again`` is in how
    many seconds to look at it again, 0 for never.
    """

    live: Live | None
    corrected: tuple[Change, ...]
    left: tuple[tuple[Change, Outcome], ...] = ()
    leave: tuple[str, ...] = ()
    again: float = 0.0

    def manifest(self, record: Record) -> Manifest:
        """What is to be written of the object."""
        return Manifest(
            ref=record.ref,
            api_version=record.api_version,
            body=record.body,
            digest=record.digest,
            origin=record.origin,
            left=self.leave,
        )


class Examiner:
    """Used by the loop's thread."""

    def __init__(self, *, house: House, clock: ports.Clock) -> None:
        self._house = house
        self._clock = clock
        self._fights = pacing.Allowance(pacing.FIGHT, clock)
        self._contests: dict[ObjectRef, dict[str, tuple[str, float]]] = {}

    def absent(self, record: Record) -> Diagnosis:
        """The object is gone: it is made anew, with all that is ours to set."""
        return Diagnosis(live=None, corrected=(explain.gone(),), leave=self._ignored(record))

    def diagnose(self, record: Record, obj: Mapping[str, Any], *, fights: bool = True) -> Diagnosis:
        """What of the object is not as the record says. Where nothing is going to be corrected
        it is no fight: ``fights`` is false."""
        found = explain.changes(record.ref, record.body, obj, self._house.of(record))
        corrected: list[Change] = []
        left: list[tuple[Change, Outcome]] = []
        waits: list[float] = []
        for each in found:
            if not each.differs:
                corrected.append(each.change)  # only to hold it again
            elif each.mode is DriftMode.WARN:
                left.append((each.change, Outcome.WARNED))
            elif fights and (wait := self._wait(record.ref, each.change)):
                waits.append(wait)
                left.append((each.change, Outcome.CONTESTED))
            else:
                corrected.append(each.change)
        leave = {*self._ignored(record), *(change.rule for change, _ in left if change.rule)}
        return Diagnosis(
            live=live_of(obj),
            corrected=tuple(corrected),
            left=tuple(left),
            leave=tuple(sorted(leave)),
            again=min(waits, default=QUIET if self.is_contested(record.ref) else 0.0),
        )

    def contests(self) -> tuple[Contest, ...]:
        """Fields that are being fought over, in order."""
        return tuple(
            Contest(ref=ref, field=field, manager=manager)
            for ref, fields in sorted(self._contests.items())
            for field, (manager, _) in sorted(fields.items())
        )

    def is_contested(self, ref: ObjectRef) -> bool:
        """Whether any field of the object is; a fight that was quiet for QUIET seconds is over."""
        now = self._clock.monotonic()
        fields = self._contests.get(ref, {})
        left = {name: fight for name, fight in fields.items() if now - fight[1] < QUIET}
        if left:
            self._contests[ref] = left
        else:
            self._contests.pop(ref, None)
        return bool(left)

    def forget(self, ref: ObjectRef) -> None:
        """The object was pruned."""
        self._contests.pop(ref, None)

    def _wait(self, ref: ObjectRef, change: Change) -> float:
        """Seconds that correcting this field must wait; it counts where it need not."""
        if not change.manager or not change.path:
            return 0.0
        wait = self._fights.wait((ref, change.path, change.manager))
        if wait:
            fights = self._contests.setdefault(ref, {})
            fights[change.path] = (change.manager, self._clock.monotonic())
        return wait

    def _ignored(self, record: Record) -> tuple[str, ...]:
        return modes.ignored_of(self._house.drift, record)
