"""The machine's own clock and randomness."""

from reconciler.adapters.system.clock import SystemClock

__all__ = ["SystemClock"]
