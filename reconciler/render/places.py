"""Places in a value, as keys and indexes: looking there, and putting something there."""

from __future__ import annotations

from typing import Any

Place = tuple[str | int, ...]
NOWHERE: Any = object()


def at(value: Any, place: Place) -> Any:
    """What is at a place; NOWHERE if the value does not reach so far."""
    for part in place:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return NOWHERE
    return value


def put(value: Any, place: Place, new: Any) -> Any:
    """A copy of ``value`` with ``new`` at a place that it has, sharing the rest."""
    return _put(value, place, 0, new)


def _put(value: Any, place: Place, depth: int, new: Any) -> Any:
    if depth == len(place):
        return new
    copy = value.copy()
    copy[place[depth]] = _put(value[place[depth]], place, depth + 1, new)
    return copy
