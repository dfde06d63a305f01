"""Strategic merge: one patch laid over one object.

Maps are merged key by key, null deletes, lists are replaced unless the kind's schema gives
them merge keys (``keyed``). ``directives`` steer a map, a list's item or a list; a scalar takes
the style of the one that it comes over (``styles``). Every rule here has a golden case.
"""

from __future__ import annotations

from typing import Any

from reconciler.documents import styles
from reconciler.documents.scalars import BRACED, Doubled, NoString, Unsupported
from reconciler.render import directives, keyed
from reconciler.render.directives import ABSENT, is_blank, is_void
from reconciler.render.fieldspecs import Unfit, node_kind
from reconciler.render.places import Place
from reconciler.schema.openapi import Shape, Shapes

_REMEMBERED = 50_000  # values


class Merger:
    """Merges by one set of schemas; remembers what it need not look at again.

    ``merges`` is how many patches it has laid over something.
    """

    def __init__(self, shapes: Shapes) -> None:
        self.merges = 0
        self._shapes = shapes
        self._alone: dict[tuple[int, int], tuple[Any, Any]] = {}

    def merge(self, target: Any, patch: Any) -> Any:
        """``target`` with ``patch`` laid over it, ABSENT if the patch deletes it. Raises Unfit."""
        self.merges += 1
        merged = self.walk(target, patch, None)
        try:
            return styles.settled(merged) if styles.is_unsettled(patch) else merged
        except Unsupported as unsupported:
            raise Unfit(str(unsupported)) from None

    def keys_at(self, value: Any, place: Place) -> tuple[str, ...]:
        """The fields that tell apart the items of the list at a place; none of an atomic one."""
        shape = None
        for part in place:
            shape = shape or self._shape_of(value)
            if shape is None:
                return ()
            shape = shape.elements() if isinstance(value, list) else shape.field(str(part))
            value = value[part]
        return shape.keys if shape is not None and shape.merges else ()

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
            return ABSENT if is_blank(target) else styles.added(target)
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
        patch = None if patch is BRACED else patch
        shape = shape or self._shape_of(target) or self._shape_of(patch)
        kinds = [node_kind(side) for side in (target, patch) if not is_void(side)]
        kind = kinds[0] if kinds else "MappingNode"
        if kinds and kinds[-1] != kind:
            raise Unfit(f"wrong node kind: expected {kind} but got {kinds[-1]}")
        if kind == "MappingNode":
            return self._walk_map(target, patch, shape)
        if kind == "SequenceNode" and shape is not None and shape.merges:
            return self._walk_list(target, patch, shape)
        if patch is ABSENT:
            return target
        if kind == "SequenceNode":
            return _as_it_stands(patch)
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
        directive, rest = directives.of_map(patch)
        if directive == "delete" or (patch is None and not is_void(target)):
            return ABSENT
        if is_void(target):
            if patch is ABSENT:
                return ABSENT if is_blank(target) else target
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
            if is_void(new):
                result.pop(key, None)
            else:
                result[key] = new
        return result

    def _walk_list(self, target: Any, patch: Any, shape: Shape) -> Any:
        if is_void(target):
            if not isinstance(patch, list):
                return patch
            target = patch
        elif patch is None:
            return ABSENT
        else:
            directive, rest = keyed.directive(patch)
            if directive == "delete":
                return ABSENT
            if directive == "replace" or target is patch:
                target = rest
            patch = rest
        return keyed.merge(target, patch, shape, self.walk)


def _as_it_stands(value: Any) -> Any:
    """A list that a patch puts in the place of another. Raises Unfit for a bad key in it.

    It is not merged, so that its nulls stay; nothing at all between braces is printed as text.
    """
    if isinstance(value, list):
        return keyed.same([_as_it_stands(item) for item in value], value)
    if isinstance(value, dict):
        for key in value:
            if isinstance(key, NoString):
                raise _bad_key(key)
        made = {key: _as_it_stands(item) for key, item in value.items()}
        return value if all(made[key] is value[key] for key in value) else made
    return "" if value is BRACED else value


def _bad_key(key: NoString) -> Unfit:
    if isinstance(key, Doubled):
        return Unfit(f'mapping key "{key}" already defined')
    return Unfit(f"the key {key} is not a string: quote it")
