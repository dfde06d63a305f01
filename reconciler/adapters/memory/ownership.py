"""Who owns which field: the rules of server-side apply and of plain updates. Pure.

In: an object before and after (or what is applied over it), its entries, and who writes. Out: the
object as it becomes, and its entries. The server calls it for each write. An applier owns exactly
what it applies; an updater owns what it changed; whoever changes a field takes it from all
others, an applier only by force or if the value stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.adapters.memory import footprint, merge
from reconciler.adapters.memory.compare import Comparison, compare
from reconciler.adapters.memory.entries import (
    NOBODY,
    UPDATE,
    Entry,
    Key,
    Writer,
    capped,
    ordered,
)
from reconciler.adapters.memory.fields import NOTHING, FieldSet, Path
from reconciler.adapters.memory.items import same
from reconciler.schema.typed import Shape

BEFORE_APPLY = "before-first-apply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A field that someone else owns and that would change."""

    owner: Entry
    path: Path


class Conflicts(Exception):
    """An apply without force met other owners."""

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        super().__init__()
        self.conflicts = conflicts


def apply(
    live: Mapping[str, Any],
    applied: Mapping[str, Any],
    entries: Iterable[Entry],
    shape: Shape,
    writer: Writer,
    *,
    force: bool,
) -> tuple[Mapping[str, Any], tuple[Entry, ...]]:
    """The object with ``applied`` merged into it. ``live`` is {} where there was none.

    Raises Conflicts.
    """
    known = {entry.key: entry for entry in entries}
    if live and not known:
        known = _before_first_apply(live, shape, writer)
    stated = writer.heeded(footprint.field_set(applied, shape))
    ours = writer.entry(stated - NOBODY)
    last = known.pop(ours.key, None)
    merged = merge.merge(live, applied, shape) if live else applied
    if last is not None and not last.fields <= stated:
        owned = stated.union(*(entry.fields for entry in known.values()))
        merged = _without_dropped(merged, last.fields, owned, shape)
    known[ours.key] = ours
    if live:
        change = compare(live, merged, shape)
        known = _take_from_others(known, _heed(change, writer), ours.key, force=force)
        if same(live, merged):
            known[ours.key] = replace(ours, time=last.time if last else "")
    if not ours.fields:
        known.pop(ours.key, None)
    return merged, ordered(known.values())


def update(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    entries: Iterable[Entry],
    shape: Shape,
    writer: Writer,
) -> tuple[Entry, ...]:
    """The entries once ``writer`` has made ``new`` of ``old`` ({} where there was none)."""
    known = {entry.key: entry for entry in entries}
    if old and not known:
        return ()  # an object whose owners were forgotten is not followed until it is applied
    known = _updated(old, new, known, shape, writer)
    return ordered(capped(known.values()))


def _updated(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    known: dict[Key, Entry],
    shape: Shape,
    writer: Writer,
) -> dict[Key, Entry]:
    change = _heed(compare(old, new, shape), writer)
    known = _take_from_others(known, change, None, force=True)
    taken = change.taken - NOBODY
    if taken:
        ours = writer.entry(taken)
        before = known.get(ours.key)
        known[ours.key] = replace(ours, fields=taken | before.fields) if before else ours
    return known


def _heed(change: Comparison, writer: Writer) -> Comparison:
    return Comparison(
        added=writer.heeded(change.added),
        modified=writer.heeded(change.modified),
        removed=writer.heeded(change.removed),
    )


def _before_first_apply(live: Mapping[str, Any], shape: Shape, writer: Writer) -> dict[Key, Entry]:
    """An object without entries is treated as if someone had made it just now."""
    someone = replace(writer, manager=BEFORE_APPLY, operation=UPDATE)
    return _updated({}, live, {}, shape, someone)


def _take_from_others(
    known: dict[Key, Entry], change: Comparison, ours: Key | None, *, force: bool
) -> dict[Key, Entry]:
    """What was changed or removed leaves every entry but ``ours``. Raises Conflicts."""
    left: dict[Key, Entry] = {}
    conflicts: list[Conflict] = []
    for key, entry in known.items():
        if key == ours:
            left[key] = entry
            continue
        lost = entry.fields & change.taken
        conflicts += (Conflict(owner=entry, path=path) for path in sorted(lost))
        rest = entry.fields - lost - change.removed
        if rest:
            left[key] = entry if rest == entry.fields else replace(entry, fields=rest)
    if conflicts and not force:
        raise Conflicts(tuple(conflicts))
    return left


def _without_dropped(merged: Any, last: FieldSet, owned: FieldSet, shape: Shape) -> Any:
    """``merged`` without what is in ``last`` and that nobody owns now."""
    dropped = footprint.named(last, shape)
    pruned = merge.remove(merged, dropped, shape)
    present = footprint.named(footprint.field_set(merged, shape), shape)
    kept = footprint.named(_fields_of(pruned, shape), shape) | footprint.named(owned, shape)
    pruned = merge.remove(merged, present - kept, shape)
    gone = present - footprint.named(_fields_of(pruned, shape), shape)
    return merge.remove(merged, gone & dropped, shape)


def _fields_of(value: Any, shape: Shape) -> FieldSet:
    return NOTHING if value is None else footprint.field_set(value, shape)
