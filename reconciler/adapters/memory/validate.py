"""What is wrong with an object by its shape. Pure; no message holds a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.adapters.memory import items
from reconciler.adapters.memory.fields import Path, field, text
from reconciler.schema.typed import ListShape, MapShape, Shape

_MAX_DEPTH = 200  # levels


def faults(value: Any, shape: Shape, path: Path = ()) -> Iterator[str]:
    """What the type does not allow, as in ``.spec.replica: field not declared in schema``."""
    facet = items.facet(shape, value)
    if value is None:
        return
    if len(path) > _MAX_DEPTH:
        yield f"{text(path)}: nested too deeply"
    elif facet is None:
        if wrong := _sort_fault(value, shape):
            yield f"{text(path)}: {wrong}"
    elif isinstance(facet, MapShape):
        for name, below in value.items():
            at = (*path, field(name))
            inner = facet.field(name)
            if inner is None:
                yield f"{text(at)}: field not declared in schema"
            else:
                yield from faults(below, inner, at)
    else:
        for index, item in enumerate(value):
            yield from faults(item, facet.items, (*path, f"i:{index}"))


def repeats(value: Any, shape: Shape, path: Path = ()) -> Iterator[str]:
    """Names that several items of a list have, which an apply must not."""
    facet = items.facet(shape, value)
    if isinstance(value, list) and isinstance(facet, ListShape) and not facet.atomic:
        for word, alike in items.by_name(facet, value).items():
            if len(alike) > 1:
                yield f"{text(path)}: duplicate entries for key {text((word,))}"
    for word, below, inner in _children(value, shape):
        yield from repeats(below, inner, (*path, word))


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


def omitted_keys(value: Any, shape: Shape, path: Path = ()) -> Iterator[str]:
    """Keys that list items lack, as in ``spec.containers[0].name``."""
    facet = items.facet(shape, value)
    for word, below, inner in _children(value, shape):
        at = (*path, word)
        if isinstance(facet, ListShape) and not facet.atomic:
            yield from (plain((*at, field(key))) for key in items.omitted(facet, below))
        yield from omitted_keys(below, inner, at)


def nulls(value: Any, shape: Shape, path: Path = ()) -> Iterator[str]:
    """Where a null stands that the schema does not allow, as in ``spec.cameras``."""
    if value is None and not shape.nullable:
        yield plain(path)
    for word, below, inner in _children(value, shape):
        yield from nulls(below, inner, (*path, word))


def _children(value: Any, shape: Shape) -> Iterator[tuple[str, Any, Shape]]:
    facet = items.facet(shape, value)
    if isinstance(value, dict) and isinstance(facet, MapShape):
        for name, below in value.items():
            if (inner := facet.field(name)) is not None:
                yield field(name), below, inner
    elif isinstance(value, list) and isinstance(facet, ListShape):
        for index, item in enumerate(value):
            yield f"i:{index}", item, facet.items


def plain(path: Path) -> str:
    """As causes of Invalid name fields: without the dot in front."""
    return text(path).removeprefix(".")
