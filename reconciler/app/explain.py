"""``reconciler explain``: one object of a site, field by field: whose it is, and what we would do.

In: the agent's state folder and the live object, read once. Out: an Explained, and its two forms.
Nothing is written anywhere.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from reconciler import ports
from reconciler.adapters import state
from reconciler.app import tables
from reconciler.engine import house, pauses
from reconciler.model import errors, fields
from reconciler.model.journal import Change, rule_to_paste
from reconciler.model.objects import live_of
from reconciler.model.pauses import Held
from reconciler.model.refs import ObjectRef
from reconciler.model.values import ManagedEntry, Record
from reconciler.plan import modes, owners
from reconciler.plan.owners import Would
from reconciler.status import note

_CELL = 40  # characters of a value in the table
_COLUMNS = ("FIELD", "OWNED BY", "VALUE", "WE WOULD")
_FINE = (Would.KEEP, Would.LEAVE, Would.IGNORE)
_SINGULAR: Mapping[Would, str] = {
    Would.PUT_BACK: "to be put back",
    Would.HOLD_AGAIN: "to be held again",
    Would.WARN: "otherwise, and left so",
    Would.DROP: "no longer wanted, to be given up",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """``what`` is empty where the object is there and is the one that we applied; ``held`` are
    pauses of it."""

    record: Record
    commit: str
    what: str
    uid: str
    fields: tuple[owners.Field, ...]
    held: tuple[Held, ...] = ()

    @property
    def is_fine(self) -> bool:
        return not self.what and all(each.would in _FINE for each in self.fields)


def look(ref: str, folder: Path, connect: Callable[[], ports.Cluster]) -> Explained:
    """``connect`` is called once the object is known. Raises UsageError, StateDamaged,
    StateUnavailable, ClusterUnavailable, ClusterRefused."""
    reading = state.open_reading(folder)
    try:
        record = _record(reading.records(), ref, reading.meta("site"))
        rules = house.read(reading.meta(house.RULES))
        commit = reading.meta("applied")
        paused = pauses.kept(reading.pauses(), reading.meta)
    finally:
        reading.close()
    held = tuple(each for each in paused if each.covers(record.ref))
    obj = connect().read(record.kind, record.ref.namespace, record.ref.name)
    if obj is None:
        what = "it is not in the cluster: it would be made anew"
        return Explained(record=record, commit=commit, what=what, uid="", fields=(), held=held)
    of_object = modes.of_manifest(rules, record.ref, orjson.loads(record.body))
    live = live_of(obj)
    return Explained(
        record=record,
        commit=commit,
        what=_strange(record, live.uid, is_deleting=live.deleting),
        uid=live.uid,
        fields=owners.fields_of(record.ref, record.body, obj, of_object),
        held=held,
    )


def _strange(record: Record, uid: str, *, is_deleting: bool) -> str:
    if is_deleting:
        return "it is being deleted: it would be made anew once it is gone"
    if uid != record.uid:
        return f"somebody made it anew (we applied uid {record.uid}): it would be taken over"
    return ""


def _record(records: Mapping[ObjectRef, Record], text: str, site: str) -> Record:
    try:
        ref = ObjectRef.parse(text)
    except ValueError as error:
        raise errors.UsageError(
            f"{text}: {error}; such as Deployment.apps/serving/triton or Namespace/serving"
        ) from None
    found = records.get(ref)
    if found is None:
        near = difflib.get_close_matches(text, map(str, records), n=3)
        known = f"; did you mean {', '.join(near)}?" if near else ""
        raise errors.UsageError(
            f"{ref} is none of the {len(records)} objects that {site or 'this site'} has applied:"
            f" nothing would be done to it{known}"
        )
    return found


def to_text(found: Explained) -> Iterator[str]:
    record, at = found.record, note.timestamp(found.record.applied_at)
    commit = f"; the site is at commit {found.commit[:12]}" if found.commit else ""
    yield str(record.ref)
    yield f"  from {record.origin or 'an unknown place'}, applied at {at}{commit}"
    if found.what:
        yield f"  {found.what}"
    for each in found.held:
        until = "a commit lets it go on" if each.until is None else note.timestamp(each.until)
        yield f"  nothing is written until {until}: paused, {note.short(each.reason)}"
    if found.fields:
        yield ""
        yield from tables.lines([_COLUMNS, *map(_cells, found.fields)])
        yield ""
        yield from _conclusion(found)


def _cells(each: owners.Field) -> tuple[str, ...]:
    is_other = each.would in (Would.PUT_BACK, Would.WARN) or (
        each.would is Would.IGNORE and each.wanted != each.found
    )
    wanted = f" (wanted {note.short(each.wanted or 'absent', _CELL)})" if is_other else ""
    holders = ", ".join(map(_owner, each.owners)) or "nobody"
    return (
        note.short(fields.show(each.path)),
        note.short(holders),
        note.short(each.found or "absent", _CELL),
        f"{each.would}{wanted}",
    )


def _owner(entry: ManagedEntry) -> str:
    part = f", {entry.subresource}" if entry.subresource else ""
    return f"{note.short(entry.manager, 64)} ({entry.operation}{part})"


def _conclusion(found: Explained) -> Iterator[str]:
    counts = Counter(each.would for each in found.fields)
    said = [f"{counts[would]} {words}" for would, words in _SINGULAR.items() if counts[would]]
    yield f"fields: {', '.join(said)}" if said else "nothing would be done"
    put_back = [each for each in found.fields if each.would is Would.PUT_BACK]
    if put_back:
        yield "to leave one to others, in site.yaml or under defaults in fleet.yaml:"
    for each in put_back:
        yield f"  {note.short(_rule(found.record.ref, each))}"


def _rule(ref: ObjectRef, each: owners.Field) -> str:
    change = Change(
        path=fields.show(each.path),
        wanted=each.wanted,
        found=each.found,
        rule=fields.rule(each.path),
    )
    return rule_to_paste(ref, change)


def to_json(found: Explained) -> str:
    record = found.record
    words: dict[str, Any] = {
        "object": str(record.ref),
        "origin": str(record.origin) if record.origin else "",
        "appliedAt": note.timestamp(record.applied_at),
        "commit": found.commit,
        "uid": found.uid,
        "appliedUid": record.uid,
        "message": found.what,
        "paused": [note.paused_words(each) for each in found.held],
        "fields": [_words(each) for each in found.fields],
    }
    return orjson.dumps(words, option=orjson.OPT_INDENT_2).decode() + "\n"


def _words(each: owners.Field) -> dict[str, Any]:
    holders = [
        {
            "manager": entry.manager,
            "operation": entry.operation,
            "subresource": entry.subresource,
            "time": entry.time,
        }
        for entry in each.owners
    ]
    return {
        "field": fields.show(each.path),
        "rule": fields.rule(each.path),
        "owners": holders,
        "wanted": each.wanted,
        "found": each.found,
        "would": str(each.would),
    }
