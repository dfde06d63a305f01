"""Which durations Go can count, as the engine takes longer ones. Called for ``functions``."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

_LONGEST = 1_000  # characters
# Go counts durations as 64-bit numbers of nanoseconds, the engine up to ten thousand years.
_NANOSECONDS: Mapping[str, int] = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PART = re.compile(r"([0-9]*)\.?([0-9]*)([a-zµμ]+)", re.A)
_MOST_NANOSECONDS = 2**63 - 1
_MOST_DURATION = datetime.timedelta(microseconds=_MOST_NANOSECONDS // 1000)


def is_too_long(text: str) -> bool:
    """Of a text that has a duration's form, whether Go cannot count it."""
    if len(text) > _LONGEST:
        return True
    total: int = sum(
        int(whole or "0") * _NANOSECONDS[unit]
        + int(rest or "0") * _NANOSECONDS[unit] // 10 ** len(rest)
        for whole, rest, unit in _PART.findall(text)
    )
    return total > _MOST_NANOSECONDS + text.startswith("-")


def bounded(value: Any) -> bool:
    """True of a duration that Go can count. Raises ValueError with the server's words."""
    if isinstance(value, datetime.timedelta) and abs(value) > _MOST_DURATION:
        raise ValueError("integer overflow")
    return True
