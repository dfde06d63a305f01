"""Memory that the process no longer uses, returned to the machine."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Return what the C library keeps of freed memory; see malloc_trim(3). Other C libraries than
    GNU's have no such call, and keep less."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
