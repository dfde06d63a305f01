"""Nothing at all between braces (``{labels: }``): text when it is printed, null to most steps.

kustomize has a node without a value there, which it quotes only when it writes it out between
braces. A merge, and what passes through JSON, see to that themselves.
"""

from __future__ import annotations

from typing import Any

from reconciler.render import places
from reconciler.render.items import Item, Path, Step, Value

_KNOWING = frozenset(
    ("PatchStrategicMergeTransformer", "PatchTransformer", "PatchJson6902Transformer")
)


def step(kind: str, run: Step) -> Step:
    """A transformer's step, to which such fields are null if it is not one that knows of them."""
    return run if kind in _KNOWING else as_nulls(run)


def as_nulls(run: Step) -> Step:
    """A step to which such fields are null. It gives the items back in their order."""

    def nulled(items: list[Item]) -> list[Item]:
        found = [_braced(item) if item.books.blanks else [] for item in items]
        if not any(found):
            return run(items)
        after = run([_put(item, paths, "", None) for item, paths in zip(items, found, strict=True)])
        return [_put(item, paths, None, "") for item, paths in zip(after, found, strict=True)]

    return nulled


def _braced(item: Item) -> list[Path]:
    return [path for path in item.books.blanks if places.at(item.value, path) == ""]


def _put(item: Item, paths: list[Path], old: Any, new: Any) -> Item:
    value: Value = item.value
    owned = set[int]()
    for path in paths:
        if places.at(value, path) == old:
            value = places.put(value, path, new, owned)
    return item.with_value(value)
