"""Entries of managedFields: who owns what, and who is writing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from reconciler.adapters.memory import fields
from reconciler.adapters.memory.fields import FieldSet, Path

APPLY = "Apply"
UPDATE = "Update"
ANCIENT = "ancient-changes"
MOST_UPDATERS = 10

Key = tuple[str, str, str, str]

# What the server itself keeps of an object belongs to nobody.
NOBODY: FieldSet = frozenset(
    {
        ("f:apiVersion",),
        ("f:kind",),
        ("f:metadata",),
        *(
            ("f:metadata", f"f:{name}")
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "generation",
                "managedFields",
                "resourceVersion",
            )
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of managedFields. ``time`` is as on the wire, ``""`` where there is none."""

    manager: str
    operation: str
    subresource: str
    api_version: str
    time: str
    fields: FieldSet
    encoded: bytes = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "encoded", fields.encode(self.fields))

    @property
    def key(self) -> Key:
        """What tells entries apart: an applier has one, whatever version it applies."""
        version = "" if self.operation == APPLY else self.api_version
        return (self.manager, self.operation, self.subresource, version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Who writes, and when. ``ignored`` are the fields that this way of writing never changes."""

    manager: str
    operation: str
    subresource: str
    api_version: str
    time: str
    ignored: tuple[Path, ...] = ()

    def entry(self, owned: FieldSet) -> Entry:
        return Entry(
            manager=self.manager,
            operation=self.operation,
            subresource=self.subresource,
            api_version=self.api_version,
            time=self.time,
            fields=owned,
        )

    def heeded(self, paths: FieldSet) -> FieldSet:
        """``paths`` without the ignored ones."""
        if not self.ignored:
            return paths
        return frozenset(
            path for path in paths if not any(path[: len(head)] == head for head in self.ignored)
        )


def capped(entries: Iterable[Entry]) -> list[Entry]:
    """At most MOST_UPDATERS updaters: the oldest of a version become one."""
    kept = list(entries)
    updaters = sorted((e for e in kept if e.operation == UPDATE), key=lambda e: (e.time, e.key))
    surplus = len(updaters) - MOST_UPDATERS
    first: dict[str, Entry] = {}
    for entry in updaters:
        if surplus <= 0:
            break
        other = first.get(entry.api_version)
        if other is None:
            first[entry.api_version] = entry
            continue
        bucket = replace(entry, manager=ANCIENT, subresource="", fields=entry.fields | other.fields)
        kept = [e for e in kept if e is not entry and e is not other and e.key != bucket.key]
        kept.append(bucket)
        first[entry.api_version] = bucket
        surplus -= 1
    return kept


def ordered(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """As the server lists them: appliers first, then by time and name."""
    return tuple(
        sorted(
            entries,
            key=lambda e: (e.operation, e.time, e.manager, e.api_version, e.subresource),
        )
    )


def same_owners(some: tuple[Entry, ...], others: tuple[Entry, ...]) -> bool:
    """Whether nothing but times differs."""
    return [replace(entry, time="") for entry in some] == [
        replace(entry, time="") for entry in others
    ]


def to_wire(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {
        "manager": entry.manager,
        "operation": entry.operation,
        "apiVersion": entry.api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": orjson.loads(entry.encoded),
    }
    if entry.time:
        row["time"] = entry.time
    if entry.subresource:
        row["subresource"] = entry.subresource
    return row


def from_wire(row: Mapping[str, Any]) -> Entry:
    return Entry(
        manager=row["manager"],
        operation=row["operation"],
        subresource=row.get("subresource", ""),
        api_version=row["apiVersion"],
        time=row.get("time", ""),
        fields=fields.decode(row["fieldsV1"]),
    )


def sent(metadata: Mapping[str, Any], known: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries as a client wants them: those that it sent, or none, or what there was."""
    rows = metadata.get("managedFields")
    if rows is None:
        return known
    if rows in ([], [{}]):
        return ()
    try:
        return tuple(from_wire(row) for row in rows)
    except (KeyError, TypeError, AttributeError):
        return known
