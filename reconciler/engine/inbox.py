"""The loop's one queue: a message a key, the newest kept, some of them only due later.

A thousand events of one object are one message, so the queue is as long as there are things to
look at and no longer.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from reconciler import ports

T = TypeVar("T")
_SPARE = 64  # replaced appointments that may stay in the heap


@dataclass(frozen=True, slots=True)
class _Later(Generic[T]):
    at: float  # the clock's monotonic seconds
    key: Hashable
    message: T

    def __lt__(self, other: _Later[T]) -> bool:
        return self.at < other.at


class Inbox(Generic[T]):
    """Any thread puts, one takes."""

    def __init__(self, clock: ports.Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._due: dict[Hashable, T] = {}
        self._later: list[_Later[T]] = []
        self._appointed: dict[Hashable, _Later[T]] = {}

    def put(self, key: Hashable, message: T) -> None:
        """Replaces what was due under this key, in its place."""
        with self._changed:
            self._due[key] = message
            self._changed.notify()

    def put_later(self, key: Hashable, message: T, delay: float) -> None:
        """Due in ``delay`` seconds, in the place of what was appointed under this key."""
        at = self._clock.monotonic() + delay
        with self._changed:
            self._appointed[key] = late = _Later(at, key, message)
            heapq.heappush(self._later, late)
            if len(self._later) > 2 * len(self._appointed) + _SPARE:
                self._compact()
            self._changed.notify()

    def cancel(self, key: Hashable) -> None:
        """Forget what was appointed under this key."""
        with self._changed:
            self._appointed.pop(key, None)

    def take(self, most: int, timeout: float) -> list[T]:
        """What is due, oldest first, as soon as something is; empty after ``timeout`` seconds."""
        until = self._clock.monotonic() + timeout
        with self._changed:
            while True:
                now = self._clock.monotonic()
                self._fall_due(now)
                if self._due or now >= until:
                    keys = list(self._due)[:most]
                    return [self._due.pop(key) for key in keys]
                first = self._later[0].at if self._later else until
                self._changed.wait(max(0.0, min(first, until) - now))

    def _compact(self) -> None:
        """Leave out what was replaced since."""
        self._later = [late for late in self._later if self._appointed.get(late.key) is late]
        heapq.heapify(self._later)

    def _fall_due(self, now: float) -> None:
        while self._later and self._later[0].at <= now:
            late = heapq.heappop(self._later)
            if self._appointed.get(late.key) is late:
                del self._appointed[late.key]
                self._due.setdefault(late.key, late.message)
