"""A Clock that stands still until it is told to go on."""

from __future__ import annotations


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
