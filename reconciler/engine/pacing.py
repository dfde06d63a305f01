"""How soon something may be done again: back-off for attempts, allowances for objects."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from reconciler import ports
from reconciler.model import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """``free`` attempts at once, then ``first`` seconds, doubled up to ``longest``."""

    free: int = 0
    first: float
    longest: float

    def delay(self, attempts: int) -> float:
        """Seconds to wait after this many attempts in a row."""
        if attempts < self.free:
            return 0.0
        return min(self.first * 2.0 ** min(attempts - self.free, 32), self.longest)


FETCH = Schedule(first=5, longest=600)
CLUSTER = Schedule(first=1, longest=60)
REFUSED = Schedule(first=5, longest=300)  # objects that the API server refused
PUSH = Schedule(first=10, longest=300)
# A render that took the whole agent down with it: twice that may have been somebody's kill.
FATAL_RENDER = Schedule(free=3, first=30, longest=3600)
SUSPICION = Schedule(free=1, first=1, longest=60)  # verified at once, then ever more rarely
CORRECTION = Schedule(free=20, first=1, longest=60)  # of one object, whoever changes it
# Of one field against one manager. Each quiet ``longest`` forgives one correction.
FIGHT = Schedule(free=10, first=2, longest=300)

LOOK = Schedule(free=10, first=1, longest=30)  # at the health of one object
ROLLOUT = Schedule(first=0.5, longest=30)  # looks at workloads that a prune waits for

_REMEMBERED = 64  # keys, before those that have been quiet are forgotten


class BackOff:
    """Counts attempts of one thing, and jitters."""

    def __init__(self, schedule: Schedule, clock: ports.Clock) -> None:
        self._schedule = schedule
        self._clock = clock
        self._attempts = 0

    def next(self) -> float:
        """Seconds until the next attempt: the schedule's, and up to a quarter more."""
        delay = self._schedule.delay(self._attempts)
        self._attempts += 1
        return delay + self._clock.jitter(delay / 4)

    def reset(self) -> None:
        self._attempts = 0


class Allowance:
    """Per key: how long until it may be acted upon; each quiet minute forgives one action."""

    def __init__(self, schedule: Schedule, clock: ports.Clock) -> None:
        self._schedule = schedule
        self._clock = clock
        self._acted: dict[Hashable, tuple[int, float]] = {}

    def wait(self, key: Hashable) -> float:
        """Seconds until the next action is allowed; 0 allows it and counts it."""
        now = self._clock.monotonic()
        if len(self._acted) > _REMEMBERED:
            self._forget_quiet(now)
        count, last = self._acted.get(key, (0, now))
        count = max(0, count - int((now - last) / self._schedule.longest))
        left = self._schedule.delay(count) - (now - last) if count else 0.0
        if left > 0:
            return left
        self._acted[key] = (count + 1, now)
        return 0.0

    def _forget_quiet(self, now: float) -> None:
        longest = self._schedule.longest
        self._acted = {
            key: (count, last)
            for key, (count, last) in self._acted.items()
            if now - last < longest * count
        }


def asked(error: errors.ReconcilerError) -> float:
    """Seconds that a busy API server asked us to wait."""
    return error.delay if isinstance(error, errors.Transient) else 0.0
