"""The order of the output: by kind as kustomize has always done it, or as it came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from reconciler.render.context import Context
from reconciler.render.ids import Kind
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
    alone = rank("Namespace") != 0  # the core one comes before those of other groups, then

    def key(item: Item) -> tuple[int, str, str]:
        it = item.id
        place = f"{it.namespace or '~X'}|{it.name or '~N'}"
        return rank(it.kind.kind), _shown(it.kind, alone), place

    return sorted(items, key=key)


@lru_cache(4096)
def _shown(kind: Kind, alone: bool) -> str:
    """A kind as it is compared with others of its rank; ``alone`` is whether Namespaces have one
    of their own.
    """
    name = f"{kind.group or '~G'}_{kind.version or '~V'}_{kind.kind or '~K'}"
    if alone and kind.kind == "Namespace":
        return f"{bool(kind.group):d}{name}"
    return name
