"""Drift in words: which of our fields are otherwise, and whose they are now.

In: what we want, the whole live object, and the rules of its drift. Out: Findings, a change and
its mode each. What managedFields says of a writer is a claim: anybody can write under any name,
and a field that was removed belongs to nobody.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from reconciler.model import fields
from reconciler.model.fields import Item, Path
from reconciler.model.journal import Change
from reconciler.model.objects import live_of
from reconciler.model.refs import ObjectRef
from reconciler.model.rules import DriftMode, DriftRule
from reconciler.model.values import ManagedEntry
from reconciler.plan import differ, fieldtrees, masks, modes, ownership

MOST = 50  # changes of one object that are told
_NOBODY = ManagedEntry(
    manager="", operation="", subresource="", api_version="", time="", fields=b"{}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A change of one field, and what the rules say about that.

    ``differs`` is false where others hold the field and its value is as wanted all the same.
    """

    path: Path
    change: Change
    mode: DriftMode
    differs: bool = True


def gone() -> Change:
    """The whole object is not there."""
    return Change(path="", wanted="present", found="absent")


def unseen() -> Change:
    """The object was rewritten by our apply, though no field of ours had another value."""
    return Change(path="", wanted="as applied", found="in another form")


def changes(
    ref: ObjectRef, body: bytes, obj: Mapping[str, Any], rules: tuple[DriftRule, ...]
) -> tuple[Found, ...]:
    """What of ``body`` is otherwise in the live object, or held by others; ignored fields, and
    changes beyond the first MOST, are left out."""
    live = live_of(obj)
    trees = {entry: fieldtrees.parsed(entry.fields) for entry in live.managed}
    wanted = orjson.loads(body)
    found = [
        _told(
            ref,
            row,
            _NOBODY if row.found is differ.ABSENT else _owner(row.path, trees),
            modes.mode_in(rules, row.path, wanted),
        )
        for row in differ.differences(_compared(wanted), obj, fieldtrees.union(trees.values()))
        if not _is_default(row, trees)
    ]
    known = {each.path for each in found}
    found += [each for each in _taken(ref, wanted, trees, rules) if not _within(each.path, known)]
    return tuple(each for each in found if each.mode is not DriftMode.IGNORE)[:MOST]


def _compared(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Without what names the object: it is the object that we read."""
    names = ("apiVersion", "kind")
    return {key: value for key, value in wanted.items() if key not in names}


def _within(path: Path, known: set[Path]) -> bool:
    return any(path[:length] in known for length in range(1, len(path) + 1))


def _is_default(row: differ.Difference, trees: Mapping[ManagedEntry, fieldtrees.Tree]) -> bool:
    """Whether the API server filled in a whole that is ours alone, such as an atomic list's items:
    whoever else puts something into it owns it from then on."""
    if row.found is differ.ABSENT or not differ.same(row.wanted, row.found, beyond=True):
        return False
    return ownership.is_ours(_owner(row.path, trees))


def _owner(path: Path, trees: Mapping[ManagedEntry, fieldtrees.Tree]) -> ManagedEntry:
    """Who holds the field: another than we, the newest first; else we ourselves, by whom a change
    under our name, or of a list's order, is shown."""
    holders = [entry for entry, tree in trees.items() if fieldtrees.owns(tree, path)]
    others = [entry for entry in holders if not ownership.is_ours(entry)]
    return max(others or holders, key=lambda entry: entry.time, default=_NOBODY)


def _taken(
    ref: ObjectRef,
    wanted: Mapping[str, Any],
    trees: Mapping[ManagedEntry, fieldtrees.Tree],
    rules: tuple[DriftRule, ...],
) -> Iterator[Found]:
    """Fields that others hold and we no longer do, though their values are the same."""
    ours = fieldtrees.union(tree for entry, tree in trees.items() if ownership.is_ours(entry))
    for entry, tree in trees.items():
        if ownership.is_ours(entry):
            continue
        for path in fieldtrees.leaves(tree):
            value = value_at(wanted, path)
            if value is not differ.ABSENT and not fieldtrees.owns(ours, path):
                row = differ.Difference(path=path, wanted=value, found=value)
                mode = modes.mode_in(rules, path, wanted)
                yield dataclasses.replace(_told(ref, row, entry, mode), differs=False)


def _told(ref: ObjectRef, row: differ.Difference, owner: ManagedEntry, mode: DriftMode) -> Found:
    path = row.path
    change = Change(
        path=fields.show(path),
        wanted=masks.shown(ref, path, row.wanted),
        found=masks.shown(ref, path, row.found),
        manager=owner.manager[:128],
        operation=owner.operation,
        subresource=owner.subresource,
        since=owner.time,
        rule=fields.rule(path),
    )
    return Found(path=path, change=change, mode=mode)


def value_at(value: Any, path: Path) -> Any:
    """The JSON value at a path, or ABSENT."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step, differ.ABSENT)
        elif isinstance(value, list) and isinstance(step, Item):
            value = next((each for each in value if fieldtrees.is_item(each, step)), differ.ABSENT)
        elif isinstance(value, list) and isinstance(step, fields.Element):
            words = [orjson.dumps(each).decode() for each in value]
            value = value[words.index(step.value)] if step.value in words else differ.ABSENT
        else:
            return differ.ABSENT
    return value
