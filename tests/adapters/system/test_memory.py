"""Freed memory goes back to the machine."""

from __future__ import annotations

import ctypes
from pathlib import Path

from reconciler.adapters.system import give_back

PIECE, PIECES = 64 * 1024, 1600  # bytes each, below what the C library maps alone
MIB = 2**20


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_what_was_freed_under_something_in_use_is_given_back() -> None:
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.malloc.argtypes, library.free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
    pieces = [library.malloc(PIECE) for _ in range(PIECES)]
    for piece in pieces:
        ctypes.memset(piece, 1, PIECE)
    *freed, kept = pieces  # the last one keeps the heap from being cut
    for piece in freed:
        library.free(piece)
    before = resident()
    give_back()
    after = resident()
    library.free(kept)
    assert before - after > 50 * MIB
