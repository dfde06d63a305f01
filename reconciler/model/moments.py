"""Moments as people write them: RFC 3339 with a zone, such as ``2027-01-31T18:00:00Z``."""

from __future__ import annotations

import datetime


def parse(text: object) -> float:
    """Unix seconds. Raises ValueError for anything else, a moment without a zone included."""
    expected = "expected a time with its zone, such as 2027-01-31T18:00:00Z"
    if not isinstance(text, str) or len(text) > 64:
        raise ValueError(expected)
    try:
        found = datetime.datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError
        return found.timestamp()
    except (ValueError, OverflowError):
        raise ValueError(expected) from None


def show(time: float) -> str:
    """RFC 3339 in UTC, whole seconds, as Kubernetes writes times; bounded to the years it knows."""
    first, last = 0, 253_402_300_799  # 9999-12-31T23:59:59Z
    whole = int(min(max(time, first), last))
    return datetime.datetime.fromtimestamp(whole, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
