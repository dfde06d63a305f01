"""Writes to the cluster: a plan's waves; and one object put right.

In: a Plan. Out: Applied, object by object. With ``prune``, the only module that writes objects of
the fleet.
Within a wave up to THREADS applies run side by side; what is done is kept durably as it comes.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from reconciler import ports
from reconciler.engine import gates
from reconciler.engine.books import Books
from reconciler.engine.gates import Gate
from reconciler.engine.mend import Mender
from reconciler.model import errors
from reconciler.model.objects import live_of
from reconciler.model.refs import FIELD_MANAGER, Kind, ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.model.values import Applied, Failure, Live, Plan, Record, Step
from reconciler.plan import modes, others, ownership, waves

THREADS = 8  # more gain nothing
ESTABLISHED = 15.0  # seconds that a CustomResourceDefinition may take to be served
_EVICTIONS = 5  # attempts
UNAVAILABLE = "Unavailable"  # our own reason: no answer about this object, and others had one
DYING = "BeingDeleted"  # our own too: the API server takes an apply and deletes it all the same
_LOOKS = (0.005, 0.01, 0.02, 0.05, 0.1)  # seconds between looks, the last one repeated
_CRD = Kind(*waves.CRD[:1], "v1", waves.CRD[1])


class Interrupted(Exception):
    """The agent was told to stop in the middle; what was done is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    manifest: Manifest
    live: Live


class Applier:
    """Used by the loop's thread alone; ``beat`` is called while it works, so that it is seen to."""

    def __init__(
        self,
        *,
        cluster: ports.Cluster,
        books: Books,
        clock: ports.Clock,
        observer: ports.Observer,
        stop: threading.Event,
        beat: Callable[[], None],
    ) -> None:
        self._cluster = cluster
        self._books = books
        self._clock = clock
        self._observer = observer
        self._stop = stop
        self._beat = beat
        self._mender = Mender(
            cluster=cluster,
            books=books,
            clock=clock,
            observer=observer,
            stop=stop,
            beat=beat,
            put=lambda manifest: self._put(manifest, force=True),
        )
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="apply")

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def run(self, plan: Plan, gate: Gate) -> Applied:
        """Raises ClusterUnavailable or Interrupted with what was done kept."""
        steps = [step for wave in plan.waves for step in wave]
        self._books.announce(step.manifest for step in steps)
        definitions = waves.definitions(step.manifest for step in steps)
        applied: list[ObjectRef] = []
        failed: dict[ObjectRef, Failure] = {}
        held: set[ObjectRef] = set()
        waiting: dict[ObjectRef, ObjectRef] = {}
        try:
            for wave in plan.waves:
                ready, blocked = gates.split(wave, definitions, failed.keys() | held)
                held |= blocked
                late = gates.late(ready, waiting, gate)
                waiting |= late
                ready = [step for step in ready if step.manifest.ref not in late]
                done, broken = self._wave(ready, definitions)
                gate.written(done)
                failed |= {failure.ref: failure for failure in broken}
                failed |= self._await_definitions(done)
                applied += [ref for ref in done if ref not in failed]
        finally:
            self._books.sightings.land()
        # In an order of their own: which thread was first is no news.
        refused = tuple(failure for _, failure in sorted(failed.items()))
        return Applied(
            applied=tuple(applied),
            failed=refused,
            held=tuple(sorted(held)),
            waiting=tuple(sorted(waiting.items())),
        )

    def look(self, records: Iterable[Record]) -> Mapping[ObjectRef, Mapping[str, Any] | None]:
        """Read these objects whole, side by side where there are several; one that the API server
        refuses to show is left out. Raises ClusterUnavailable."""
        wanted = list(records)
        if len(wanted) == 1:
            return dict(filter(None, [self._look(wanted[0])]))
        return dict(filter(None, self._pool.map(self._look, wanted)))

    def _look(self, record: Record) -> tuple[ObjectRef, Mapping[str, Any] | None] | None:
        ref = record.ref
        try:
            return ref, self._cluster.read(record.kind, ref.namespace, ref.name)
        except errors.ClusterRefused:
            return None  # what it says to the correction is what counts

    def put_right(self, manifests: Iterable[Manifest]) -> Mapping[ObjectRef, Live | Failure]:
        """Apply these again, forced, side by side where there are several; for drift."""
        steps = [Step(manifest=manifest, force=True) for manifest in manifests]
        results: dict[ObjectRef, _Done | Failure] = {}
        try:
            if len(steps) == 1:  # the thread's own: a hand-over costs as much as it would gain
                results[steps[0].manifest.ref] = self._alone(steps[0])
            else:
                results.update(self._side_by_side(steps, {}))
        finally:
            try:
                self._keep([result for result in results.values() if isinstance(result, _Done)])
            finally:
                self._books.sightings.land()
        return {
            ref: result if isinstance(result, Failure) else result.live
            for ref, result in results.items()
        }

    def _alone(self, step: Step) -> _Done | Failure:
        try:
            return self._one(step, {})
        except errors.ClusterUnavailable as error:
            if not self._reaches_server():
                raise
            return _failure(step.manifest, UNAVAILABLE, str(error))

    def _wave(
        self, steps: list[Step], definitions: Mapping[tuple[str, str], ObjectRef]
    ) -> tuple[list[ObjectRef], list[Failure]]:
        done: list[ObjectRef] = []
        refused: list[Failure] = []
        batch: list[_Done] = []
        try:
            for ref, result in self._side_by_side(steps, definitions):
                self._beat()
                if isinstance(result, Failure):
                    refused.append(result)
                    # Else it may have been written all the same, or is to be made once the old one
                    # is gone: by a pass, as what is on the books of it may be older.
                    if result.reason not in (UNAVAILABLE, DYING):
                        self._books.retract(ref)
                    self._tell(result)
                    continue
                done.append(ref)
                batch.append(result)
                self._observer.event("object.applied", ref=str(ref))
                if len(batch) >= 64:
                    batch = self._keep(batch)
        finally:
            self._keep(batch)
        return done, refused

    def _keep(self, batch: list[_Done]) -> list[_Done]:
        self._books.keep([(done.manifest, done.live) for done in batch], self._clock.now())
        return []

    def _tell(self, failure: Failure) -> None:
        self._observer.event(
            "object.failed",
            ref=str(failure.ref),
            reason=failure.reason,
            message=failure.message,
            origin=str(failure.origin or ""),
        )

    def _side_by_side(
        self, steps: list[Step], definitions: Mapping[tuple[str, str], ObjectRef]
    ) -> Iterator[tuple[ObjectRef, _Done | Failure]]:
        """Results as they come.

        One object may time out where a webhook hangs: it failed, and the others go on. Where all
        requests fail, the server is away: those under way are awaited, and the error raised.
        """
        left = iter(steps)
        running: dict[Future[_Done | Failure], Step] = {}
        missed: list[tuple[Step, errors.ClusterUnavailable]] = []  # in a row, and not yet told
        answered = False
        while True:
            away = len(missed) >= THREADS or self._stop.is_set()
            for step in _take(left, 0 if away else THREADS * 2 - len(running)):
                running[self._pool.submit(self._one, step, definitions)] = step
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                step = running.pop(future)
                try:
                    result = future.result()
                except errors.ClusterUnavailable as error:
                    missed.append((step, error))
                    continue
                answered = True
                yield step.manifest.ref, result
                if len(missed) < THREADS:
                    yield from (_unavailable(*miss) for miss in missed)
                    missed.clear()
        if self._stop.is_set():
            raise Interrupted
        if missed and (len(missed) >= THREADS or not (answered or self._reaches_server())):
            raise missed[0][1]
        yield from (_unavailable(*miss) for miss in missed)

    def _reaches_server(self) -> bool:
        try:
            self._cluster.version()
        except errors.ClusterUnavailable:
            return False
        except errors.ClusterRefused:
            return True
        return True

    def _one(self, step: Step, definitions: Mapping[tuple[str, str], ObjectRef]) -> _Done | Failure:
        """One object applied. Raises ClusterUnavailable."""
        manifest = step.manifest
        self._books.sightings.depart(manifest.ref)
        try:
            live = self._apply(step, is_new=(manifest.ref.group, manifest.ref.kind) in definitions)
            if live.deleting:
                self._books.dying.add(manifest.ref)
                return _failure(manifest, DYING, "the object is still being deleted")
            return _Done(manifest=manifest, live=self._evict(step, live))
        except errors.ClusterRefused as error:
            if error.reason == DYING:
                self._books.dying.add(manifest.ref)
            return _failure(manifest, error.reason, str(error))

    def _send(self, step: Step) -> Live:
        """An apply; forced after all where a conflict is with managers that hand over, or about an
        object that we did make: its creation was announced, and the answer never came."""
        try:
            return self._put(step.manifest, force=step.force)
        except errors.ClusterRefused as error:
            if step.force and error.reason == "Invalid":
                return self._mender.mend(step.manifest, error)
            if step.force or error.reason != "Conflict" or not self._may_force(step, error):
                raise
            return self._put(step.manifest, force=True)

    def _may_force(self, step: Step, error: errors.ClusterRefused) -> bool:
        ref = step.manifest.ref
        holders = {cause.manager for cause in error.causes}
        if holders and holders <= step.adopters:
            return True
        return ref in self._books.doubtful and bool(self._uid_if_ours(step.manifest.kind, ref))

    def _put(self, manifest: Manifest, *, force: bool) -> Live:
        """Fields that are left to others are set where the object is made, and then given up:
        before we no longer apply them, as one that we alone own would be reset by that."""
        if not manifest.left:
            return self._cluster.apply(manifest, force=force)
        kind, ref = manifest.kind, manifest.ref
        found = self._cluster.read(kind, ref.namespace, ref.name)
        if found is None:
            return self._release(manifest, self._cluster.apply(manifest, force=force))
        live = self._release(manifest, live_of(found))
        body = modes.leave_out(manifest.body, others.held(manifest, live))
        done = self._cluster.apply(dataclasses.replace(manifest, body=body), force=force)
        return self._release(manifest, done)  # of the items that this apply added

    def _release(self, manifest: Manifest, live: Live) -> Live:
        """Give up what is left to others, if the object is still as ``live`` shows it.

        Raises ClusterRefused (Conflict) where it never is.
        """
        kind, ref = manifest.kind, manifest.ref
        for attempt in range(_EVICTIONS):
            entries = ownership.released(live, others.held(manifest, live))
            if entries is None:
                return live
            patch = ownership.patch(live, entries)
            try:
                return self._cluster.replace(kind, ref.namespace, ref.name, patch, "json")
            except errors.ClusterRefused as error:
                if error.reason not in ("Conflict", "Invalid") or attempt == _EVICTIONS - 1:
                    raise
            found = self._cluster.read(kind, ref.namespace, ref.name)
            if found is None:
                raise errors.ClusterRefused(f"{ref} was deleted meanwhile", reason="NotFound")
            live = live_of(found)
        raise AssertionError("the last attempt returns or raises")

    def _apply(self, step: Step, *, is_new: bool) -> Live:
        """An object whose kind is just being defined may meet a server that has not noticed."""
        for pause in (*_LOOKS, None):
            try:
                return self._send(step)
            except errors.ClusterRefused as error:
                if not is_new or error.reason != "KindUnknown" or pause is None:
                    raise
                self._stop.wait(pause * 10)
        raise AssertionError("the last attempt returns or raises")

    def _evict(self, step: Step, live: Live) -> Live:
        """Take our fields from those who own them beside us, as long as nobody writes meanwhile.

        An apply that changes nothing shows the object anew after a controller wrote in between.
        """
        kind, ref = step.manifest.kind, step.manifest.ref
        for _ in range(_EVICTIONS):
            entries = ownership.without_co_owners(live, step.adopters)
            if entries is None:
                return live
            patch = ownership.patch(live, entries)
            try:
                return self._cluster.replace(kind, ref.namespace, ref.name, patch, "json")
            except errors.ClusterRefused as error:
                if error.reason not in ("Conflict", "Invalid", "NotFound"):
                    raise
            live = self._put(step.manifest, force=True)
        return live  # the next correction or commit tries again

    def _await_definitions(self, refs: list[ObjectRef]) -> dict[ObjectRef, Failure]:
        """Wait until the kinds that were just defined are served; those that are not, fail."""
        late = {}
        for ref in refs:
            if (ref.group, ref.kind) == waves.CRD and not self._is_established(ref.name):
                origin = self._books.records[ref].origin
                message = f"the API server does not serve it after {ESTABLISHED:.0f} s"
                self._books.pending.add(ref)  # so that the next pass looks again
                late[ref] = Failure(
                    ref=ref, reason="NotEstablished", message=message, origin=origin
                )
                self._tell(late[ref])
        return late

    def _is_established(self, name: str) -> bool:
        until = self._clock.monotonic() + ESTABLISHED
        looks = 0
        while not self._stop.is_set():
            found = self._cluster.read(_CRD, "", name)
            if found is not None and _condition(found, "Established") == "True":
                return True
            if self._clock.monotonic() > until:
                return False
            self._beat()
            self._stop.wait(_LOOKS[min(looks, len(_LOOKS) - 1)])
            looks += 1
        raise Interrupted

    def _uid_if_ours(self, kind: Kind, ref: ObjectRef) -> str:
        """For a write that was announced and never confirmed: did we make this object?"""
        found = self._cluster.read(kind, ref.namespace, ref.name)
        metadata = (found or {}).get("metadata") or {}
        managers = {entry.get("manager") for entry in metadata.get("managedFields") or []}
        return str(metadata.get("uid") or "") if FIELD_MANAGER in managers else ""


def _unavailable(step: Step, error: errors.ClusterUnavailable) -> tuple[ObjectRef, Failure]:
    return step.manifest.ref, _failure(step.manifest, UNAVAILABLE, str(error))


def _take(steps: Iterator[Step], most: int) -> list[Step]:
    return [step for _, step in zip(range(most), steps, strict=False)]


def _failure(manifest: Manifest, reason: str, message: str) -> Failure:
    return Failure(ref=manifest.ref, reason=reason, message=message, origin=manifest.origin)


def _condition(found: Mapping[str, object], name: str) -> str:
    status = found.get("status")
    listed = status.get("conditions") if isinstance(status, dict) else None
    for condition in listed if isinstance(listed, list) else []:
        if isinstance(condition, dict) and condition.get("type") == name:
            return str(condition.get("status"))
    return ""
