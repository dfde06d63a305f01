"""Co-owners that would keep a field alive after we drop it.

In: managedFields as the answer to our apply shows them. Out: the same without the fields of ours
that an Update entry owns as well, or None where no such entry is. The engine calls it after a
first contact and after a correction: an object made by ``kubectl create``, or a field edited away
and back, leaves such a co-owner. Other appliers are left alone; they state what they want.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from reconciler.model.refs import FIELD_MANAGER
from reconciler.model.values import Live, ManagedEntry


def is_ours(entry: ManagedEntry) -> bool:
    return (entry.manager, entry.operation, entry.subresource) == (FIELD_MANAGER, "Apply", "")


def without_co_owners(live: Live) -> tuple[ManagedEntry, ...] | None:
    """The entries to write back, an emptied one left out; None where nothing is to be done."""
    ours = next((entry for entry in live.managed if is_ours(entry)), None)
    if ours is None:
        return None
    owned = orjson.loads(ours.fields)
    kept: list[ManagedEntry] = []
    changed = False
    for entry in live.managed:
        if (
            entry.operation != "Update"
            or entry.subresource
            or entry.api_version != ours.api_version
        ):
            kept.append(entry)
            continue
        before = orjson.loads(entry.fields)
        left = _minus(before, owned)
        changed |= left != before
        if left:
            kept.append(_with(entry, left))
    return tuple(kept) if changed else None


def patch(live: Live, entries: tuple[ManagedEntry, ...]) -> bytes:
    """A JSON patch (RFC 6902) that writes ``entries`` if the object is still what ``live`` is."""
    return orjson.dumps(
        [
            {"op": "replace", "path": "/metadata/managedFields", "value": _words(entries)},
            {
                "op": "replace",
                "path": "/metadata/resourceVersion",
                "value": live.resource_version,
            },
        ]
    )


def _minus(fields: Mapping[str, Any], owned: Mapping[str, Any]) -> dict[str, Any]:
    """A fieldsV1 tree without the leaves that ``owned`` has too; emptied branches go."""
    left: dict[str, Any] = {}
    for key, value in fields.items():
        if key not in owned:
            left[key] = value
        elif value and (rest := _minus(value, owned[key])):
            left[key] = rest
    return left


def _with(entry: ManagedEntry, fields: Mapping[str, Any]) -> ManagedEntry:
    return ManagedEntry(
        manager=entry.manager,
        operation=entry.operation,
        subresource=entry.subresource,
        api_version=entry.api_version,
        time=entry.time,
        fields=orjson.dumps(fields, option=orjson.OPT_SORT_KEYS),
    )


def _words(entries: tuple[ManagedEntry, ...]) -> list[dict[str, Any]]:
    rows = []
    for entry in entries:
        row: dict[str, Any] = {
            "manager": entry.manager,
            "operation": entry.operation,
            "apiVersion": entry.api_version,
            "fieldsType": "FieldsV1",
            "fieldsV1": orjson.loads(entry.fields),
        }
        if entry.time:
            row["time"] = entry.time
        if entry.subresource:
            row["subresource"] = entry.subresource
        rows.append(row)
    return rows
