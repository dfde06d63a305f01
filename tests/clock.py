"""Clocks that do as they are told: one stands still, one skips ahead."""

from __future__ import annotations

import threading

from reconciler.adapters.system import SystemClock


class SkippingClock(SystemClock):
    """The real time, and what was skipped on top of it."""

    def __init__(self) -> None:
        self._skipped = 0.0
        self._wound = 0.0  # of the clock on the wall alone
        self._mutex = threading.Lock()

    def now(self) -> float:
        return super().now() + self._skipped + self._wound

    def monotonic(self) -> float:
        return super().monotonic() + self._skipped

    def skip(self, seconds: float) -> None:
        with self._mutex:
            self._skipped += seconds

    def wind(self, seconds: float) -> None:
        """Somebody, or a battery that is empty, sets the clock on the wall."""
        with self._mutex:
            self._wound += seconds


class StoppedClock:
    """Implements ports.Clock; no jitter."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def jitter(self, seconds: float) -> float:
        return 0.0 * seconds

    def advance(self, seconds: float) -> None:
        self.time += seconds
