"""Which fields an object sets, and what is wrong with it by its shape. Pure.

The fields of what someone applies are what that applier owns from then on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.adapters.memory import items
from reconciler.adapters.memory.fields import FieldSet, Path, field, text
from reconciler.schema.typed import UNTYPED, ListShape, MapShape, Shape

_MAX_DEPTH = 200


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


def faults(value: Any, shape: Shape, path: Path = ()) -> Iterator[str]:
    """What keeps ``value`` from being applied; no message holds a value."""
    if len(path) > _MAX_DEPTH:
        yield f"{text(path)}: nested too deeply"
        return
    facet = items.facet(shape, value)
    if value is None:
        return
    if facet is None:
        if wrong := _sort_fault(value, shape):
            yield f"{text(path)}: {wrong}"
    elif isinstance(facet, MapShape):
        yield from _map_faults(value, facet, path)
    else:
        yield from _list_faults(value, facet, path)


def _map_faults(value: dict[str, Any], facet: MapShape, path: Path) -> Iterator[str]:
    for name, below in value.items():
        at = (*path, field(name))
        shape = facet.field(name)
        if shape is None:
            yield f"{text(at)}: field not declared in schema"
        else:
            yield from faults(below, shape, at)


def _list_faults(value: list[Any], facet: ListShape, path: Path) -> Iterator[str]:
    seen: set[str] = set()
    for index, item in enumerate(value):
        word = f"i:{index}"
        if not facet.atomic:
            try:
                word = items.name(facet, item)
            except items.Unnamed as error:
                yield f"{text(path)}: element {index}: {error}"
                continue
            if word in seen:
                yield f"{text(path)}: duplicate entries for key {text((word,))}"
            seen.add(word)
        yield from faults(item, facet.items, (*path, word))


def _sort_fault(value: Any, shape: Shape) -> str:
    found = _SORTS[type(value)]
    if shape.scalar in ("any", found):
        return ""
    wanted = shape.scalar or ("map" if shape.map else "list")
    return f"expected {wanted}, got {found}"


_SORTS = {
    str: "string",
    bool: "boolean",
    int: "numeric",
    float: "numeric",
    dict: "map",
    list: "list",
}
