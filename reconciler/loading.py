"""An interruption while modules load ends the program, as nothing was begun.

A KeyboardInterrupt raised in the middle of an import can be lost: what is called back from C, a
weak reference's end or a finalizer, drops it, and the program goes on as if nobody had asked.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130  # 128 and SIGINT, as a shell has it


def _leave(_: int, __: FrameType | None) -> None:
    os.write(2, b"reconciler: interrupted\n")
    os._exit(INTERRUPTED)


@contextmanager
def loading() -> Iterator[None]:
    """What is imported in here; SIGINT ends the process at once, with exit code 130, unless it is
    ignored, as it is for what a shell runs in the background."""
    before = signal.getsignal(signal.SIGINT)
    if before in (signal.SIG_IGN, None):  # None: what somebody set who is not Python
        yield
        return
    signal.signal(signal.SIGINT, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
