"""Strings put into maps wherever field specs lead: what labels and annotations share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.documents import styles
from reconciler.render import fieldspecs, places, sharing
from reconciler.render.context import Context
from reconciler.render.fieldspecs import Route, Setter, Specs, Unfit
from reconciler.render.items import Item, Step, Value
from reconciler.render.places import Place


def put_entries(entries: Mapping[str, str], specs: Specs, context: Context) -> Step:
    """The step that sets ``entries`` in each map that ``specs`` name, made where they say so."""
    if not entries:
        return list
    setter, keys = fieldspecs.entries(entries), tuple(entries)

    def put(item: Item) -> Item:
        value = item.value
        routes = specs.routes(item.id.kind)
        for route in routes:
            try:
                value = _change(value, route, setter)
            except Unfit as unfit:
                raise context.error(
                    f"considering field '{route.path}' of object {item.id}: {unfit} ({item.origin})"
                ) from None
        shared = item.books.shared
        if shared:
            value, shared = sharing.settled(item.value, value, shared)
            if shared is not item.books.shared:
                item = item.with_books(item.books._replace(shared=shared))
        if len(routes) == 1 or value is item.value:
            return item.with_value(value)
        found = dict.fromkeys(p for route in routes for p in fieldspecs.places(value, route))
        maps = [place for place in found if isinstance(places.at(value, place), dict)]
        if len(maps) < 2:
            return item.with_value(value)
        before = [places.at(item.value, place) for place in maps]
        value = _quoted(value, maps, before, keys)
        groups = sharing.added(maps, before, keys)
        if not groups:
            return item.with_value(value)
        books = item.books._replace(shared=shared + groups)
        return Item(value, item.origin, item.former, books)

    return lambda items: [put(item) for item in items]


def _quoted(value: Value, maps: list[Place], before: list[Any], keys: tuple[str, ...]) -> Value:
    """The new entries in quotes where the last of the old ones has them, or without.

    To kustomize they are one node, which takes the style of each field that it is put into.
    """
    for key in keys:
        olds = [old[key] for old in before if isinstance(old, dict) and key in old]
        for place, old in zip(maps, before, strict=True) if olds else ():
            if not isinstance(old, dict) or key not in old:
                entry = places.at(value, place)[key]
                new = styles.over(olds[-1], entry)
                if new.__class__ is not entry.__class__:
                    value = places.put(value, (*place, key), new)
    return value


def _change(value: Value, route: Route, setter: Setter) -> Value:
    if route.create and len(route.parts) == 2 and route.parts[0] == "metadata":
        changed: Value = fieldspecs.change_metadata(value, route.parts[1], setter, {})
    else:
        changed = fieldspecs.change(value, route, setter, {})
    return changed
