"""Whose each field of a live object is, what we set there, and what the next apply would do.

In: what we want of an object, the whole live object, and its drift rules. Out: a Field a leaf of
anybody's ownership. Used by ``explain``; nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from reconciler.model import fields
from reconciler.model.fields import Path
from reconciler.model.objects import live_of
from reconciler.model.refs import ObjectRef
from reconciler.model.rules import DriftMode, DriftRule
from reconciler.model.values import ManagedEntry
from reconciler.plan import differ, explain, fieldtrees, masks, modes, ownership


class Would(StrEnum):
    """What the next look at the object would do with a field."""

    KEEP = "keep"  # ours, and as we want it
    PUT_BACK = "put back"
    HOLD_AGAIN = "hold again"  # as we want it, and ours to hold
    WARN = "warn"  # otherwise, and left so
    IGNORE = "ignore"  # left to others whatever it is
    DROP = "drop"  # ours, and no longer wanted
    LEAVE = "leave"  # not set by us


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """``wanted`` and ``found`` are as shown to people, secrets masked, ``""`` for not there."""

    path: Path
    owners: tuple[ManagedEntry, ...]
    wanted: str
    found: str
    would: Would


_OTHERWISE: Mapping[DriftMode, Would] = {
    DriftMode.CORRECT: Would.PUT_BACK,
    DriftMode.WARN: Would.WARN,
    DriftMode.IGNORE: Would.IGNORE,
}


def fields_of(
    ref: ObjectRef, body: bytes, obj: Mapping[str, Any], rules: tuple[DriftRule, ...]
) -> tuple[Field, ...]:
    """In the order of their paths as shown; ``body`` is what we apply, as JSON."""
    wanted = orjson.loads(body)
    trees = {entry: fieldtrees.parsed(entry.fields) for entry in live_of(obj).managed}
    ignored = tuple(map(fields.parse, modes.ignored(rules, wanted)))
    changed = {each.path: each for each in explain.changes(ref, body, obj, rules)}
    found = [
        Field(
            path=path,
            owners=tuple(entry for entry, tree in trees.items() if fieldtrees.owns(tree, path)),
            wanted=_shown(ref, path, wanted),
            found=_shown(ref, path, obj),
            would=_would(path, wanted, trees, changed, ignored),
        )
        for path in _paths(trees.values(), changed)
    ]
    return tuple(sorted(found, key=lambda each: fields.show(each.path)))


def _paths(
    trees: Iterable[fieldtrees.Tree], changed: Mapping[Path, explain.Found]
) -> Iterator[Path]:
    """Each leaf that somebody owns; a changed field stands for all below it."""
    yield from changed
    seen = set(changed)
    for path in fieldtrees.leaves(fieldtrees.union(trees)):
        if not any(path[:length] in seen for length in range(1, len(path) + 1)):
            seen.add(path)
            yield path


def _shown(ref: ObjectRef, path: Path, value: Any) -> str:
    found = explain.value_at(value, path)
    return "" if found is differ.ABSENT else masks.shown(ref, path, found)


def _would(
    path: Path,
    wanted: Mapping[str, Any],
    trees: Mapping[ManagedEntry, fieldtrees.Tree],
    changed: Mapping[Path, explain.Found],
    ignored: tuple[Path, ...],
) -> Would:
    change = changed.get(path)
    if change is not None:
        return _OTHERWISE[change.mode] if change.differs else Would.HOLD_AGAIN
    is_wanted = explain.value_at(wanted, path) is not differ.ABSENT
    told = fieldtrees.told_at(path, wanted)
    if is_wanted and any(fields.covers(pattern, told) for pattern in ignored):
        return Would.IGNORE
    if is_wanted:
        return Would.KEEP
    is_held = any(
        ownership.is_ours(entry) and not entry.subresource and fieldtrees.owns(tree, path)
        for entry, tree in trees.items()
    )
    return Would.DROP if is_held else Would.LEAVE
