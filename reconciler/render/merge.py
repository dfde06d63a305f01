"""Strategic merge: one patch laid over one object.

Maps are merged key by key, null deletes, lists are replaced unless the kind's schema gives
them merge keys. ``$patch: delete``, ``replace`` and ``merge`` steer a map, a list's item or a
list. The order of a merged list and what becomes of items without their keys follow kustomize
exactly, even where that is surprising; every rule here has a golden case.
"""

from __future__ import annotations

from typing import Any

from reconciler.documents import styles
from reconciler.documents.scalars import BLANK, BRACED, Doubled, NoString
from reconciler.render.fieldspecs import Unfit, node_kind
from reconciler.render.places import Place
from reconciler.render.scalars import CONTAINERS, text
from reconciler.schema.openapi import Shape, Shapes

DIRECTIVE = "$patch"
_REMEMBERED = 50_000  # values
_DIRECTIVES = ("delete", "replace", "merge")


class _Absent:
    """Where a side has nothing at all, which is not the same as null."""


ABSENT = _Absent()


class Merger:
    """Merges by one set of schemas; remembers what it need not look at again."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._alone: dict[tuple[int, int], tuple[Any, Any]] = {}

    def merge(self, target: Any, patch: Any) -> Any:
        """``target`` with ``patch`` laid over it, ABSENT if the patch deletes it. Raises Unfit."""
        return self.walk(target, patch, None)

    def reaches(self, value: Any, place: Place) -> bool:
        """Whether a merge comes by a place: into a list only where its items have keys."""
        shape = None
        for part in place:
            shape = shape or self._shape_of(value)
            if isinstance(value, list):
                if shape is None or not shape.merges:
                    return False
                shape = shape.elements()
            else:
                shape = shape.field(str(part)) if shape else None
            value = value[part]
        return True

    def walk(self, target: Any, patch: Any, shape: Shape | None) -> Any:
        """One field or item of both sides."""
        if patch is ABSENT:
            return self._left_alone(target, shape)
        return self._walk(target, patch, shape)

    def _left_alone(self, target: Any, shape: Shape | None) -> Any:
        """What no patch comes to can change all the same: blanks go, lists are put in order."""
        kind = target.__class__
        if kind is not dict and kind is not list:
            return ABSENT if _is_blank(target) else styles.added(target)
        key = (id(target), id(shape))
        found = self._alone.get(key)
        if found is not None and found[0] is target:
            return found[1]
        result = self._walk(target, ABSENT, shape)
        if len(self._alone) >= _REMEMBERED:
            self._alone.clear()
        self._alone[key] = (target, result)
        return result

    def _walk(self, target: Any, patch: Any, shape: Shape | None) -> Any:
        shape = shape or self._shape_of(target) or self._shape_of(patch)
        kind = next((node_kind(side) for side in (target, patch) if not _void(side)), "MappingNode")
        for side in (target, patch):
            if not _void(side) and node_kind(side) != kind:
                raise Unfit(f"wrong node kind: expected {kind} but got {node_kind(side)}")
        if kind == "MappingNode":
            return self._walk_map(target, patch, shape)
        if kind == "SequenceNode" and shape is not None and shape.merges:
            return self._walk_list(target, patch, shape)
        if patch is ABSENT:
            return target
        if kind == "SequenceNode":
            return _checked(patch)
        if target is patch or target is ABSENT:
            return styles.added(patch)
        return styles.over(target, patch)

    def _shape_of(self, side: Any) -> Shape | None:
        """An object inside an object brings its own schema."""
        if not isinstance(side, dict):
            return None
        api_version, kind = side.get("apiVersion"), side.get("kind")
        if not isinstance(api_version, str) or not isinstance(kind, str):
            return None
        return self._shapes.of(api_version, kind)

    def _walk_map(self, target: Any, patch: Any, shape: Shape | None) -> Any:
        directive, rest = _map_directive(patch)
        if directive == "delete" or (patch is None and not _void(target)):
            return ABSENT
        if _void(target):
            if patch is ABSENT:
                return ABSENT if _is_blank(target) else target
            if not isinstance(rest, dict):
                return rest
            target = rest  # what the patch adds is merged with itself, which drops its nulls
        elif directive == "replace" or target is patch:
            target = rest
        if rest is ABSENT:
            return self._merge_fields(target, {}, shape, alone=True)
        return self._merge_fields(target, rest, shape, alone=False)

    def _merge_fields(
        self, target: dict[str, Any], patch: dict[str, Any], shape: Shape | None, *, alone: bool
    ) -> dict[str, Any]:
        result = target
        for key in patch if target is patch else patch.keys() - target.keys():
            if isinstance(key, NoString) and (target is patch or key.__class__ is not Doubled):
                raise _bad_key(key)
        for key in target if alone or target is patch else sorted({*target, *patch}):
            if key.__class__ is Doubled:
                continue
            old = target.get(key, ABSENT)
            field = shape.field(key) if shape else None
            new = self.walk(old, ABSENT if alone else patch.get(key, ABSENT), field)
            if new is old:
                if new is not None or alone or key not in patch:
                    continue
                new = ABSENT
            if result is target:
                result = target.copy()
            if _void(new):
                result.pop(key, None)
            else:
                result[key] = new
        return result

    def _walk_list(self, target: Any, patch: Any, shape: Shape) -> Any:
        if _void(target):
            if not isinstance(patch, list):
                return patch
            target = patch
        elif patch is None:
            return ABSENT
        else:
            directive, rest = _list_directive(patch)
            if directive == "delete":
                return ABSENT
            if directive == "replace" or target is patch:
                target = rest
            patch = rest
        if shape.keys:
            wanted = _unique(_key_values(side, shape.keys) for side in (patch, target))
        else:
            wanted = _unique(_item_values(side) for side in (patch, target))
        lists = _Lists(target, patch, shape, self)
        return _same(lists.merge(wanted), target)


def _void(side: Any) -> bool:
    return side is None or side is ABSENT or _is_blank(side)


def _is_blank(side: Any) -> bool:
    return side is BLANK or side is BRACED


def _checked(value: Any) -> Any:
    """A list that a patch puts in place of another. Raises Unfit where it holds a bad key."""
    _check_keys(value)
    return styles.settled(value)


def _check_keys(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _check_keys(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, NoString):
                raise _bad_key(key)
            _check_keys(item)


def _bad_key(key: NoString) -> Unfit:
    if isinstance(key, Doubled):
        return Unfit(f'mapping key "{key}" already defined')
    return Unfit(f"the key {key} is not a string: quote it")


# -- directives ----------------------------------------------------------------


def _map_directive(patch: Any) -> tuple[str, Any]:
    """A map's directive, and the map without it. Raises Unfit."""
    if not isinstance(patch, dict) or DIRECTIVE not in patch:
        return "merge", patch
    directive = text(patch[DIRECTIVE])
    if directive not in _DIRECTIVES:
        raise Unfit(f"unknown patch strategy '{directive}'")
    return directive, {key: value for key, value in patch.items() if key != DIRECTIVE}


# -- lists with merge keys -----------------------------------------------------


def _same(new: list[Any], old: list[Any]) -> list[Any]:
    """The old list where the new one holds the same items, so that it stays shared."""
    if len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True)):
        return old
    return new


def _list_directive(patch: Any) -> tuple[str, Any]:
    """A list's directive, given by an item that is nothing else; and the list without it."""
    if not isinstance(patch, list):
        return "merge", patch
    marks = [item for item in patch if isinstance(item, dict) and DIRECTIVE in item]
    if not marks or len(marks[0]) > 1:
        return "merge", patch
    directive = text(marks[0][DIRECTIVE])
    if directive not in _DIRECTIVES:
        raise Unfit(f"unknown patch strategy '{directive}'")
    return directive, _set_item(patch, (DIRECTIVE,), (directive,), ABSENT)


def _key_values(side: Any, keys: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not isinstance(side, list):
        return []
    return [tuple(_key_value(item, key) for key in keys) for item in side]


def _key_value(item: Any, key: str) -> str:
    value = item.get(key) if isinstance(item, dict) else None
    return "" if _void(value) else text(value)


def _item_values(side: Any) -> list[tuple[str, ...]]:
    return [(text(item),) for item in side] if isinstance(side, list) else []


def _unique(sides: Any) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(values for side in sides for values in side))


class _Lists:
    """One merge of two lists by their keys."""

    def __init__(self, target: list[Any], patch: Any, shape: Shape, merger: Merger) -> None:
        self._target = target.copy()
        self._is_new = target is patch  # all of it comes from the patch, directives too
        self._patch = patch
        self._keys = shape.keys or ("",)
        self._items = shape.elements()
        self._merger = merger

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
            if _void(item) or item == {}:
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
        new = self._merger.walk(old, patch, self._items)
        replaces = _map_directive(patch)[0] == "replace" and not self._is_new
        if at is not None and isinstance(new, dict) and not replaces:
            self._target[at] = new
        return new


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
        if _void(old) or old == {}:
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
            if not isinstance(item, dict) and not _void(item):
                raise Unfit(f"wrong node kind: expected MappingNode but got {node_kind(item)}")
            if _void(item) or _void(item.get(key)):
                result = [*result, item]
            else:
                values.append(text(item[key]))
        if len(keys) > 1:
            result = _set_item(result, keys, tuple(values), ABSENT)
        result = _set_item(result, keys, tuple(values), item)
    return result
