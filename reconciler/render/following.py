"""Where a place of an object is once a strategic merge patch was laid over it.

Maps stay where they are; the items of a list move, as a patch's own come first. What a patch puts
in the place of something (``$patch: replace``, a list whose items have no keys) is not the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.render.directives import ABSENT, DIRECTIVE
from reconciler.render.places import Place
from reconciler.render.scalars import text

Keys = Callable[[Place], tuple[str, ...]]


def followed(place: Place, before: Any, after: Any, patch: Any, keys: Keys) -> Place | None:
    """The place in ``after``, or None where the patch has put something else there.

    ``keys`` names the fields that tell the items of the list at a place apart; none where a
    patch's list takes its place.
    """
    way: Place = ()
    for number, part in enumerate(place):
        if patch is ABSENT and not any(isinstance(each, int) for each in place[number:]):
            return (*way, *place[number:])
        if isinstance(part, int):
            if patch is not ABSENT and (_replaces_list(patch) or not keys(place[:number])):
                return None
            names = () if patch is ABSENT else keys(place[:number])
            item = before[part]
            found = _index(after, item, names, part)
            if found is None:
                return None
            patch = ABSENT if after[found] == item else _item(patch, item, names)
            before, after, way = item, after[found], (*way, found)
        else:
            before = before.get(part) if isinstance(before, dict) else None
            after = after.get(part) if isinstance(after, dict) else None
            way = (*way, part)
            patch = patch.get(part, ABSENT) if isinstance(patch, dict) else ABSENT
        if isinstance(patch, dict) and patch.get(DIRECTIVE) == "replace":
            return None
    return way


def _replaces_list(patch: Any) -> bool:
    items = patch if isinstance(patch, list) else ()
    return any(
        isinstance(each, dict) and [*each.items()] == [(DIRECTIVE, "replace")] for each in items
    )


def _index(items: Any, item: Any, names: tuple[str, ...], at: int = 0) -> int | None:
    """Where an item is in another list, by its keys or, without any, as it is; ``at`` is likely."""
    if not isinstance(items, list):
        return None
    if at < len(items) and items[at] is item:
        return at
    if not names:
        return next((at for at, each in enumerate(items) if each is item or each == item), None)
    return next((at for at, each in enumerate(items) if _agree(each, item, names)), None)


def _item(patch: Any, item: Any, names: tuple[str, ...]) -> Any:
    at = _index(patch, item, names) if names else None
    return ABSENT if at is None else patch[at]


def _agree(one: Any, other: Any, names: tuple[str, ...]) -> bool:
    """Whether both have the same values of those keys that both have, and one of them at least."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    both = [name for name in names if name in one and name in other]
    return bool(both) and all(text(one[name]) == text(other[name]) for name in both)
