"""Drift put right: from what a watch shows to a correction out of the bytes in state.

In: watch events. Out: corrections, and which objects are still not as they should be. Nothing is
rendered and nothing is asked: a forced apply of the wanted bytes verifies and heals in one
request, and writes nothing where all is well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reconciler import ports
from reconciler.engine import pacing
from reconciler.engine.apply import Applier
from reconciler.engine.books import Books
from reconciler.model import errors
from reconciler.model.refs import Kind, ObjectRef
from reconciler.model.values import Failure, Live, Manifest, Record
from reconciler.plan import drift, waves

# What others may have been waiting for: once it is back, they need not wait for their turn.
_NEEDED = frozenset((("", "Namespace"), waves.CRD))
OUTDATED = "outdated"
PAUSED = "Paused"  # why drift is open
_PENDING = 1.0  # seconds between looks at what a pass has still to write
_CATCHING_UP = 5.0  # seconds that a watch may take to show what we wrote
_FINISHED = "finished/"  # meta key's prefix: the uid of a Job that was seen to be over


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """An object to put right, and how it was seen; ``live`` is None where it was missing.

    ``uid`` is what we knew it by; ``version`` the resourceVersion of our last write, if known.
    """

    ref: ObjectRef
    uid: str
    version: str
    change: str  # edited, deleted, suspected, outdated
    live: Live | None
    seen: float  # the clock's monotonic seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    ref: ObjectRef
    change: str
    seconds: float  # from the event to the answer


class Healer:
    """Used by the loop's thread. ``later`` appoints a suspect for another look."""

    def __init__(
        self,
        *,
        books: Books,
        applier: Applier,
        state: ports.State,
        clock: ports.Clock,
        observer: ports.Observer,
        later: Callable[[Suspect, float], None],
        is_paused: Callable[[ObjectRef], bool],
    ) -> None:
        self._books = books
        self._applier = applier
        self._state = state
        self._clock = clock
        self._observer = observer
        self._later = later
        self._is_paused = is_paused
        self._corrections = pacing.Allowance(pacing.CORRECTION, clock)
        self._suspicions = pacing.Allowance(pacing.SUSPICION, clock)
        self._retries: dict[ObjectRef, pacing.BackOff] = {}
        self._waiting: dict[ObjectRef, Suspect] = {}
        self._held: dict[ObjectRef, Suspect] = {}  # seen while paused
        self.open: dict[ObjectRef, Failure] = {}  # drift that could not be put right

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

    def put_right(self, suspects: Iterable[Suspect]) -> tuple[Correction, ...]:
        """Correct them side by side. Raises ClusterUnavailable with them appointed again."""
        now = [suspect for suspect in suspects if self._is_due(suspect)]
        by_ref = {suspect.ref: suspect for suspect in now}
        records = [self._books.records[ref] for ref in by_ref if ref in self._books.records]
        if not records:
            return ()
        try:
            results = self._applier.put_right(_manifest(record) for record in records)
        except errors.ClusterUnavailable:
            for suspect in by_ref.values():
                self._later(suspect, pacing.CLUSTER.first)
            raise
        corrections = (self._settle(by_ref[ref], result) for ref, result in results.items())
        return tuple(correction for correction in corrections if correction is not None)

    def forget(self, refs: Iterable[ObjectRef]) -> None:
        """These were written or pruned by a pass: what was open about them is over."""
        for ref in refs:
            for book in (self.open, self._retries, self._waiting, self._held):
                book.pop(ref, None)

    def release(self) -> None:
        """A pause is over: look again at what it held, which is all of it or still held."""
        held, self._held = self._held, {}
        for ref, suspect in held.items():
            self.open.pop(ref, None)
            self._later(suspect, 0)

    def forget_finished(self, refs: Iterable[ObjectRef]) -> None:
        """These were pruned: whether a Job was over is of no more interest."""
        keys = [f"{_FINISHED}{ref}" for ref in refs if ref.kind == "Job"]
        if keys:
            self._state.save(meta=dict.fromkeys(keys, ""))

    def _seen(self, live: Live) -> Iterable[Suspect]:
        record = self._books.records.get(live.ref)
        if record is None or self._books.is_stale(live):
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
            if is_missing and self._books.is_after(record.ref, event.version):
                self._books.outdated.add(record.ref)
            if record.ref in self._books.outdated:
                self._later(self._suspect(record.ref, OUTDATED, None), _CATCHING_UP)
            # Nobody saw it go: a Job that cleans itself up is taken to have done so.
            elif is_missing and not drift.cleans_itself_up(record):
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
            version=self._books.versions.get(ref, ""),
            change=change,
            live=live,
            seen=self._clock.monotonic(),
        )

    def _is_due(self, suspect: Suspect) -> bool:
        """Whether its allowance lets it be written now; it is appointed otherwise."""
        if suspect.change == OUTDATED and suspect.ref not in self._books.outdated:
            return False  # an event has shown our write since
        if self._is_paused(suspect.ref):
            self._hold(suspect)
            return False
        if suspect.ref in self._books.pending:
            self._later(suspect, _PENDING)  # the pass that is due writes it, and knows the bytes
            return False
        allowance = self._suspicions if suspect.change == "suspected" else self._corrections
        left = allowance.wait(suspect.ref)
        if left:
            self._later(suspect, left)
        return not left

    def _hold(self, suspect: Suspect) -> None:
        """Not now. What ownership shows for certain is open drift; a suspicion cannot be verified
        without a write."""
        ref = suspect.ref
        self._held[ref] = suspect
        if suspect.change not in ("edited", "deleted"):
            return
        if ref not in self.open:
            self._observer.event("drift.held", ref=str(ref), change=suspect.change)
        self.open[ref] = Failure(ref=ref, reason=PAUSED, message="not corrected while paused")

    def _settle(self, suspect: Suspect, result: Live | Failure) -> Correction | None:
        ref = suspect.ref
        if isinstance(result, Failure):
            self._fail(suspect, result)
            return None
        self.forget([ref])
        if (ref.group, ref.kind) in _NEEDED:
            for waiting in self._waiting.values():
                self._later(waiting, 0)
        if not self._is_corrected(suspect, result):
            return None  # a false alarm
        seconds = self._clock.monotonic() - suspect.seen
        change = "deleted" if suspect.change == "deleted" else "edited"
        self._observer.event("drift.corrected", ref=str(ref), change=change, seconds=seconds)
        return Correction(ref=ref, change=change, seconds=seconds)

    def _is_corrected(self, suspect: Suspect, now: Live) -> bool:
        if suspect.live is not None:
            return drift.is_rewritten(suspect.live, now)
        return suspect.uid != now.uid or suspect.version not in ("", now.resource_version)

    def _fail(self, suspect: Suspect, failure: Failure) -> None:
        ref = suspect.ref
        if self.open.get(ref) != failure:
            self._observer.event(
                "drift.failed", ref=str(ref), reason=failure.reason, message=failure.message
            )
        self.open[ref] = failure
        self._waiting[ref] = suspect
        retry = self._retries.setdefault(ref, pacing.BackOff(pacing.REFUSED, self._clock))
        self._later(suspect, retry.next())

    def _of_kind(self, kind: Kind) -> list[Record]:
        wanted = (kind.group, kind.kind)
        return [
            record for ref, record in self._books.records.items() if (ref.group, ref.kind) == wanted
        ]


def _manifest(record: Record) -> Manifest:
    return Manifest(
        ref=record.ref,
        api_version=record.api_version,
        body=record.body,
        digest=record.digest,
        origin=record.origin,
    )
