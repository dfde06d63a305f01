"""Strings that are one and the same in several places of an object.

A label that kustomize adds in several places at once (metadata, selector, template) is one node
of YAML there: whoever changes it later in one place, by a patch or by another label of that
name, changes it everywhere. People's overlays have come to rest on that, so we do the same: an
Item's books hold the groups of places, and every step that changes values in place settles them.
"""

from __future__ import annotations

from typing import Any

from reconciler.render import places
from reconciler.render.places import Place

Group = tuple[Place, ...]


def settled(before: Any, after: Any, groups: tuple[Group, ...]) -> tuple[Any, tuple[Group, ...]]:
    """``after`` with what changed in one place of a group changed in all that are left, and the
    groups: a place that was gone by ``before`` is in none, though it may be there again.
    """
    left = groups
    for group in groups:
        changed, gone, living = None, False, group
        for place in sorted(group, key=_order):
            old, new = places.at(before, place), places.at(after, place)
            if old is places.NOWHERE:
                gone = True
            elif isinstance(new, str) and new != old:
                changed = new
        if gone:
            left = tuple(one for one in left if one is not group)
            living = tuple(one for one in group if places.at(before, one) is not places.NOWHERE)
            left += (living,) if len(living) > 1 else ()
        if changed is not None:
            for place in living:
                if places.at(after, place) not in (changed, places.NOWHERE):
                    after = places.put(after, place, changed)
    return after, left


def _order(place: Place) -> tuple[str, ...]:
    """Maps are gone through in the order of their keys; the last one stands."""
    return tuple(map(str, place))


def added(before: Any, maps: list[Place], keys: tuple[str, ...]) -> tuple[Group, ...]:
    """The groups of keys that are new in more than one of these maps."""
    groups = []
    for key in keys:
        new = [(*place, key) for place in maps if not _has(places.at(before, place), key)]
        if len(new) > 1:
            groups.append(tuple(new))
    return tuple(groups)


def _has(value: Any, key: str) -> bool:
    return isinstance(value, dict) and key in value
