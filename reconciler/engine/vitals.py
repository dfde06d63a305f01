"""How the site's objects are: looked at when a watch shows that they changed, and kept as words.

In: watch events, and what a pass wrote. Out: the site's health, which objects are not healthy and
why, and which gates of later waves are closed. An object is read once for an event, and not at all
where its kind has no health; of what is healthy nothing is kept but the version that was read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler import ports
from reconciler.engine import pacing
from reconciler.engine.books import Books
from reconciler.engine.messages import Look, Message
from reconciler.engine.podwatch import POD, Labels, PodWatch
from reconciler.model import durations, errors
from reconciler.model.refs import ObjectRef
from reconciler.model.rules import HealthRule
from reconciler.model.values import Awaited, Health, Live, Record, Unwell
from reconciler.model.vital import FOREVER, HEALTHY, PATIENCE, Vital
from reconciler.plan import drift
from reconciler.status.health import fields, pods, rules

DEADLINE = PATIENCE  # seconds that a wave waits for an object before that is told as stalled
_BATCH = 64  # objects read before the loop gives a sign of life
_WORDS = 500  # characters of a message that are kept
_HEALTH = "health"  # meta: the site's, as it was told last

_WRITTEN = Vital(
    health=Health.PROGRESSING, reason="Applied", message="it was applied and not looked at yet"
)
_UNREADABLE = Vital(
    health=Health.UNKNOWN,
    reason="Forbidden",
    message="the API server does not show it to the agent",
    patience=FOREVER,
)
_ORDER = (Health.DEGRADED, Health.PROGRESSING, Health.UNKNOWN)  # the first that is there holds

Look_ = Callable[[Iterable[Record]], Mapping[ObjectRef, Mapping[str, Any] | None]]


@dataclass(frozen=True, slots=True)
class _Told:
    """``since`` is when it was first told in these words, monotonic seconds."""

    vital: Vital
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What the vitals ask of others: to read objects, a sign of life, and appointments.

    ``tell`` and ``again`` take seconds: look whether there is something to report, another pass.
    """

    read: Look_
    beat: Callable[[], None]
    later: Callable[[Look, float], None]
    tell: Callable[[float], None]
    again: Callable[[float], None]


class Vitals:
    """Used by the loop's thread; watch threads ask ``concerns`` alone. A ``Gate`` for applies."""

    def __init__(
        self,
        *,
        books: Books,
        cluster: ports.Cluster,
        state: ports.State,
        clock: ports.Clock,
        observer: ports.Observer,
        pod_watch: PodWatch,
        calls: Calls,
    ) -> None:
        self._books = books
        self._cluster = cluster
        self._state = state
        self._clock = clock
        self._observer = observer
        self._pod_watch = pod_watch
        self._calls = calls
        self._pace = pacing.Allowance(pacing.LOOK, clock)
        self._told: dict[ObjectRef, _Told] = {}  # all but what is simply healthy
        self._versions: dict[ObjectRef, int] = {}  # resourceVersion as it was read
        self._unread: set[ObjectRef] = set()
        self._ask: set[ObjectRef] = set()  # workloads whose Pods have something to say
        self._workloads: dict[ObjectRef, Labels] = {}  # those that are not healthy
        self._gates: dict[ObjectRef, tuple[int, float]] = {}  # how many wait, and since when
        self._first: rules.Judge | None = None
        self._rules: tuple[HealthRule, ...] = ()
        self._last = Health.UNKNOWN

    def begin(self) -> None:
        """Once the books are loaded: everything is to be looked at."""
        self._unread = {ref for ref in self._books.records if self._rule(ref)}
        found = self._state.meta(_HEALTH)
        self._last = Health(found) if found in set(Health) else Health.UNKNOWN

    def follow(self, rules_: tuple[HealthRule, ...]) -> None:
        """The fleet's own rules for custom kinds hold from now on."""
        if rules_ == self._rules:
            return
        self._rules = rules_
        self._first = _expressions(rules_) if rules_ else None
        self._unread |= {ref for ref in self._books.records if self._rule(ref) is rules.CUSTOM}

    def concerns(self, live: Live) -> bool:
        """Whether this shows an object with a health as it was not read yet. From any thread."""
        if self._rule(live.ref) is None:
            return False
        known = self._versions.get(live.ref, -1)
        return not live.resource_version.isdecimal() or int(live.resource_version) > known

    def take(self, messages: Sequence[Message], *, look: bool) -> None:
        """Look at what these are about; ``look`` is False while the API server is away, then what
        is due stays so. Raises ClusterUnavailable."""
        for message in messages:
            if isinstance(message, ports.ObjectSeen):
                self._see(message.live)
            elif isinstance(message, Look):
                self._due(message)
        while look and self._unread:
            self._look(sorted(self._unread)[:_BATCH])
            self._calls.beat()

    def _see(self, live: Live) -> None:
        record = self._books.records.get(live.ref)
        if record is None or self._books.sightings.is_stale(live) or not self.concerns(live):
            return
        # What drifted is read by whoever puts it right, see ``glance``.
        if live.deleting or drift.compare(record.signature, live) is drift.Drift.NONE:
            self._due(Look(ref=live.ref))

    def _due(self, message: Look) -> None:
        wait = self._pace.wait(message.ref)
        if wait:
            self._calls.later(message, wait)
            return
        self._unread.add(message.ref)
        if message.pods:
            self._ask.add(message.ref)

    def glance(self, ref: ObjectRef, obj: Mapping[str, Any]) -> None:
        """Somebody else read it: that is all where it is healthy, else it is looked at soon."""
        rule = self._rule(ref)
        if rule is None:
            return
        vital = rules.judge(obj, rule, self._first)
        if vital == HEALTHY:
            self._keep(ref, vital, obj)
        elif ref not in self._told:
            self._calls.later(Look(ref=ref), pacing.LOOK.first)

    def written(self, refs: Iterable[ObjectRef]) -> None:
        """See ``apply.Gate``."""
        now = self._clock.monotonic()
        for ref in refs:
            if self._rule(ref) is not None:
                self._told[ref] = _Told(_WRITTEN, now)
                self._unread.add(ref)

    def closed(self, refs: Collection[ObjectRef]) -> frozenset[ObjectRef]:
        """See ``apply.Gate``."""
        unread = sorted(self._unread & set(refs))
        if unread:
            self._look(unread)
        return frozenset(ref for ref in refs if not self._opens(ref))

    def _opens(self, ref: ObjectRef) -> bool:
        told = self._told.get(ref)
        return told is None or told.vital.opens

    def await_(self, waiting: Iterable[tuple[ObjectRef, ObjectRef]]) -> None:
        """A pass ended with these waiting, each for another one."""
        counts: dict[ObjectRef, int] = {}
        for _, ref in waiting:
            counts[ref] = counts.get(ref, 0) + 1
        now = self._clock.monotonic()
        before = self._gates
        self._gates = {
            ref: (count, before[ref][1] if ref in before else now) for ref, count in counts.items()
        }
        for ref, (_, since) in self._gates.items():
            if ref not in before:
                self._calls.tell(DEADLINE)
            if since == now and self._opens(ref):  # it came to be so meanwhile
                self._calls.again(0.0)

    def sweep(self) -> None:
        """A pass ended: forget what was pruned or let go."""
        records = self._books.records
        for book in (self._told, self._versions, self._workloads):
            for ref in book.keys() - records.keys():
                del book[ref]
        self._unread &= records.keys()
        self._ask &= records.keys()
        self._pod_watch.follow(self._workloads)

    @property
    def health(self) -> Health:
        """The site's; after a start the one that was told last, until all was looked at."""
        if self._unread:
            return self._last
        seen = {self._now(told).health for told in self._told.values()}
        found = next((health for health in _ORDER if health in seen), Health.HEALTHY)
        if found is not self._last:
            self._state.save(meta={_HEALTH: str(found)})
            self._last = found
        return found

    def unwell(self) -> tuple[Unwell, ...]:
        """What is not healthy, the worst first."""
        found = [
            self._unwell(ref, vital)
            for ref, vital in ((ref, self._now(told)) for ref, told in self._told.items())
            if vital.health is not Health.HEALTHY
        ]
        return tuple(sorted(found, key=lambda each: (_ORDER.index(each.health), each.ref)))

    def awaited(self) -> tuple[Awaited, ...]:
        """What later waves wait for."""
        now = self._clock.monotonic()
        return tuple(
            Awaited(
                ref=ref,
                objects=count,
                reason=vital.reason,
                message=vital.message,
                late=vital.health is Health.DEGRADED or now - since >= DEADLINE,
            )
            for ref, (count, since) in sorted(self._gates.items())
            for vital in (self._now(self._told[ref]) if ref in self._told else HEALTHY,)
        )

    def close(self, patience: float) -> None:
        """End the watch of Pods, in at most so many seconds."""
        self._pod_watch.close(patience)

    def _unwell(self, ref: ObjectRef, vital: Vital) -> Unwell:
        record = self._books.records.get(ref)
        return Unwell(
            ref=ref,
            health=vital.health,
            reason=vital.reason,
            message=vital.message,
            origin=record.origin if record else None,
        )

    def _now(self, told: _Told) -> Vital:
        """Slow is stalled, once it has not got on for as long as its patience."""
        vital = told.vital
        late = self._clock.monotonic() - told.since >= vital.patience
        if vital.health is not Health.PROGRESSING or not late:
            return vital
        words = f"no progress for {durations.show(vital.patience)}: {vital.message}"
        return dataclasses.replace(vital, health=Health.DEGRADED, message=words)

    def _rule(self, ref: ObjectRef) -> rules.Rule | None:
        record = self._books.records.get(ref)
        return rules.rule(ref.group, ref.kind, record.body) if record else None

    def _look(self, refs: Sequence[ObjectRef]) -> None:
        records = [self._books.records[ref] for ref in refs if ref in self._books.records]
        found = self._calls.read(records)
        for ref in refs:
            obj = found.get(ref)
            if obj is not None:
                self._judge(ref, obj)
            elif ref in found:  # gone, which is drift's to say
                self._set(ref, HEALTHY)
            elif ref in self._books.records:
                self._set(ref, _UNREADABLE)
            self._unread.discard(ref)

    def _judge(self, ref: ObjectRef, obj: Mapping[str, Any]) -> None:
        rule = self._rule(ref)
        if rule is None:
            return
        vital = rules.judge(obj, rule, self._first)
        if rule.asks_pods:
            vital = self._with_pods(ref, obj, vital)
        self._keep(ref, vital, obj)

    def _with_pods(self, ref: ObjectRef, obj: Mapping[str, Any], vital: Vital) -> Vital:
        """The workload's word, with its Pods' where their watch has shown that they have any."""
        if vital.health is Health.HEALTHY:
            self._ask.discard(ref)
            self._workloads.pop(ref, None)
        else:
            self._workloads[ref] = pods.labels(obj)
        self._pod_watch.follow(self._workloads)
        selector = pods.selector(obj)
        if ref not in self._ask or not selector:
            return vital
        try:
            found = self._cluster.select(POD, ref.namespace, selector)
        except errors.ClusterRefused:
            return vital
        return rules.joined(vital, pods.worst(found))

    def _keep(self, ref: ObjectRef, vital: Vital, obj: Mapping[str, Any]) -> None:
        version = fields.text(obj, "metadata", "resourceVersion")
        if version.isdecimal():
            self._versions[ref] = int(version)
        if vital.health is Health.HEALTHY and ref in self._workloads:
            del self._workloads[ref]
            self._pod_watch.follow(self._workloads)
        self._unread.discard(ref)
        self._set(ref, vital)

    def _set(self, ref: ObjectRef, vital: Vital) -> None:
        before = self._told.pop(ref, None)
        vital = dataclasses.replace(vital, message=vital.message[:_WORDS])
        if vital != HEALTHY:
            is_same = before is not None and before.vital == vital
            since = before.since if before and is_same else self._clock.monotonic()
            self._told[ref] = _Told(vital, since)
            if not is_same and vital.health is Health.PROGRESSING and vital.patience != FOREVER:
                self._calls.tell(vital.patience)
        old = before.vital if before else HEALTHY
        if old == vital:
            return
        self._observer.event(
            "object.health",
            ref=str(ref),
            health=str(vital.health),
            reason=vital.reason,
            message=vital.message,
        )
        self._calls.tell(0.0)
        if ref in self._gates and vital.opens:
            self._calls.again(0.0)


def _expressions(found: tuple[HealthRule, ...]) -> rules.Judge:
    """The fleet's own rules as a function of an object."""
    from reconciler.cel import health  # CEL is only worth its memory where it is asked for

    judge = health.compile_rules(found)

    def first(obj: Mapping[str, Any]) -> Vital | None:
        said = judge(obj)
        if said is None or said is Health.HEALTHY:
            return HEALTHY if said else None
        return Vital(health=said, reason=_REASONS[said], message=_SAYS[said])

    return first


_REASONS = {
    Health.PROGRESSING: "InProgress",
    Health.DEGRADED: "Failed",
    Health.UNKNOWN: "RuleErred",
}
_SAYS = {
    Health.PROGRESSING: "the fleet's rule for its kind says that it is in progress",
    Health.DEGRADED: "the fleet's rule for its kind says that it failed",
    Health.UNKNOWN: "the fleet's rule for its kind cannot be evaluated",
}
