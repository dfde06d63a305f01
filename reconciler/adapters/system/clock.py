"""The port Clock on the machine's clocks."""

from __future__ import annotations

import secrets
import time

_CHANCE = secrets.SystemRandom()


class SystemClock:
    """See ports.Clock. Sites that boot from one image at one moment get different jitter."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def jitter(self, seconds: float) -> float:
        return _CHANCE.uniform(0.0, seconds)
