"""Structured merge: laying what is applied over what is there, and taking fields out. Pure.

Results share what did not change with what came in: nobody changes a value in place.
"""

from __future__ import annotations

from typing import Any

from reconciler.adapters.memory import fields, items
from reconciler.adapters.memory.fields import FieldSet, Tree, field
from reconciler.adapters.memory.items import ABSENT
from reconciler.schema.typed import ListShape, MapShape, Shape


def merge(live: Any, applied: Any, shape: Shape) -> Any:
    """``applied`` over ``live``; either may be ABSENT, but not both."""
    if live is ABSENT or applied is ABSENT:
        return live if applied is ABSENT else applied
    facet = items.facet(shape, applied)
    both_empty = items.is_empty(live) and items.is_empty(applied)
    if facet is None or facet.atomic or both_empty:
        return applied
    if isinstance(facet, MapShape):
        return _merge_maps(live, applied or {}, facet)
    return _merge_lists(live, applied, facet)


def _merge_maps(live: Any, applied: dict[str, Any], facet: MapShape) -> dict[str, Any]:
    merged = dict(live) if isinstance(live, dict) else {}
    for name, value in applied.items():
        shape = facet.field(name)
        if shape is not None:
            merged[name] = merge(merged.get(name, ABSENT), value, shape)
    return merged


def _merge_lists(live: Any, applied: list[Any], facet: ListShape) -> list[Any]:
    """Applied items in their order; between them what is only live, where it stood."""
    present, wanted = items.by_name(facet, live), items.by_name(facet, applied)
    queue = list(wanted)  # applied names that are not in the result yet
    shared = [name for name in queue if name in present]
    merged: list[Any] = []

    def take(name: str) -> None:
        alike = present.get(name, [])
        old = alike[0] if len(alike) == 1 else ABSENT
        merged.append(merge(old, wanted[name][0], facet.items))

    for item in live if isinstance(live, list) else ():
        name = items.name(facet, item)
        if name not in wanted:
            merged.append(item)
        elif shared and name == shared[0]:
            while queue and (first := queue.pop(0)) != name:
                take(first)
            take(shared.pop(0))
    for name in queue:
        take(name)
    return merged


def remove(value: Any, paths: FieldSet, shape: Shape) -> Any:
    """``value`` without these fields and items; a map or list that is emptied so becomes null."""
    return _remove(value, fields.tree(paths), shape) if paths else value


def _remove(value: Any, doomed: Tree, shape: Shape) -> Any:
    facet = items.facet(shape, value)
    if facet is None:
        return value
    if not value or facet.atomic:
        return None
    if isinstance(facet, MapShape):
        return _remove_fields(value, doomed, facet) or None
    return _remove_items(value, doomed, facet) or None


def _remove_fields(value: dict[str, Any], doomed: Tree, facet: MapShape) -> dict[str, Any]:
    kept = {}
    for name, below in value.items():
        branch = doomed.get(field(name))
        if branch is None:
            kept[name] = below
        elif not fields.is_member(branch):
            shape = facet.field(name)
            kept[name] = below if shape is None else _remove(below, branch, shape)
    return kept


def _remove_items(value: list[Any], doomed: Tree, facet: ListShape) -> list[Any]:
    kept = []
    for item in value:
        branch = doomed.get(items.name(facet, item))
        if branch is None:
            kept.append(item)
        elif not fields.is_member(branch):
            kept.append(_remove(item, branch, facet.items))
    return kept
