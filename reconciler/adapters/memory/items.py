"""How values are told apart: the facet of a shape that one has, and the names of items. Pure."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

import orjson

from reconciler.schema.typed import ListShape, MapShape, Shape


class Absent(Enum):
    """No value at all, which is something else than null."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


def facet(shape: Shape, value: Any) -> MapShape | ListShape | None:
    """The map or list that ``value`` is by its shape; None for a scalar.

    A null, or no value, takes the first facet that the shape has.
    """
    if isinstance(value, dict):
        return shape.map
    if isinstance(value, list):
        return shape.list
    if value is None or value is ABSENT:
        return shape.map or (None if shape.scalar else shape.list)
    return None


def is_empty(value: Any) -> bool:
    return value is ABSENT or value is None or (isinstance(value, dict | list) and not value)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; true and 1 are not."""
    if one is other:
        return True
    return bool(one == other) and _json(one) == _json(other)


def omitted(shape: ListShape, item: Any) -> list[str]:
    """The keys that an item lacks and that have no default."""
    present = item.keys() if isinstance(item, dict) else ()
    return [key for key in shape.keys if key not in present and key not in shape.defaults]


def name(shape: ListShape, item: Any) -> str:
    """An item's word in a path. An item that lacks a key is told apart by the others."""
    if not shape.keys:
        return f"v:{_json(item)}"
    given = item if isinstance(item, dict) else {}
    return f"k:{_json({key: given.get(key, shape.defaults.get(key)) for key in shape.keys})}"


def by_name(shape: ListShape, items: Any) -> dict[str, list[Any]]:
    """Items under their names, in their order; several under one where names repeat."""
    found: dict[str, list[Any]] = {}
    for item in items if isinstance(items, list) else ():
        found.setdefault(name(shape, item), []).append(item)
    return found


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
