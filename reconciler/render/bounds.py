"""What a build may grow to, however small the text that asks for it.

A repository's strangers can have a patch copy an object into itself, a replacement put it
everywhere, or a base come twice at every level: each doubles what is there. These bounds end
that in an error. Processor time and memory are the business of whoever runs the build; a command
at a desk has no bounds but these.
"""

from __future__ import annotations

from typing import Any

from reconciler.render.fieldspecs import Unfit

FOLDERS = 100  # kustomizations that lead to one another
OBJECTS = 50_000  # in a level
VALUES = 500_000  # in an object that a patch or a replacement made larger
TEXT = 100  # characters of a text that count as another value
NAME = 10_000  # characters of a name that a prefix or suffix made longer
OUTPUT = 256 << 20  # characters that a command prints


def size(value: Any, most: int = VALUES) -> int:
    """The number of values in it, shared ones each time; counted no further than ``most``."""
    count, queue = 0, [value]
    while queue and count <= most:
        item = queue.pop()
        count += 1
        if isinstance(item, dict):
            queue.extend(item.values())
        elif isinstance(item, list):
            queue.extend(item)
        elif isinstance(item, str):
            count += len(item) // TEXT
    return count


def check(value: Any, what: str) -> None:
    """Raises Unfit where an object has become too large."""
    left(value, what)


def left(value: Any, what: str) -> int:
    """How many values an object may still get. Raises Unfit where it has become too large."""
    room = VALUES - size(value)
    if room < 0:
        raise Unfit(f"{what} makes the object larger than {VALUES} values")
    return room


class Room:
    """What an object may still grow by; it is counted anew only where that may be used up."""

    def __init__(self, what: str) -> None:
        """``what`` makes it grow, for errors."""
        self._what = what
        self._left = 0

    def take(self, part: Any, whole: Any) -> None:
        """``part`` was put into ``whole`` once more. Raises Unfit where that is too large now."""
        self._left -= size(part)
        if self._left < 0:
            self._left = left(whole, self._what)
