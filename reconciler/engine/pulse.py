"""Whether the loop still moves: what the liveness probe asks."""

from __future__ import annotations

from reconciler import ports

STUCK = 120.0  # seconds without a sign of life after which the loop counts as standing still


class Pulse:
    """Beaten by the loop's thread, read by any."""

    def __init__(self, clock: ports.Clock) -> None:
        self._clock = clock
        self._beaten = clock.monotonic()

    def beat(self) -> None:
        self._beaten = self._clock.monotonic()

    @property
    def moving(self) -> bool:
        return self._clock.monotonic() - self._beaten < STUCK
