"""The order of the output: by kind as kustomize has always done it, or as it came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.render.context import Context
from reconciler.render.items import Item
from reconciler.schema import kustomize

FIFO, LEGACY = "fifo", "legacy"


def arranged(items: list[Item], options: Mapping[str, Any] | None, context: Context) -> list[Item]:
    """Sorted by a kustomization's ``sortOptions``. Raises RenderError."""
    if options is None:
        return _legacy(items, kustomize.kind_rank)
    order, legacy = options.get("order", ""), options.get("legacySortOptions")
    if order not in (FIFO, LEGACY):
        raise context.error(
            f"the field 'sortOptions.order' must be one of [{FIFO}, {LEGACY}], found {order!r}",
            "order",
        )
    if order == FIFO:
        if legacy is not None:
            raise context.error(
                "the field 'sortOptions.legacySortOptions' is set but the selected sort order is"
                f" '{FIFO}', not '{LEGACY}'",
                "legacySortOptions",
            )
        return items
    if legacy is None:
        return _legacy(items, kustomize.kind_rank)
    first, last = legacy.get("orderFirst", ()), legacy.get("orderLast", ())
    ranks = {kind: index - len(first) for index, kind in enumerate(first)}
    ranks |= {kind: index + 1 for index, kind in enumerate(last)}
    return _legacy(items, lambda kind: ranks.get(kind, 0))


def _legacy(items: list[Item], rank: Callable[[str], int]) -> list[Item]:
    def key(item: Item) -> tuple[int, bytes, bytes]:
        it = item.id
        group, version, kind = it.kind
        name = f"{group or '~G'}_{version or '~V'}_{kind or '~K'}"
        full = f"{it.kind}|{it.namespace or '~X'}|{it.name or '~N'}"
        if kind == "Namespace":  # the core one before those of other groups
            name = f"{bool(group):d}{name}"
        return rank(kind), name.encode(), full.encode()

    return sorted(items, key=key)
