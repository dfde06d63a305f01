"""Memory that the process no longer uses, returned to the machine."""

from __future__ import annotations


def give_back() -> None:
    """Return what the C library keeps of freed memory; see malloc_trim(3). Other C libraries than
    GNU's have no such call, and keep less."""
    import ctypes  # 3 ms, which a command that only renders can do without

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
