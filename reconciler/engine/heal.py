"""Drift put right: from what a watch shows to a correction out of the bytes in state.

In: watch events. Out: corrections, the journal's rows, and which objects are not as they should
be. Nothing is rendered: an object is read once, so that what was changed can be told, and a forced
apply of the wanted bytes then verifies and heals it, and writes nothing where all is well.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler import ports
from reconciler.engine import pacing
from reconciler.engine.apply import Applier
from reconciler.engine.books import Books
from reconciler.engine.examine import Diagnosis, Examiner
from reconciler.engine.holding import held_before
from reconciler.engine.house import House
from reconciler.engine.journaling import Journaling
from reconciler.engine.suspects import Suspect, Told
from reconciler.model import errors
from reconciler.model.journal import Change, JournalRow, Outcome
from reconciler.model.refs import Kind, ObjectRef
from reconciler.model.values import Failure, Live, Record
from reconciler.plan import drift, explain, waves

# What others may have been waiting for: once it is back, they need not wait for their turn.
_NEEDED = frozenset((("", "Namespace"), waves.CRD))
OUTDATED = "outdated"
CONTESTED = "contested"  # a field of it was left in a fight
_PENDING = 1.0  # seconds between looks at what a pass has still to write
_CATCHING_UP = 5.0  # seconds that a watch may take to show what we wrote
_FINISHED = "finished/"  # meta key's prefix: the uid of a Job that was seen to be over


class Healer:
    """Used by the loop's thread. ``later`` appoints a suspect for another look."""

    def __init__(
        self,
        *,
        books: Books,
        applier: Applier,
        examiner: Examiner,
        house: House,
        state: ports.State,
        clock: ports.Clock,
        observer: ports.Observer,
        later: Callable[[Suspect, float], None],
        is_paused: Callable[[ObjectRef], bool],
        glance: Callable[[ObjectRef, Mapping[str, Any]], None],
        written: Callable[[Iterable[ObjectRef]], None],
    ) -> None:
        self._books = books
        self._applier = applier
        self._examiner = examiner
        self._house = house
        self._state = state
        self._clock = clock
        self._journaling = Journaling(state, observer, clock)
        self._later = later
        self._is_paused = is_paused
        self._glance = glance  # told of what was read anyway, for the object's health
        self._written = written  # and of what was made anew
        self._corrections = pacing.Allowance(pacing.CORRECTION, clock)
        self._suspicions = pacing.Allowance(pacing.SUSPICION, clock)
        self._retries: dict[ObjectRef, pacing.BackOff] = {}
        self._waiting: dict[ObjectRef, Suspect] = {}
        self._held: dict[ObjectRef, Suspect] = {}  # seen while paused
        self._failed: dict[ObjectRef, Failure] = {}  # drift that could not be put right
        self._left: dict[ObjectRef, frozenset[tuple[str, str, Outcome]]] = {}  # and what stays

    def begin(self) -> None:
        """Once the books are loaded: what stayed as it was before the start does so still."""
        for record in self._books.records.values():
            if record.left and self._house.warned(record):
                self._left[record.ref] = frozenset()
        self._left |= held_before(self._state)

    def reconsider(self) -> None:
        """The rules of drift are others: what they no longer warn of is not open any more, and
        what they warn of now is looked at."""
        for record in self._books.records.values():
            is_open, warned = record.ref in self._left, bool(self._house.warned(record))
            stays = self._examiner.is_contested(record.ref) or record.ref in self._held
            if is_open and not warned and not stays:
                del self._left[record.ref]
            elif warned and not is_open:
                self._later(self._suspect(record.ref, "suspected", None), 0)

    @property
    def open(self) -> Mapping[ObjectRef, Outcome]:
        """Objects that are not as they should be, and why."""
        left = {ref: why for ref in self._left if (why := self._why(ref)) is not None}
        contested = {contest.ref: Outcome.CONTESTED for contest in self._examiner.contests()}
        return left | contested | dict.fromkeys(self._failed, Outcome.FAILED)

    def _why(self, ref: ObjectRef) -> Outcome | None:
        """Why what differs stays; None where only a pause held it, which is over."""
        outcomes = {outcome for _, _, outcome in self._left[ref]}
        if Outcome.PAUSED not in outcomes:
            return Outcome.WARNED
        if self._is_paused(ref):
            return Outcome.PAUSED
        return Outcome.WARNED if len(outcomes) > 1 else None

    def suspects(self, event: ports.WatchEvent) -> Iterable[Suspect]:
        """What of this event must be put right, as the books are now."""
        if isinstance(event, ports.ObjectSeen):
            yield from self._seen(event.live)
        elif isinstance(event, ports.ObjectGone):
            record = self._books.records.get(event.live.ref)
            if record is not None and record.uid == event.live.uid:
                if drift.is_finished(event.live):
                    self._note_finished(event.live)
                yield from self._gone(record)
        elif isinstance(event, ports.KindListed):
            yield from self._listed(event)

    def put_right(self, suspects: Iterable[Suspect]) -> tuple[Told, ...]:
        """Look at them and correct them, side by side. Raises ClusterUnavailable with them
        appointed again."""
        now = [suspect for suspect in suspects if self._is_due(suspect)]
        by_ref = {suspect.ref: suspect for suspect in now if suspect.ref in self._books.records}
        if not by_ref:
            return ()
        try:
            diagnoses = self._diagnose(by_ref)
            results = self._applier.put_right(
                diagnosis.manifest(self._books.records[ref])
                for ref, diagnosis in diagnoses.items()
                if self._needs_write(by_ref[ref], diagnosis)
            )
        except errors.ClusterUnavailable:
            for suspect in by_ref.values():
                self._later(suspect, pacing.CLUSTER.first)
            raise
        told = [
            self._hold(by_ref[ref], diagnosis)
            if self._is_paused(ref)
            else self._settle(by_ref[ref], diagnosis, results.get(ref))
            for ref, diagnosis in diagnoses.items()
        ]
        return self._journal([each for row in told for each in row])

    def _diagnose(self, by_ref: Mapping[ObjectRef, Suspect]) -> dict[ObjectRef, Diagnosis]:
        """What was seen to go is looked at as well: whoever takes our label off takes it out of
        sight, and the object is there."""
        records = {ref: self._books.records[ref] for ref in by_ref}
        seen = self._applier.look(records.values())
        found: dict[ObjectRef, Diagnosis] = {}
        for ref, record in records.items():
            obj = seen.get(ref)
            if obj is not None:
                self._glance(ref, obj)
                found[ref] = self._examiner.diagnose(record, obj, fights=not self._is_paused(ref))
            elif by_ref[ref].change == "deleted" or ref in seen:
                found[ref] = self._examiner.absent(record)
            else:  # the API server does not show it; what it says to the correction counts
                found[ref] = Diagnosis(live=by_ref[ref].live, corrected=(), leave=record.left)
        return found

    def _needs_write(self, suspect: Suspect, diagnosis: Diagnosis) -> bool:
        """Whether to apply: unless all that differs stays as it is, the API server is asked, as it
        sees more than a comparison does."""
        if self._is_paused(suspect.ref):
            return False
        record = self._books.records[suspect.ref]
        stays = bool(diagnosis.left) and not diagnosis.corrected
        return not stays or not set(record.left) <= set(diagnosis.leave)

    def forget(self, refs: Iterable[ObjectRef]) -> None:
        """These were written or pruned by a pass: what was open about them is over."""
        for ref in refs:
            self._close(ref)
            record = self._books.records.get(ref)
            if record is None or not self._house.warned(record):
                self._left.pop(ref, None)
            if record is None:
                self._examiner.forget(ref)

    def _close(self, ref: ObjectRef) -> None:
        """Nothing of it is refused or held any more."""
        for book in (self._failed, self._retries, self._waiting, self._held):
            book.pop(ref, None)

    def release(self) -> None:
        """A pause is over: look again at what it held, which is all of it or still held."""
        held, self._held = self._held, {}
        for suspect in held.values():  # how long the pause was is not how long putting right took
            self._later(dataclasses.replace(suspect, seen=self._clock.monotonic()), 0)

    def forget_finished(self, refs: Iterable[ObjectRef]) -> None:
        """These were pruned: whether a Job was over is of no more interest."""
        keys = [f"{_FINISHED}{ref}" for ref in refs if ref.kind == "Job"]
        if keys:
            self._state.save(meta=dict.fromkeys(keys, ""))

    def _seen(self, live: Live) -> Iterable[Suspect]:
        record = self._books.records.get(live.ref)
        if record is None or self._books.sightings.is_stale(live):
            return
        if drift.is_finished(live):
            self._note_finished(live)
        found = drift.compare(record.signature, live)
        if found is drift.Drift.NONE:
            self._books.refresh(live)  # the next change is compared with what status is now
        if found is not drift.Drift.NONE and not live.deleting:  # its end is an event of its own
            change = "edited" if found is drift.Drift.CERTAIN else "suspected"
            yield self._suspect(live.ref, change, live)

    def _listed(self, event: ports.KindListed) -> Iterable[Suspect]:
        """What is missing, at once; and what the list shows outdated, if it stays so.

        A list may be from before our last write of an object; then an event follows that shows
        it. After a restore of etcd from a backup none does.
        """
        for record in self._of_kind(event.kind):
            is_missing = record.ref not in event.uids
            if self._books.sightings.is_outdated(record.ref):
                self._later(self._suspect(record.ref, OUTDATED, None), _CATCHING_UP)
            elif not is_missing or self._books.sightings.is_after(record.ref, event.version):
                continue
            # Nobody saw it go: a Job that cleans itself up is taken to have done so.
            elif not drift.cleans_itself_up(record):
                yield from self._gone(record)

    def _gone(self, record: Record) -> Iterable[Suspect]:
        if self._state.meta(f"{_FINISHED}{record.ref}") != record.uid:
            yield self._suspect(record.ref, "deleted", None)

    def _note_finished(self, live: Live) -> None:
        key = f"{_FINISHED}{live.ref}"
        if self._state.meta(key) != live.uid:
            self._state.save(meta={key: live.uid})

    def _suspect(self, ref: ObjectRef, change: str, live: Live | None) -> Suspect:
        return Suspect(
            ref=ref,
            uid=self._books.records[ref].uid,
            version=self._books.sightings.version(ref),
            change=change,
            live=live,
            seen=self._clock.monotonic(),
        )

    def _is_due(self, suspect: Suspect) -> bool:
        """Whether its allowance lets it be written now; it is appointed otherwise."""
        if suspect.change == OUTDATED and not self._books.sightings.is_outdated(suspect.ref):
            return False  # an event has shown our write since
        if self._is_paused(suspect.ref):
            return self._is_paced(suspect)  # to be looked at, and left
        over = not self._examiner.is_contested(suspect.ref) and suspect.ref not in self._left
        if suspect.change == CONTESTED and over:
            return False
        if suspect.ref in self._books.pending:
            self._later(suspect, _PENDING)  # the pass that is due writes it, and knows the bytes
            return False
        return self._is_paced(suspect)

    def _is_paced(self, suspect: Suspect) -> bool:
        allowance = self._suspicions if suspect.change == "suspected" else self._corrections
        left = allowance.wait(suspect.ref)
        if left:
            self._later(suspect, left)
        return not left

    def _settle(
        self, suspect: Suspect, diagnosis: Diagnosis, result: Live | Failure | None
    ) -> list[JournalRow]:
        """What became of it, as the journal's rows; ``result`` is None where nothing was sent."""
        ref = suspect.ref
        if diagnosis.again:
            self._later(dataclasses.replace(suspect, change=CONTESTED, live=None), diagnosis.again)
        rows = self._stay(suspect, diagnosis)
        if isinstance(result, Failure):
            return rows + self._fail(suspect, diagnosis, result)
        if result is None:
            if diagnosis.live is not None:
                self._books.leave(diagnosis.live, diagnosis.leave)
            return rows
        self._close(ref)
        if result.uid != suspect.uid:
            self._written([ref])
        if (ref.group, ref.kind) in _NEEDED:
            for waiting in self._waiting.values():
                self._later(waiting, 0)
        if not self._is_corrected(suspect, diagnosis, result):
            return rows  # a false alarm
        seconds = self._clock.monotonic() - suspect.seen
        changes = diagnosis.corrected or (explain.unseen(),)
        kind = _kind(suspect, diagnosis)
        first = changes[0]
        self._journaling.event(
            "drift.corrected",
            ref=str(ref),
            change=kind,
            field=first.path,
            manager=first.manager,
            seconds=seconds,
        )
        return rows + [
            self._journaling.row(ref, kind, each, Outcome.CORRECTED, seconds) for each in changes
        ]

    def _hold(self, suspect: Suspect, diagnosis: Diagnosis) -> list[JournalRow]:
        """Not now: what differs is told, and is looked at again when the pause is over."""
        self._held[suspect.ref] = suspect
        changes = diagnosis.corrected
        if not changes and not diagnosis.left and suspect.change in ("edited", "deleted"):
            changes = (explain.unseen(),)  # ownership shows it, whatever a comparison may find
        held = tuple((change, Outcome.PAUSED) for change in changes)
        return self._stay(suspect, dataclasses.replace(diagnosis, left=(*diagnosis.left, *held)))

    def _is_corrected(self, suspect: Suspect, diagnosis: Diagnosis, now: Live) -> bool:
        before = diagnosis.live or suspect.live
        if before is not None:
            return drift.is_rewritten(before, now)
        return suspect.uid != now.uid or suspect.version not in ("", now.resource_version)

    def _stay(self, suspect: Suspect, diagnosis: Diagnosis) -> list[JournalRow]:
        """Rows of what stays as it is and was not told yet."""
        ref = suspect.ref
        now = frozenset((each.path, each.found, outcome) for each, outcome in diagnosis.left)
        before = self._left.get(ref, frozenset())
        if now:
            self._left[ref] = now
        else:
            self._left.pop(ref, None)
        news = [
            (change, outcome)
            for change, outcome in diagnosis.left
            if (change.path, change.found, outcome) not in before
        ]
        for change, outcome in news:
            self._journaling.event(
                "drift.left",
                ref=str(ref),
                field=change.path,
                manager=change.manager,
                outcome=str(outcome),
            )
        kind = _kind(suspect, diagnosis)
        return [self._journaling.row(ref, kind, change, outcome) for change, outcome in news]

    def _fail(self, suspect: Suspect, diagnosis: Diagnosis, failure: Failure) -> list[JournalRow]:
        ref = suspect.ref
        rows = []
        if self._failed.get(ref) != failure:
            self._journaling.event(
                "drift.failed", ref=str(ref), reason=failure.reason, message=failure.message
            )
            kind = _kind(suspect, diagnosis)
            changes = diagnosis.corrected or (explain.unseen(),)
            rows = [self._journaling.row(ref, kind, change, Outcome.FAILED) for change in changes]
        self._failed[ref] = failure
        self._waiting[ref] = suspect
        retry = self._retries.setdefault(ref, pacing.BackOff(pacing.REFUSED, self._clock))
        self._later(suspect, retry.next())
        return rows

    def _journal(self, rows: list[JournalRow]) -> tuple[Told, ...]:
        """Keep the rows; and what of each object is to be told."""
        self._journaling.keep(rows)
        news: dict[tuple[ObjectRef, Outcome], list[Change]] = {}
        for row in rows:
            news.setdefault((row.ref, row.outcome), []).append(row.change)
        return tuple(
            Told(
                ref=ref,
                kind=self._books.records[ref].kind,
                uid=self._books.records[ref].uid,
                changes=tuple(changes),
                outcome=outcome,
            )
            for (ref, outcome), changes in news.items()
        )

    def _of_kind(self, kind: Kind) -> list[Record]:
        wanted = (kind.group, kind.kind)
        return [
            record for ref, record in self._books.records.items() if (ref.group, ref.kind) == wanted
        ]


def _kind(suspect: Suspect, diagnosis: Diagnosis) -> str:
    is_there = diagnosis.live is not None and diagnosis.live.uid == suspect.uid
    return "deleted" if suspect.change == "deleted" and not is_there else "edited"
