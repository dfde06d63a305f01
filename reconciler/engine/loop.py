"""One queue, one thread: the engine from its start to its end.

``assembly`` makes it; ``app`` calls ``run``, or ``run_once`` for a single pass. All that changes
the fleet's objects happens in the thread that called. Watches, the courier, the postman and the
crier have threads of their own and speak to it through the inbox.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from reconciler import ports
from reconciler.engine import pacing
from reconciler.engine.apply import Interrupted
from reconciler.engine.crew import Crew
from reconciler.engine.messages import (
    Again,
    Candidate,
    Died,
    Message,
    Offline,
    Online,
    PauseCheck,
    Rejected,
    SourceNews,
    Tell,
    Vouch,
)
from reconciler.engine.observe import is_site, key_of
from reconciler.engine.suspects import Suspect
from reconciler.model import errors
from reconciler.model.refs import SiteName
from reconciler.model.values import Sync
from reconciler.status import event, site_object

Drift = ports.WatchEvent | Suspect

TICK = 5.0  # seconds at most between two signs of life
_BATCH = 256  # messages taken at once; drift among them is corrected side by side
REPORT_AFTER = 2.0  # seconds; a burst of corrections is one change of status
_SETTLED = 10.0  # seconds after a report of health until its commit is marked as healthy
_HOUR = 3600.0
_LISTING = 60.0  # seconds that a single pass gives the watches to show their whole sets
_PATIENCE = 2.0  # seconds for a thread to end


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a single pass came to."""

    synced: bool
    reached: bool  # the remote, for the commit and for the note


class Engine:
    """Used once: made anew for each start."""

    def __init__(
        self,
        crew: Crew,
        *,
        site: SiteName,
        clock: ports.Clock,
        observer: ports.Observer,
        give_back: Callable[[], None],
        stop: threading.Event,
    ) -> None:
        self._crew = crew
        self._site = site
        self._observer = observer
        self._give_back = give_back
        self._spread = False  # into memory that a pass or a list needed, and is free again
        self._stop = stop
        self._begun = False
        self._ready = False
        self._watching = False  # what the books list, or a first pass brought
        self._owed = False  # a report that the cluster did not take yet
        self._lost = False  # the API server, as far as we know
        self._passes = pacing.BackOff(pacing.REFUSED, clock)
        self._reaches = pacing.BackOff(pacing.CLUSTER, clock)
        self._inventory = pacing.Allowance(pacing.CORRECTION, clock)
        self._trouble: BaseException | None = None

    @property
    def alive(self) -> bool:
        """False only where the loop stands still."""
        return self._crew.pulse.moving

    @property
    def begun(self) -> bool:
        """Whether the books were read: this state and this cluster are the site's own."""
        return self._begun

    @property
    def ready(self) -> bool:
        """True once a commit is accepted and the watches run; stays so without a link."""
        return self._ready

    def wake(self) -> None:
        """Something of the source changed: fetch now. From any thread."""
        self._crew.courier.wake()

    def render_again(self) -> None:
        """What lies over the commit on site changed. From any thread."""
        self._crew.courier.render_again()

    def end(self) -> None:
        """Finish what is being written, and return from ``run``. From any thread."""
        self._stop.set()
        self._crew.courier.wake()
        self._crew.courier.render_again()  # what waits for it sees the stop
        self._crew.postman.wake()
        self._crew.postman.retry()
        self._crew.inbox.put("end", Tell())

    def run(self) -> None:
        """Until ``end``. Raises UsageError where the books are another site's, StateDamaged, and
        what a thread of ours died of."""
        with self._threads(self._crew.postman.run, self._crew.crier.run):
            self._begin(attempts=None)
            if not self._stop.is_set():
                with self._threads(
                    lambda: self._crew.courier.run(self._deliver),
                    lambda: self._crew.courier.run_again(self._deliver),
                ):
                    while not self._stop.is_set():
                        self._crew.pulse.beat()
                        messages = self._crew.inbox.take(_BATCH, TICK)
                        self._handle(messages)
                        if not messages:
                            self._shrink()
        if self._trouble is not None:
            raise self._trouble

    def run_once(self) -> Outcome:
        """One pass: fetch, apply, put drift right, report. Raises ClusterUnavailable too."""
        with self._threads(self._crew.crier.run):
            self._begin(attempts=1)
            news = self._crew.courier.round()
            self._deliver(news)
            self._settle()
            self._crew.reconciler.vouch()
            seen = self._crew.observatory.all_answered()
            sent = self._crew.postman.send()
        situation = self._crew.reconciler.situation
        return Outcome(
            synced=situation.sync is Sync.SYNCED and not situation.drift_open and seen,
            reached=sent and not isinstance(news, Offline) and not situation.offline,
        )

    def _shrink(self) -> None:
        """Nothing came for a while: keep no more memory than what is known needs."""
        if self._spread:
            self._spread = False
            self._give_back()

    def _settle(self) -> None:
        """Handle messages until each watch has shown its set and nothing is left to do."""
        for _ in range(int(_LISTING / 0.05)):
            messages = self._crew.inbox.take(_BATCH, 0.05)
            self._handle(messages)
            if self._lost:
                raise errors.ClusterUnavailable("the API server was not reached during the pass")
            is_quiet = not messages and not self._crew.pruner.ending
            if self._stop.is_set() or (is_quiet and self._crew.observatory.all_answered()):
                return

    def _begin(self, attempts: int | None) -> None:
        """Load the books and start the watches; again and again until the API server answers."""
        while not self._stop.is_set():
            self._crew.pulse.beat()
            try:
                self._crew.books.load()
                self._crew.pauses.begin()
                break
            except (errors.ClusterUnavailable, errors.ClusterRefused) as error:
                if attempts == 1:
                    raise errors.ClusterUnavailable(str(error)) from None
                self._miss(error)
                self._stop.wait(max(self._reaches.next(), pacing.asked(error)))
        self._found()
        self._begun = True
        self._crew.reconciler.begin()
        self._crew.courier.begin(self._crew.books.accepted)
        self._watch()
        self._watching = bool(self._crew.books.records)

    def _watch(self) -> None:
        """All kinds of which something is ours; and the Site object, which somebody may delete."""
        self._crew.observatory.watch({*self._crew.books.kinds(), site_object.KIND})

    def _deliver(self, news: SourceNews) -> None:
        # A commit must not be lost to an Online that follows it, so they have places of their own.
        is_commit = isinstance(news, Candidate | Rejected)
        self._crew.inbox.put("commit" if is_commit else "link", news)

    def _handle(self, messages: Sequence[Message]) -> None:
        """News first: drift is what differs from the newest commit, not from the one before it."""
        drift = [m for m in messages if isinstance(m, ports.WatchEvent | Suspect)]
        try:
            due = self._hear(messages)
            if self._heed(messages) or due:
                self._pass()
            self._correct(drift)
            self._crew.vitals.take(messages, look=not self._lost)
            if self._owed:
                self._report()
        except Interrupted:
            return  # the stop is set, and what was done is kept
        except (errors.ClusterUnavailable, errors.ClusterRefused, errors.StateUnavailable) as error:
            self._postpone(drift, error)
        self._ready = self._ready or (
            bool(self._crew.books.accepted)
            and self._watching
            and self._crew.observatory.all_answered()
        )

    def _hear(self, messages: Sequence[Message]) -> bool:
        """Take in what is new; True where a pass is due."""
        due = False
        for message in messages:
            if isinstance(message, Candidate | Rejected | Offline | Online):
                if not isinstance(message, Offline) and self._crew.reconciler.situation.offline:
                    self._crew.postman.retry()
                if isinstance(message, Candidate):
                    self._passes.reset()
                due |= self._crew.reconciler.hear(message)
                self._owed = True
            elif isinstance(message, Again):
                due = True
            elif isinstance(message, Tell):
                self._owed |= self._crew.reconciler.heard  # else what was told last still holds
            elif isinstance(message, ports.ObjectGone) and is_site(message.live.ref, self._site):
                self._crew.reporter.forget()
                self._owed = True
            elif isinstance(message, Vouch):
                self._vouch(message)
            elif isinstance(message, Died):
                raise message.error
            elif isinstance(message, ports.KindListed | ports.KindRefused):
                self._announce(message)
                self._crew.reconciler.hear_kind(message)
                self._follow_version(message)
                self._crew.inbox.put_later("tell", Tell(), REPORT_AFTER)
        return due

    def _heed(self, messages: Sequence[Message]) -> bool:
        """See what is paused now; True where something may be written again.

        Raises ClusterUnavailable where the Site object cannot be read.
        """
        pauses = self._crew.pauses
        seen = (m.live.ref for m in messages if isinstance(m, ports.ObjectSeen | ports.ObjectGone))
        if any(is_site(ref, self._site) for ref in seen):
            pauses.read_site()
        change = pauses.look()
        self._owed |= change.news
        if change.released:
            self._crew.reconciler.release()
        left = pauses.next()
        if left is not None:
            self._crew.inbox.put_later("pause", PauseCheck(), left)
        return change.released

    def _vouch(self, message: Vouch) -> None:
        """A courtesy, which must not make the wait for an API server that is away longer."""
        if self._lost:
            self._crew.inbox.put_later("vouch", message, _SETTLED)
        else:
            self._crew.reconciler.vouch()

    def _follow_version(self, message: ports.KindListed | ports.KindRefused) -> None:
        """A kind that is no longer served as we applied it may be in another version."""
        if isinstance(message, ports.KindRefused) and message.reason == "KindUnknown":
            kind = self._crew.reconciler.served(message.kind)
            if kind is not None:
                self._crew.observatory.move(kind)

    def _postpone(self, drift: Sequence[Drift], error: errors.ReconcilerError) -> None:
        """Do it all again when the API server, or the disk, may be back; nothing is forgotten."""
        if isinstance(error, errors.StateUnavailable):
            self._observer.event("state.unavailable", error=str(error), delay=error.delay)
        else:
            self._miss(error)
        if isinstance(error, errors.ClusterRefused):
            self._crew.reconciler.fail(error)
            self._crew.inbox.put_later("tell", Tell(), 0)
        delay = max(self._reaches.next(), pacing.asked(error))
        self._crew.inbox.put_later("again", Again(), delay)
        for message in drift:
            key = ("heal", message.ref) if isinstance(message, Suspect) else key_of(message)
            self._crew.inbox.put_later(("late", key), message, delay)

    def _correct(self, drift: Sequence[Drift]) -> None:
        events = [message for message in drift if not isinstance(message, Suspect)]
        for message in events:
            if isinstance(message, ports.ObjectSeen | ports.ObjectGone):
                self._guard_inventory(message)
        suspects = [message for message in drift if isinstance(message, Suspect)]
        suspects += self._crew.reconciler.suspects(events)
        if not suspects:
            return
        for told in self._crew.reconciler.put_right(suspects):
            self._crew.crier.cry(
                event.of_drift(
                    self._site, told.ref, told.kind, told.changes, told.outcome, uid=told.uid
                )
            )
        self._found()
        self._crew.inbox.put_later("tell", Tell(), REPORT_AFTER)

    def _guard_inventory(self, event: ports.ObjectSeen | ports.ObjectGone) -> None:
        books, live = self._crew.books, event.live
        is_own_write = isinstance(event, ports.ObjectSeen) and books.sightings.is_stale(live)
        if not books.is_inventory(live.ref) or is_own_write:
            return
        left = self._inventory.wait(live.ref)
        if left:  # somebody edits it again and again
            self._crew.inbox.put_later(("inventory", live.ref), event, left)
        else:
            books.write_again(live.ref)

    def _pass(self) -> None:
        self._spread = True
        try:
            complete = self._crew.reconciler.run_pass()
        finally:
            self._owed = True
            self._watch()
        self._watching = True
        self._found()
        if self._crew.pruner.ending:  # most objects are gone in a moment, and then there is news
            self._owed = False
            self._crew.inbox.put_later("tell", Tell(), REPORT_AFTER)
        if complete:
            self._passes.reset()
            self._crew.inbox.cancel("again")
        else:
            self._crew.inbox.put_later("again", Again(), self._passes.next())

    def _report(self) -> None:
        reconciler = self._crew.reconciler
        urgent = self._crew.reporter.tell(reconciler.told(), reconciler.rendered_digest)
        self._owed = False
        if urgent is not None:
            self._crew.postman.wake(urgent=urgent)
        if reconciler.may_vouch:
            self._crew.inbox.put_later("vouch", Vouch(), _SETTLED)
        self._crew.inbox.put_later("tell", Tell(), _HOUR)

    def _announce(self, message: ports.KindListed | ports.KindRefused) -> None:
        kind = str(message.kind)
        if isinstance(message, ports.KindListed):
            self._spread = True
            self._observer.event("watch.listed", kind=kind, objects=len(message.uids))
        else:
            why, said = message.reason, message.message
            self._observer.event("watch.refused", kind=kind, reason=why, message=said)

    def _miss(self, error: errors.ReconcilerError) -> None:
        self._lost = True
        self._observer.event("cluster.unavailable", error=str(error), delay=pacing.asked(error))

    def _found(self) -> None:
        self._reaches.reset()
        if self._lost:
            self._observer.event("cluster.recovered")
        self._lost = False

    @contextmanager
    def _threads(self, *targets: Callable[[], None]) -> Iterator[None]:
        """Run these beside the block. What one of them dies of ends the engine."""
        threads = [
            threading.Thread(target=self._guarded, args=(target,), name="engine", daemon=True)
            for target in targets
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.end()
            self._crew.crier.end()
            self._crew.observatory.close(_PATIENCE)
            self._crew.vitals.close(_PATIENCE)
            for thread in threads:
                thread.join(_PATIENCE)
            self._crew.applier.close()

    def _guarded(self, target: Callable[[], None]) -> None:
        try:
            target()
        except BaseException as error:  # carried to the thread that called run
            self._trouble = error
            self.end()
