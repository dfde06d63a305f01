"""Strings that are one and the same in several places of an object.

A label that kustomize adds in several places at once (metadata, selector, template) is one node
of YAML there: whoever changes it later in one place, by a patch or by another label of that
name, changes it everywhere. People's overlays have come to rest on that, so we do the same: an
Item's books hold the groups of places, and every step that changes values in place settles them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.documents.scalars import Word
from reconciler.documents.styles import kind
from reconciler.render import places
from reconciler.render.places import Place
from reconciler.render.scalars import is_scalar

Group = tuple[Place, ...]
Groups = tuple[Group, ...]
Moved = Callable[[Place], Place | None]
_ANNOTATIONS: Place = ("metadata", "annotations")


def settled(
    before: Any, after: Any, groups: Groups, moved: Moved = lambda place: place
) -> tuple[Any, Groups]:
    """``after`` with what changed in one place of a group changed in all that are left, and the
    groups as they are then.

    ``moved`` is where a place is in ``after``; None where that is another node. A place that was
    gone by ``before`` is in no group, though it may be there again.
    """
    left: list[Group] = []
    for group in groups:
        changed, living = None, []
        for place in sorted(group, key=_order):
            old = places.at(before, place)
            now = None if old is places.NOWHERE else moved(place)
            if now is None:
                continue
            living.append(now)
            new = places.at(after, now)
            if _is_other(old, new):
                changed = new
        if changed is not None:
            after = _written(after, living, changed)
        if len(living) > 1:
            left.append(group if set(living) == {*group} else tuple(living))
    return after, tuple(left)


def _written(value: Any, living: list[Place], changed: Any) -> Any:
    for place in living:
        there, wanted = places.at(value, place), _at(place, changed)
        if there is not places.NOWHERE and _is_other(there, wanted):
            value = places.put(value, place, wanted)
    return value


def apart(groups: tuple[Group, ...], is_apart: Callable[[Place], bool]) -> tuple[Group, ...]:
    """The groups without those places, whose maps were made anew."""
    if not any(is_apart(place) for group in groups for place in group):
        return groups
    left = (tuple(place for place in group if not is_apart(place)) for group in groups)
    return tuple(group for group in left if len(group) > 1)


def is_annotation(place: Place) -> bool:
    """Whether it is one of the object's own annotations."""
    return place[:-1] == _ANNOTATIONS


def _at(place: Place, value: Any) -> Any:
    """A word without quotes is text in the object's annotations, and elsewhere what it reads as."""
    is_word = value.__class__ is Word and not is_annotation(place)
    return value.value if is_word else value


def _is_other(old: Any, new: Any) -> bool:
    """Whether a scalar is written over another."""
    if new is old or new is places.NOWHERE or not is_scalar(new):
        return False
    return new != old or (new.__class__ is not old.__class__ and kind(new) is not kind(old))


def _order(place: Place) -> tuple[str, ...]:
    """Maps are gone through in the order of their keys; the last one stands."""
    return tuple(map(str, place))


def added(maps: list[Place], before: list[Any], keys: tuple[str, ...]) -> tuple[Group, ...]:
    """The groups of keys that are new in more than one of these maps, which were ``before``."""
    groups = []
    for key in keys:
        new = [
            (*place, key)
            for place, old in zip(maps, before, strict=True)
            if not isinstance(old, dict) or key not in old
        ]
        if len(new) > 1:
            groups.append(tuple(new))
    return tuple(groups)
