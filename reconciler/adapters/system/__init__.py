"""The machine's own clock, randomness, memory and processes."""

from reconciler.adapters.system.clock import SystemClock
from reconciler.adapters.system.memory import give_back

__all__ = ["SystemClock", "give_back"]
