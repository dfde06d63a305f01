"""Times as people write them: RFC 3339 with a zone, such as ``2027-01-31T18:00:00Z``."""

from __future__ import annotations

import datetime


def parse(text: str) -> float:
    """Unix seconds. Raises ValueError for what is no such time, one without a zone included."""
    try:
        found = datetime.datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.timestamp()
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{text!r} is not a time with its zone, such as 2027-01-31T18:00:00Z")
