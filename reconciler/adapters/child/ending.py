"""How a render child ended, in words: which limit it struck, by which setting, or where it crashed.

In: an exit code, what the process used, and what the interpreter wrote at the end. Called by
``process`` alone.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

from reconciler.adapters.child.limits import OUT_OF_MEMORY
from reconciler.model.limits import Limits

_UNIT = 1024 if sys.platform == "linux" else 1  # bytes, of ru_maxrss
_PATIENCE = 0.01  # seconds
_SHARE = 0.5  # of the wall time; a child that got less of a processor was kept waiting
# The module and line at the top of a traceback. Nothing else of it is shown: it may quote a file.
_FRAME = re.compile(rb'File "[^"\n]*?(reconciler/[\w/]+\.py)", line (\d+),? in ')
# How libraries in C and Rust end where no memory is left to them.
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS)


class Ended(Exception):
    """The child is gone; ``str()`` says why. ``by_chance``: another one may well succeed.

    ``starved``: the machine had no time for it, so that one should be tried later.
    """

    def __init__(self, message: str, *, by_chance: bool = False, starved: bool = False) -> None:
        super().__init__(message)
        self.by_chance = by_chance
        self.starved = starved
        self.file = ""  # that it read last

    def in_full(self) -> str:
        """With the file that it read last, which most often is the one."""
        return f"{self}; the file that was read last is {self.file}" if self.file else str(self)


class Wall:
    """The wall time of one render, over all the children that it takes."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; below 0 once it is over."""
        return self._end - time.monotonic()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """A slow link is not the child's fault."""
        began = time.monotonic()
        yield
        self._end += time.monotonic() - began


class End(NamedTuple):
    """``resident`` is the most that it held, in bytes, or 0 where that cannot be known."""

    code: int
    resident: int


def reaped(process: subprocess.Popen[bytes], seconds: float) -> End | None:
    """Wait for a process, and say how it ended; None where it has not after so long."""
    until = time.monotonic() + seconds
    while True:
        process_id, status, used = os.wait4(process.pid, os.WNOHANG)
        if process_id:
            break
        if time.monotonic() > until:
            return None
        time.sleep(_PATIENCE)
    process.returncode = os.waitstatus_to_exitcode(status)
    # A process begins as its parent's image, and the kernel counts that as its own.
    inherited = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    resident = used.ru_maxrss if used.ru_maxrss > inherited else 0
    return End(process.returncode, resident * _UNIT)


def late(used: float, given: float, limits: Limits) -> Ended:
    """Why it had to be ended: it ``used`` CPU time, of the wall time ``given``, in seconds."""
    limit = f"{limits.wall:g} s (render.wall)"
    if used < _SHARE * given:
        busy = f"rendering got {used:.1f} s of CPU time within {limit}"
        return Ended(f"{busy}: the machine is too busy", starved=True)
    return Ended(f"rendering took longer than {limit} and was ended")


def told(end: End, limits: Limits, diagnosis: bytes) -> str:
    """Why it ended. What it held says whether a crash was for want of memory."""
    if end.code == -signal.SIGXCPU:
        return f"rendering needs more than {limits.cpu} s of CPU time (render.cpu)"
    memory = f"{size(limits.memory)} of memory (render.memory)"
    cramped = -end.code in _CRASHES
    if end.code == OUT_OF_MEMORY or (cramped and end.resident > limits.memory // 2):
        return f"rendering needs more than {memory}"
    if end.code >= 0:
        return f"the render process ended unexpectedly (exit status {end.code})"
    crash = f"the renderer crashed ({_signal_name(-end.code)}{_place(diagnosis)})"
    return f"{crash}, most likely as it needs more than {memory}" if cramped else crash


def _place(diagnosis: bytes) -> str:
    """Where it crashed, as far as the interpreter could say."""
    frame = _FRAME.search(diagnosis)
    return f" in {frame[1].decode()}:{frame[2].decode()}" if frame else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def size(count: int) -> str:
    return f"{count >> 20} MiB"
