"""Durations as people write them: ``0s``, ``90s``, ``5m``, ``1h30m``, ``7d``."""

from __future__ import annotations

import re

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_FORM = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")


def parse(text: str) -> float:
    """Seconds. Raises ValueError for what is no duration, a bare number included."""
    found = _FORM.fullmatch(text)
    if found is None or not text:
        raise ValueError(f"{text!r} is not a duration: expected such as 30s, 5m, 1h30m or 7d")
    return float(
        sum(
            int(count) * unit
            for count, unit in zip(found.groups("0"), _UNITS.values(), strict=True)
        )
    )


def show(seconds: float) -> str:
    """The shortest form that ``parse`` reads back, in whole seconds."""
    left, words = int(seconds), []
    for unit, size in _UNITS.items():
        count, left = divmod(left, size)
        if count:
            words.append(f"{count}{unit}")
    return "".join(words) or "0s"
