"""Deletes what a commit dropped, and nothing else: looked at, judged, then stage by stage.

In: the prunes of a plan whose waves were all applied. Out: Pruned, object by object. Each object
is read first and deleted only as it was read. Used by the loop's thread; ``see`` is called by
watch threads, as a deletion ends when a watch says so and not when the API server accepts it.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from reconciler import ports
from reconciler.engine import pacing, prospects
from reconciler.engine.apply import Interrupted
from reconciler.engine.books import Books
from reconciler.engine.prospects import Prospector, Seen
from reconciler.model import errors
from reconciler.model.refs import ObjectRef, SiteName
from reconciler.model.rendered import Manifest, SiteSettings
from reconciler.model.values import Failure, HeldPrune, Prune
from reconciler.plan import pruning
from reconciler.plan.pruning import Fate

DEADLINE = 120.0  # seconds that a deletion may take before it is told
# A pass waits this often, for so many seconds, for a stage to be gone; then it goes on without.
_WAITS, _WAIT = 10, 0.05
_ATTEMPTS = 5  # at an object that changes between the look and the deletion
STUCK = "Terminating"  # our own reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """``ending`` are deleted and not gone yet, or wait for such; ``stuck`` for too long."""

    gone: tuple[ObjectRef, ...] = ()
    failed: tuple[Failure, ...] = ()
    stuck: tuple[Failure, ...] = ()
    held: tuple[HeldPrune, ...] = ()
    ending: tuple[ObjectRef, ...] = ()

    @property
    def complete(self) -> bool:
        return not (self.failed or self.stuck or self.held or self.ending)


class Pruner:
    """``again`` appoints another pass, in so many seconds; each reason has one appointment."""

    def __init__(
        self,
        *,
        cluster: ports.Cluster,
        books: Books,
        clock: ports.Clock,
        observer: ports.Observer,
        site: SiteName,
        stop: threading.Event,
        beat: Callable[[], None],
        again: Callable[[str, float], None],
    ) -> None:
        self._cluster = cluster
        self._books = books
        self._clock = clock
        self._observer = observer
        self._prospector = Prospector(cluster=cluster, site=site, awaits=self._await_rollouts)
        self._stop = stop
        self._beat = beat
        self._again = again
        # What is deleted and not known to be gone: its uid, and since when, monotonic seconds.
        self._ending: dict[ObjectRef, tuple[str, float]] = {}
        self._ended: set[ObjectRef] = set()  # as watches saw
        self._news = threading.Condition()
        self._listening = False  # this very pass waits for news
        self._looks = pacing.BackOff(pacing.ROLLOUT, clock)
        self._appointed = False  # a look at rollouts

    @property
    def ending(self) -> frozenset[ObjectRef]:
        """What is deleted and not known to be gone."""
        return frozenset(self._ending)

    def see(self, event: ports.WatchEvent) -> None:
        """What a watch shows, from its thread: it may end what is waited for."""
        if isinstance(event, ports.ObjectSeen):
            if event.live.ref in self._books.awaited and not self._appointed:
                self._appointed = True
                self._again("rollout", self._looks.next())
            return
        if isinstance(event, ports.ObjectGone) and event.live.ref in self._books.dying:
            self._books.dying.discard(event.live.ref)
            self._again("dying", 0.0)
        with self._news:
            gone = set(self._gone_by(event)) - self._ended
            self._ended |= gone
            self._news.notify_all()
            if gone and not self._listening:
                self._again("pruned", 0.0)

    def _gone_by(self, event: ports.WatchEvent) -> Iterable[ObjectRef]:
        for ref, (uid, _) in self._ending.items():
            if isinstance(event, ports.ObjectGone):
                if (event.live.ref, event.live.uid) == (ref, uid):
                    yield ref
            elif isinstance(event, ports.KindListed):
                kind = (event.kind.group, event.kind.kind)
                if kind == (ref.group, ref.kind) and event.uids.get(ref) != uid:
                    yield ref

    def run(
        self,
        prunes: tuple[Prune, ...],
        objects: tuple[Manifest, ...],
        settings: SiteSettings,
    ) -> Pruned:
        """Raises ClusterUnavailable and Interrupted with what was done kept."""
        self._forget(prunes)
        self._check()
        found = self._prospector.look(
            prunes,
            prospects.Terms(
                objects=objects,
                settings=settings,
                records=self._books.records,
                allowed=self._books.allowed,
                now=self._clock.now(),
            ),
        )
        if not found.awaited:
            self._looks.reset()
        for failure in found.failed:
            self._refuse(failure)
        gone = self._let_go({each.prune.ref: each.fate for each in found.seen})
        for ref in {each.ref for each in found.held} | found.needed:
            self._books.spare(ref)
        done = self._delete(found.going())
        return dataclasses.replace(
            done,
            gone=(*gone, *done.gone),
            failed=(*found.failed, *done.failed),
            held=found.held,
        )

    def _await_rollouts(self, workloads: frozenset[ObjectRef]) -> None:
        self._books.awaited = workloads

    def _forget(self, prunes: Iterable[Prune]) -> None:
        """What is wanted again ends as an object like any other."""
        refs = {prune.ref for prune in prunes}
        with self._news:
            self._ending = {ref: at for ref, at in self._ending.items() if ref in refs}
            self._ended.clear()
        self._appointed = False

    def _let_go(self, fates: Mapping[ObjectRef, Fate]) -> list[ObjectRef]:
        """Take off the books what is gone or not ours; the refs of those that are gone."""
        gone = [ref for ref, fate in fates.items() if fate is Fate.GONE]
        others = {ref: fate for ref, fate in fates.items() if fate in _NOT_OURS}
        if gone or others:
            self._books.drop([*gone, *others])
        for ref in gone:
            self._end(ref)
            self._observer.event("object.pruned", ref=str(ref))
        for ref, fate in others.items():
            self._end(ref)
            self._observer.event("object.released", ref=str(ref), reason=str(fate))
        return gone

    def _delete(self, going: tuple[Seen, ...]) -> Pruned:
        self._books.condemn(each.prune.ref for each in going)
        gone: list[ObjectRef] = []
        failed: list[Failure] = []
        stuck: list[Failure] = []
        ending: list[ObjectRef] = []
        for stage in sorted({each.prune.stage for each in going}):
            group = [each for each in going if each.prune.stage == stage]
            if ending:  # what may need these is still there
                ending += [each.prune.ref for each in group]
                continue
            failed += self._send(group)
            sent = [each for each in group if each.fate is Fate.DELETE]
            gone += self._await(each.prune.ref for each in sent)
            gone += self._unseen(each for each in sent if each.prune.ref in self._ending)
            for each in group:
                late = self._late(each)
                if late:
                    stuck.append(late)
                elif each.prune.ref in self._ending:
                    ending.append(each.prune.ref)
        if ending:
            first = min(at for ref, (_, at) in self._ending.items() if ref in ending)
            self._again("deadline", max(first + DEADLINE - self._clock.monotonic(), 1.0))
        return Pruned(
            gone=tuple(gone), failed=tuple(failed), stuck=tuple(stuck), ending=tuple(ending)
        )

    def _send(self, group: list[Seen]) -> list[Failure]:
        """Ask for a stage's deletions; from now on all of it is waited for."""
        now = self._clock.monotonic()
        with self._news:
            self._listening = True
            for each in group:
                uid = str((each.found or {})["metadata"].get("uid"))
                self._ending.setdefault(each.prune.ref, (uid, now))
        failed = []
        for each in group:
            if each.fate is not Fate.DELETE:
                continue
            self._check()
            try:
                if self._delete_one(each) is ports.Deleted.DONE:
                    self._ended.add(each.prune.ref)
            except errors.ClusterRefused as error:
                self._end(each.prune.ref)
                ref = each.prune.ref
                failed.append(Failure(ref=ref, reason=error.reason, message=str(error)))
                self._refuse(failed[-1])
        return failed

    def _delete_one(self, seen: Seen) -> ports.Deleted:
        """As it was read: what changed since is read again, as it may be somebody else's now."""
        prune = seen.prune
        for left in reversed(range(_ATTEMPTS)):
            if seen.fate is not Fate.DELETE or seen.found is None:
                self._let_go({prune.ref: seen.fate})
                return ports.Deleted.NOT
            metadata = seen.found["metadata"]
            try:
                return self._cluster.delete(
                    seen.kind,
                    prune.ref.namespace,
                    prune.ref.name,
                    str(metadata.get("uid")),
                    version=str(metadata.get("resourceVersion")),
                    foreground=True,
                )
            except errors.ClusterRefused as error:
                if error.reason in ("NotFound", "NamespaceNotFound"):
                    return ports.Deleted.DONE
                if error.reason != "Conflict" or not left:
                    raise
            seen = self._prospector.read(prune)
        raise AssertionError("the last attempt returns or raises")

    def _await(self, refs: Iterable[ObjectRef]) -> list[ObjectRef]:
        """Those of the deleted that watches see go within a moment, or a look then does."""
        with self._news:
            wanted = {ref for ref in refs if ref in self._ending}
            for _ in range(_WAITS):
                if wanted <= self._ended:
                    break
                self._news.wait(_WAIT)
                self._check()
            gone = self._ended & self._ending.keys()
            self._listening = False
        return self._let_go(dict.fromkeys(sorted(gone), Fate.GONE))

    def _unseen(self, seen: Iterable[Seen]) -> list[ObjectRef]:
        """Those that went without a watch having shown it, as where their kind is not watched."""
        looks = [self._prospector.attempt(each.prune) for each in seen]
        gone = [
            look.prune.ref for look in looks if isinstance(look, Seen) and look.fate is Fate.GONE
        ]
        return self._let_go(dict.fromkeys(gone, Fate.GONE))

    def _end(self, ref: ObjectRef) -> None:
        with self._news:
            self._ending.pop(ref, None)

    def _late(self, seen: Seen) -> Failure | None:
        """A deletion that takes too long: what it waits for."""
        ref = seen.prune.ref
        if ref not in self._ending:
            return None
        if self._ending[ref][1] + DEADLINE > self._clock.monotonic():
            return None
        names = ", ".join(pruning.finalizers(seen.found or {})) or "none that are known"
        record = self._books.records.get(ref)
        failure = Failure(
            ref=ref,
            reason=STUCK,
            message=f"it was deleted and is still there: it waits for its finalizers ({names})",
            origin=record.origin if record else None,
        )
        self._tell(failure)
        return failure

    def _refuse(self, failure: Failure) -> None:
        """It stays, and its drift is corrected until it can go."""
        self._books.spare(failure.ref)
        self._tell(failure)

    def _tell(self, failure: Failure) -> None:
        self._observer.event(
            "object.failed",
            ref=str(failure.ref),
            reason=failure.reason,
            message=failure.message,
            origin=str(failure.origin or ""),
        )

    def _check(self) -> None:
        self._beat()
        if self._stop.is_set():
            raise Interrupted


_NOT_OURS = (Fate.REPLACED, Fate.RELEASED)
