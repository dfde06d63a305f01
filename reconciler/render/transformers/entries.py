"""Strings put into maps wherever field specs lead: what labels and annotations share."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.render import fieldspecs
from reconciler.render.context import Context
from reconciler.render.fieldspecs import Specs, Unfit
from reconciler.render.items import Item, Step


def put_entries(entries: Mapping[str, str], specs: Specs, context: Context) -> Step:
    """The step that sets ``entries`` in each map that ``specs`` name, made where they say so."""
    if not entries:
        return list
    setter = fieldspecs.entries(entries)

    def put(item: Item) -> Item:
        value = item.value
        for route in specs.routes(item.id.kind):
            try:
                value = (
                    fieldspecs.change_metadata(value, route.parts[1], setter, {})
                    if route.create and route.parts[0] == "metadata" and len(route.parts) == 2
                    else fieldspecs.change(value, route, setter, {})
                )
            except Unfit as unfit:
                raise context.error(
                    f"considering field '{route.path}' of object {item.id}: {unfit} ({item.origin})"
                ) from None
        return item.with_value(value)

    return lambda items: [put(item) for item in items]
