"""How large a value may be that an expression works on: what ``cost`` counts by.

Either some of the data itself, looked at as far as expressions read it; or made by an expression,
of which only the sizes are known; or, for a first rough count, anything that is read. Called by
``cost``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

MOST = 10**15  # past which counting on says nothing


class Sizes(NamedTuple):
    """The largest collection and the longest text in what is read, and the length of all texts."""

    collection: int = 1
    text: int = 1
    total: int = 1

    @classmethod
    def of(cls, values: Iterable[Any]) -> Sizes:
        """Each rounded up, so that few are different."""
        collection = text = total = 1
        left = list(values)
        while left:
            each = left.pop()
            if isinstance(each, str):
                size = len(each)
                total += size
                text = max(text, size)
            elif isinstance(each, dict):
                collection = max(collection, len(each))
                if each:
                    longest = max(map(len, each))
                    text = max(text, longest)
                    total += longest * len(each)
                left.extend(each.values())
            elif isinstance(each, list):
                collection = max(collection, len(each))
                left.extend(each)
        return cls(_up(collection), _up(text), _up(total))

    @classmethod
    def joined(cls, parts: list[Sizes]) -> Sizes:
        """Of all together."""
        if len(parts) == 1:
            return parts[0]
        total = _up(sum(each.total for each in parts))
        most = max(each.collection for each in parts), max(each.text for each in parts)
        return cls(*most, total)


class Extent:
    """The most that a value has: ``count`` entries, ``text`` characters (1 for what is none).

    It may be any of ``parts``, which are data; what an expression made of others has ``below``,
    of which its entries are.
    """

    __slots__ = ("below", "count", "parts", "text")

    def __init__(
        self,
        *,
        count: int = 0,
        text: int = 1,
        parts: tuple[Any, ...] = (),
        below: Extent | None = None,
    ) -> None:
        self.count = min(count, MOST)
        self.text = min(text, MOST)
        self.parts = parts
        self.below = below

    @classmethod
    def of(cls, *values: Any) -> Extent:
        """Of data: any of these values."""
        count, text = 0, 1
        for each in values:
            if isinstance(each, str):
                text = max(text, len(each))
            elif isinstance(each, dict | list):
                count = max(count, len(each))
        return cls(count=count, text=text, parts=values)

    @classmethod
    def any(cls, sizes: Sizes) -> Extent:
        """Of anything that is read."""
        found = cls(count=sizes.collection, text=sizes.text)
        found.below = found
        return found

    @property
    def is_anything(self) -> bool:
        return self.below is self

    def field(self, name: str) -> Extent:
        """What is selected of it."""
        found = [each[name] for each in self.parts if isinstance(each, dict) and name in each]
        return self._with_below(found)

    def entries(self) -> Extent:
        """The elements of lists, the values of maps."""
        found: list[Any] = []
        for each in self.parts:
            if isinstance(each, dict):
                found.extend(each.values())
            elif isinstance(each, list):
                found.extend(each)
        return self._with_below(found)

    def keys(self) -> Extent:
        """The keys of maps."""
        return self._with_below(
            [key for each in self.parts if isinstance(each, dict) for key in each]
        )

    def ranged(self) -> Extent:
        """What a loop with one variable gives it: the elements of lists, the keys of maps."""
        found: list[Any] = []
        for each in self.parts:
            if isinstance(each, dict | list):
                found.extend(each)
        return self._with_below(found)

    def _with_below(self, values: list[Any]) -> Extent:
        if self.is_anything:
            return self
        found = Extent.of(*values)
        return found if self.below is None else joined((found, self.below))

    def weight(self, total: int) -> int:
        """Characters of all that is in it; ``total`` is of all that is read."""
        if self.parts or self.is_anything:
            return min(total + self.text + (0 if self.is_anything else self._made(total)), MOST)
        return min(self.text + self._made(total), MOST)

    def _made(self, total: int) -> int:
        return self.count * self.below.weight(total) if self.below is not None else 0


NOTHING = Extent()


def joined(extents: Iterable[Extent]) -> Extent:
    """Of what may be any of them."""
    different = list({id(each): each for each in extents if each is not NOTHING}.values())
    if len(different) <= 1:
        return different[0] if different else NOTHING
    anything = next((each for each in different if each.is_anything), None)
    below = [each.below for each in different if each.below is not None and each is not anything]
    if anything is not None:
        below.append(anything)
    parts = {id(part): part for each in different for part in each.parts}
    return Extent(
        count=max(each.count for each in different),
        text=max(each.text for each in different),
        parts=tuple(parts.values()),
        below=joined(below) if below else None,
    )


def looked_up(names: Mapping[str, Extent], name: str, owner: str) -> Extent:
    """A variable's, by its dotted name; one of no such name is a field of ``owner``."""
    first, *rest = name.split(".")
    found = names.get(first)
    if found is None:
        found = names.get(owner, NOTHING).field(first)
    for each in rest:
        found = found.field(each)
    return found


def _up(size: int) -> int:
    return 1 << (size - 1).bit_length() if size > 1 else 1
