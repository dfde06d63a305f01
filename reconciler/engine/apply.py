"""Writes to the cluster: a plan's waves, then its prunes; and one object put right.

In: a Plan. Out: Applied, object by object. The only module that writes objects of the fleet.
Within a wave up to THREADS applies run side by side; what is done is kept durably as it comes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from reconciler import ports
from reconciler.engine.books import Books
from reconciler.model import errors
from reconciler.model.refs import FIELD_MANAGER, Kind, ObjectRef
from reconciler.model.values import Applied, Failure, Live, Manifest, Plan, Prune, Step
from reconciler.plan import ownership, waves

THREADS = 8  # more gain nothing
ESTABLISHED = 15.0  # seconds that a CustomResourceDefinition may take to be served
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
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="apply")

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def run(self, plan: Plan) -> Applied:
        """Raises ClusterUnavailable or Interrupted with what was done kept."""
        steps = [step for wave in plan.waves for step in wave]
        self._books.announce(step.manifest for step in steps)
        if plan.empty and not self._books.doubt:
            return Applied()
        self._books.begin(
            [*(step.manifest.ref for step in steps), *(prune.ref for prune in plan.prunes)]
        )
        result = self._run(plan, waves.definitions(step.manifest for step in steps))
        self._books.end()
        return result

    def _run(self, plan: Plan, definitions: Mapping[tuple[str, str], ObjectRef]) -> Applied:
        applied: list[ObjectRef] = []
        failed: dict[ObjectRef, Failure] = {}
        held: set[ObjectRef] = set()
        try:
            for wave in plan.waves:
                ready, blocked = _split(wave, definitions, failed.keys() | held)
                held |= blocked
                done, refused = self._wave(ready, definitions)
                failed |= {failure.ref: failure for failure in refused}
                failed |= self._await_definitions(done)
                applied += [ref for ref in done if ref not in failed]
        finally:
            self._books.flight.clear()
        result = Applied(applied=tuple(applied), failed=tuple(failed.values()), held=tuple(held))
        return self._prune(plan.prunes, result) if result.complete else result

    def put_right(self, manifests: Iterable[Manifest]) -> Mapping[ObjectRef, Live | Failure]:
        """Apply these again, forced, side by side where there are several; for drift."""
        steps = [Step(manifest=manifest, force=True) for manifest in manifests]
        results: dict[ObjectRef, _Done | Failure] = {}
        try:
            if len(steps) == 1:  # the thread's own: a hand-over costs as much as it would gain
                results[steps[0].manifest.ref] = self._one(steps[0], {})
            else:
                results.update(self._side_by_side(steps, {}))
        finally:
            done = [result for result in results.values() if isinstance(result, _Done)]
            self._keep(done)
            self._books.flight.clear()
        return {
            ref: result if isinstance(result, Failure) else result.live
            for ref, result in results.items()
        }

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
        """Results as they come. A transient error ends it once those under way are in."""
        self._books.flight.update(step.manifest.ref for step in steps)
        left = iter(steps)
        running: dict[Future[_Done | Failure], ObjectRef] = {}
        trouble: Exception | None = None
        while True:
            for step in _take(left, THREADS * 2 - len(running) if trouble is None else 0):
                running[self._pool.submit(self._one, step, definitions)] = step.manifest.ref
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                ref = running.pop(future)
                try:
                    result = future.result()
                except errors.ClusterUnavailable as error:
                    trouble = trouble or error
                else:
                    yield ref, result
            if self._stop.is_set():
                trouble = trouble or Interrupted()
        if trouble is not None:
            raise trouble

    def _one(self, step: Step, definitions: Mapping[tuple[str, str], ObjectRef]) -> _Done | Failure:
        """One object applied. Raises ClusterUnavailable."""
        manifest = step.manifest
        self._books.flight.add(manifest.ref)
        try:
            is_new = (manifest.ref.group, manifest.ref.kind) in definitions
            live = self._meet(step, is_new=is_new)
            if live.deleting:
                return _failure(manifest, "BeingDeleted", "the object is still being deleted")
            return _Done(manifest=manifest, live=self._evict(manifest, live))
        except errors.ClusterRefused as error:
            return _failure(manifest, error.reason, str(error))

    def _meet(self, step: Step, *, is_new: bool) -> Live:
        """An object that was announced and never noted may be ours: an agent was killed between
        its write and the note of it. Then a field that somebody changed since is drift."""
        manifest = step.manifest
        try:
            return self._apply(manifest, force=step.force, is_new=is_new)
        except errors.ClusterRefused as error:
            if error.reason != "Conflict" or not step.announced:
                raise
            if not self._uid_if_ours(manifest.kind, manifest.ref):
                raise
        return self._apply(manifest, force=True, is_new=is_new)

    def _apply(self, manifest: Manifest, *, force: bool, is_new: bool) -> Live:
        """An object whose kind is just being defined may meet a server that has not noticed."""
        for pause in (*_LOOKS, None):
            try:
                return self._cluster.apply(manifest, force=force)
            except errors.ClusterRefused as error:
                if not is_new or error.reason != "KindUnknown" or pause is None:
                    raise
                self._stop.wait(pause * 10)
        raise AssertionError("the last attempt returns or raises")

    def _evict(self, manifest: Manifest, live: Live) -> Live:
        entries = ownership.without_co_owners(live)
        if entries is None:
            return live
        kind, ref = manifest.kind, manifest.ref
        try:
            patch = ownership.patch(live, entries)
            return self._cluster.replace(kind, ref.namespace, ref.name, patch, "json")
        except errors.ClusterRefused as error:
            # Somebody wrote in between: the watch shows it, and the next apply tries again.
            if error.reason not in ("Conflict", "Invalid", "NotFound"):
                raise
            return live

    def _await_definitions(self, refs: list[ObjectRef]) -> dict[ObjectRef, Failure]:
        """Wait until the kinds that were just defined are served; those that are not, fail."""
        late = {}
        for ref in refs:
            if (ref.group, ref.kind) == waves.CRD and not self._is_established(ref.name):
                origin = self._books.records[ref].origin
                message = f"the API server does not serve it after {ESTABLISHED:.0f} s"
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

    def _prune(self, prunes: tuple[Prune, ...], result: Applied) -> Applied:
        pruned: list[ObjectRef] = []
        failed: list[Failure] = []
        for prune in prunes:
            self._beat()
            if self._stop.is_set():
                raise Interrupted
            try:
                self._delete(prune)
            except errors.ClusterRefused as error:
                failed.append(Failure(ref=prune.ref, reason=error.reason, message=str(error)))
                self._tell(failed[-1])
                continue
            self._books.drop([prune.ref])
            pruned.append(prune.ref)
            self._observer.event("object.pruned", ref=str(prune.ref))
        return Applied(
            applied=result.applied,
            pruned=tuple(pruned),
            failed=(*result.failed, *failed),
            held=result.held,
        )

    def _delete(self, prune: Prune) -> None:
        """Delete what is ours; what is gone, or another's by now, is taken off the books alone."""
        kind = Kind.of(prune.api_version, prune.ref.kind)
        try:
            if prune.uid and self._delete_one(kind, prune.ref, prune.uid):
                return
            # Announced and never noted, or made again and the new uid never noted.
            if uid := self._uid_if_ours(kind, prune.ref):
                self._delete_one(kind, prune.ref, uid)
        except errors.ClusterRefused as error:
            if error.reason not in ("KindUnknown", "NotFound", "NamespaceNotFound"):
                raise

    def _delete_one(self, kind: Kind, ref: ObjectRef, uid: str) -> bool:
        return self._cluster.delete(kind, ref.namespace, ref.name, uid)

    def _uid_if_ours(self, kind: Kind, ref: ObjectRef) -> str:
        """For a write that was never noted: did we make this object? ``""`` if not."""
        found = self._cluster.read(kind, ref.namespace, ref.name)
        metadata = (found or {}).get("metadata") or {}
        managers = {entry.get("manager") for entry in metadata.get("managedFields") or []}
        return str(metadata.get("uid") or "") if FIELD_MANAGER in managers else ""


def _split(
    wave: tuple[Step, ...],
    definitions: Mapping[tuple[str, str], ObjectRef],
    missing: set[ObjectRef],
) -> tuple[list[Step], set[ObjectRef]]:
    """Steps that may go, and the refs of those whose needs are missing."""
    ready = [s for s in wave if not waves.needs(s.manifest, definitions) & missing]
    return ready, {step.manifest.ref for step in wave} - {step.manifest.ref for step in ready}


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
