"""Co-owners that would keep a field alive after we drop it.

In: managedFields as the answer to our apply shows them. Out: the same without the fields of ours
that an Update entry owns as well, or None where no such entry is. The engine calls it after a
first contact and after a correction: an object made by ``kubectl create``, or a field edited away
and back, leaves such a co-owner. Other appliers are left alone, as they state what they want,
except those that hand an object over. Fields of our own are released in the same way, so that
no longer applying them changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from reconciler.model.fields import Path
from reconciler.model.refs import FIELD_MANAGER
from reconciler.model.values import Live, ManagedEntry
from reconciler.plan import fieldtrees


def is_ours(entry: ManagedEntry) -> bool:
    return (entry.manager, entry.operation, entry.subresource) == (FIELD_MANAGER, "Apply", "")


def without_co_owners(
    live: Live, appliers: frozenset[str] = frozenset()
) -> tuple[ManagedEntry, ...] | None:
    """The entries to write back, an emptied one left out; None where nothing is to be done.

    ``appliers`` are managers whose Apply entries give up our fields too.
    """
    ours = next((entry for entry in live.managed if is_ours(entry)), None)
    if ours is None:
        return None
    owned = orjson.loads(ours.fields)
    kept: list[ManagedEntry] = []
    changed = False
    for entry in live.managed:
        gives_up = entry.operation == "Update" or entry.manager in appliers
        # Also of another API version: what is called the same there would keep our field alive.
        if entry is ours or not gives_up or entry.subresource:
            kept.append(entry)
            continue
        before = orjson.loads(entry.fields)
        left = _minus(before, owned)
        changed |= left != before
        if left:
            kept.append(_with(entry, left))
    return tuple(kept) if changed else None


def released(live: Live, patterns: tuple[Path, ...]) -> tuple[ManagedEntry, ...] | None:
    """The entries to write back so that we own none of these paths; None where we do not.

    A field that an applier alone owns is reset when it is left out of its next apply; one that it
    does not own stays as it is.
    """
    ours = next((entry for entry in live.managed if is_ours(entry)), None)
    if ours is None or not patterns:
        return None
    owned = orjson.loads(ours.fields)
    left = fieldtrees.without(owned, patterns)
    if left == owned:
        return None
    return tuple(_with(entry, left) if entry is ours else entry for entry in live.managed)


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


def _minus(tree: Mapping[str, Any], owned: Mapping[str, Any]) -> dict[str, Any]:
    """A fieldsV1 tree without the leaves that ``owned`` has too; emptied branches go."""
    left: dict[str, Any] = {}
    for key, value in tree.items():
        if key not in owned:
            left[key] = value
        elif value and (rest := _minus(value, owned[key])):
            left[key] = rest
    return left


def _with(entry: ManagedEntry, tree: Mapping[str, Any]) -> ManagedEntry:
    return ManagedEntry(
        manager=entry.manager,
        operation=entry.operation,
        subresource=entry.subresource,
        api_version=entry.api_version,
        time=entry.time,
        fields=orjson.dumps(tree, option=orjson.OPT_SORT_KEYS),
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
