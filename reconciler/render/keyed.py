"""Strategic merge of lists whose items have keys: by name, port, or what they are.

The order of a merged list and what becomes of items without their keys follow kustomize exactly,
even where that is surprising; every rule here has a golden case. Called by ``merge``, which gives
its ``walk`` for what is below an item.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.render import directives
from reconciler.render.directives import ABSENT, DIRECTIVE, is_void
from reconciler.render.fieldspecs import Unfit, node_kind
from reconciler.render.scalars import CONTAINERS, text
from reconciler.schema.openapi import Shape

Walk = Callable[[Any, Any, Shape | None], Any]  # one field or item of both sides


def same(new: list[Any], old: list[Any]) -> list[Any]:
    """The old list where the new one holds the same items, so that it stays shared."""
    if len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True)):
        return old
    return new


def directive(patch: Any) -> tuple[str, Any]:
    """A list's directive, given by an item that is nothing else; and the list without it."""
    if not isinstance(patch, list):
        return "merge", patch
    marks = [item for item in patch if isinstance(item, dict) and DIRECTIVE in item]
    if not marks or len(marks[0]) > 1:
        return "merge", patch
    named = directives.checked(marks[0])
    return named, _set_item(patch, (DIRECTIVE,), (named,), ABSENT)


def _key_values(side: Any, keys: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not isinstance(side, list):
        return []
    return [tuple(_key_value(item, key) for key in keys) for item in side]


def _key_value(item: Any, key: str) -> str:
    value = item.get(key) if isinstance(item, dict) else None
    return "" if is_void(value) else text(value)


def _item_values(side: Any) -> list[tuple[str, ...]]:
    return [(text(item),) for item in side] if isinstance(side, list) else []


def _unique(sides: Any) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(values for side in sides for values in side))


def merge(target: list[Any], patch: Any, shape: Shape, walk: Walk) -> list[Any]:
    """Two lists merged by their keys, or by their items where those are scalars. Raises Unfit."""
    if shape.keys:
        wanted = _unique(_key_values(side, shape.keys) for side in (patch, target))
    else:
        wanted = _unique(_item_values(side) for side in (patch, target))
    return same(_Lists(target, patch, shape, walk).merge(wanted), target)


class _Lists:
    """One merge of two lists by their keys."""

    def __init__(self, target: list[Any], patch: Any, shape: Shape, walk: Walk) -> None:
        self._target = target.copy()
        self._is_new = target is patch  # all of it comes from the patch, directives too
        self._patch = patch.copy() if isinstance(patch, list) else patch
        self._keys = shape.keys or ("",)
        self._items = shape.elements()
        self._walk = walk

    def merge(self, wanted: list[tuple[str, ...]]) -> list[Any]:
        """The patch's items in its order, merged with the target's, then the target's others."""
        if len(self._keys) > 1:
            wanted = _complete(wanted)
        used = {
            key for values in wanted for key, value in zip(self._keys, values, strict=True) if value
        }
        keys = tuple(key for key in self._keys if key in used) or self._keys
        result: list[Any] = []
        for values in wanted:
            known = tuple(
                value for key, value in zip(self._keys, values, strict=True) if key in keys
            )
            item = self._merge_item(keys, known)
            if is_void(item) or item == {}:
                self._target = _set_item(self._target, keys, known, ABSENT)
            else:
                result = _set_item(result, keys, known, _with_keys(item, keys, known))
        return _append(result, self._target, keys) if wanted else self._target

    def _merge_item(self, keys: tuple[str, ...], values: tuple[str, ...]) -> Any:
        known = [(key, value) for key, value in zip(keys, values, strict=True) if value]
        pairs = known or list(zip(keys, values, strict=True))
        at = _find(self._target, pairs)
        old = ABSENT if at is None else self._target[at]
        found = None if not isinstance(self._patch, list) else _find(self._patch, pairs)
        patch = ABSENT if found is None else self._patch[found]
        new = self._walk(old, patch, self._items)
        replaces = directives.of_map(patch)[0] == "replace" and not self._is_new
        if at is not None and isinstance(new, dict) and not replaces:
            self._target[at] = new
        self._obey(at, found)
        return new

    def _obey(self, at: int | None, found: int | None) -> None:
        """The directive of a patch's item counts once; the item may be met again, if keys lack."""
        if found is None or not isinstance(self._patch[found], dict):
            return
        directive, rest = directives.of_map(self._patch[found])
        if rest is not self._patch[found]:
            self._patch[found] = rest
            if at is not None and self._is_new and directive == "delete":
                self._target[at] = rest  # which is one with the patch's, and may stay


def _complete(wanted: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Items that lack one of several keys take it from an item that agrees in the others."""
    wanted = wanted.copy()
    for i, first in enumerate(wanted):
        for j, second in enumerate(wanted):
            both = _agreement(first, second)
            if both is not None:
                wanted[i] = wanted[j] = both
    return wanted


def _agreement(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...] | None:
    pairs = list(zip(first, second, strict=True))
    if any(a != b and a and b for a, b in pairs) or not any(a == b for a, b in pairs):
        return None
    return tuple(a or b for a, b in pairs)


def _find(items: list[Any], pairs: list[tuple[str, str]]) -> int | None:
    """The first item with these values."""
    for index, item in enumerate(items):
        if not pairs[0][0]:
            if text(item) == pairs[0][1]:
                return index
        elif isinstance(item, dict) and all(
            key in item and _key_value(item, key) == value for key, value in pairs
        ):
            return index
    return None


def _with_keys(item: Any, keys: tuple[str, ...], values: tuple[str, ...]) -> Any:
    """An item with the keys that it was found by."""
    if not isinstance(item, dict):
        return item
    missing = {
        key: value for key, value in zip(keys, values, strict=True) if value and key not in item
    }
    return {**item, **missing} if missing else item


def _set_item(
    items: list[Any], keys: tuple[str, ...], values: tuple[str, ...], item: Any
) -> list[Any]:
    """``items`` with those that match replaced by ``item``, or it appended; ABSENT removes."""
    result: list[Any] = []
    matched = False
    for old in items:
        if is_void(old) or old == {}:
            continue
        if not isinstance(old, dict) and keys[0] and values and values[0]:
            result.append(old)
        elif not _matches(old, keys, values):
            if values:
                result.append(old)
        else:
            matched = True
            if item is not ABSENT:
                result.append(item)
    if item is not ABSENT and not matched:
        result.append(item)
    return result


def _matches(item: Any, keys: tuple[str, ...], values: tuple[str, ...]) -> bool:
    if not values:
        return False
    for key, value in zip(keys, values, strict=False):
        if not key:
            if isinstance(item, CONTAINERS):
                raise Unfit(f"wrong node kind: expected ScalarNode but got {node_kind(item)}")
            if text(item) != value:
                return False
            continue
        if not isinstance(item, dict):
            raise Unfit(f"wrong node kind: expected MappingNode but got {node_kind(item)}")
        if key not in item or (value and text(item[key]) != value):
            return False
    return True


def _append(result: list[Any], target: list[Any], keys: tuple[str, ...]) -> list[Any]:
    for item in target:
        if not keys[0]:
            result = _set_item(result, keys, (text(item),), item)
            continue
        values = []
        for key in keys:
            if not isinstance(item, dict) and not is_void(item):
                raise Unfit(f"wrong node kind: expected MappingNode but got {node_kind(item)}")
            if is_void(item) or is_void(item.get(key)):
                result = [*result, item]
            else:
                values.append(text(item[key]))
        if len(keys) > 1:
            result = _set_item(result, keys, tuple(values), ABSENT)
        result = _set_item(result, keys, tuple(values), item)
    return result
