"""Which fields an object sets. Pure.

Those of what someone applies are what that applier owns from then on.
"""

from __future__ import annotations

from typing import Any

from reconciler.adapters.memory import items
from reconciler.adapters.memory.fields import FieldSet, Path, field
from reconciler.schema.typed import UNTYPED, MapShape, Shape


def field_set(value: Any, shape: Shape) -> FieldSet:
    """Every field that ``value`` sets. Items and undeclared names count besides what is in them."""
    found: set[Path] = set()
    _gather((), value, shape, found)
    return frozenset(found)


def _gather(path: Path, value: Any, shape: Shape, found: set[Path]) -> None:
    facet = items.facet(shape, value)
    if facet is None or facet.atomic:
        found.add(path)
    elif isinstance(facet, MapShape):
        for name, below in (value or {}).items():
            at = (*path, field(name))
            _gather(at, below, facet.field(name) or UNTYPED, found)
            if below is None or below == {} or name not in facet.fields:
                found.add(at)
    else:
        for word, alike in items.by_name(facet, value).items():
            found.add((*path, word))
            if len(alike) == 1:
                _gather((*path, word), alike[0], facet.items, found)


def named(paths: FieldSet, shape: Shape) -> FieldSet:
    """``paths`` with the declared fields on the way to each: what goes if its content goes."""
    found = set(paths)
    heads = {path[:length] for path in paths for length in range(1, len(path))}
    return frozenset(found.union(head for head in heads if _is_declared(head, shape)))


def _is_declared(path: Path, shape: Shape) -> bool:
    place: Shape | None = shape
    declared = False
    for word in path:
        sort, _, name = word.partition(":")
        if place is None:
            return False
        if sort != "f":
            place, declared = place.list.items if place.list else None, False
        elif place.map is not None:
            declared = name in place.map.fields
            place = place.map.field(name)
        else:
            return False
    return declared
