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


def put(value: Any, place: Place, new: Any, owned: set[int] | None = None) -> Any:
    """A copy of ``value`` with ``new`` at a place that it has, sharing the rest.

    Whoever puts several hands the same ``owned`` in each time, empty at first: the ids of the
    copies so far, which are changed and not copied again.
    """
    if not place:
        return new
    owned = set() if owned is None else owned
    if id(value) not in owned:
        value = value.copy()
        owned.add(id(value))
    here = value
    for part in place[:-1]:
        below = here[part]
        if id(below) not in owned:
            below = here[part] = below.copy()
            owned.add(id(below))
        here = below
    here[place[-1]] = new
    return value
