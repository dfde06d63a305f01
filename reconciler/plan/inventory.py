"""The inventory: what this agent may prune, kept in the cluster as ConfigMaps.

In: entries and commits. Out: manifests of ``fleet-inventory-N``, and entries read back from
them. Each entry is a line ``REF VERSION UID [DIGEST]``; ``-`` for a uid announces a write only. The
objects carry the site's label, so that the watch of ConfigMaps shows who meddles with them; they
are in no inventory, and so never pruned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from reconciler.model.origins import Origin
from reconciler.model.refs import SITE_LABEL, Kind, ObjectRef, SiteName
from reconciler.model.rendered import Manifest

CONFIG_MAP = Kind("", "v1", "ConfigMap")
DIGEST = 16  # hex digits of a manifest's digest
PREFIX = "fleet-inventory-"
_ALLOWED_BYTES = 100_000
# The object's other fields and managedFields need the rest.
_PIECE_BYTES = 500_000 - 4_000 - _ALLOWED_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An object that is ours; ``uid`` is ``""`` where only a write was announced.

    ``digest`` is the beginning of the manifest's, for Jobs that clean themselves up: with the
    database lost it tells whether one that is gone has run. ``""`` for all else.
    """

    ref: ObjectRef
    version: str
    uid: str
    digest: str = ""

    @property
    def api_version(self) -> str:
        return Kind(self.ref.group, self.version, self.ref.kind).api_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """``accepted`` and ``healthy`` are commits, ``""`` for none yet.

    ``allowed`` may be pruned though the budget would hold them: a commit before said so.
    """

    site: str = ""
    accepted: str = ""
    healthy: str = ""
    entries: Mapping[ObjectRef, Entry]
    allowed: frozenset[ObjectRef] = frozenset()


def name(number: int) -> str:
    return f"{PREFIX}{number}"


def pack(inventory: Inventory, site: SiteName, namespace: str) -> tuple[Manifest, ...]:
    """The ConfigMaps that hold this inventory, at most 500 kB each, at least one."""
    pieces: list[list[str]] = [[]]
    size = 0
    for ref in sorted(inventory.entries):
        entry = inventory.entries[ref]
        line = f"{ref} {entry.version} {entry.uid or '-'} {entry.digest}".rstrip()
        if pieces[-1] and size + len(line) + 1 > _PIECE_BYTES:
            pieces.append([])
            size = 0
        pieces[-1].append(line)
        size += len(line) + 1
    head = {
        "site": str(site),
        "accepted": inventory.accepted,
        "healthy": inventory.healthy,
        "pieces": str(len(pieces)),
        **({"allowed": _allowed_text(inventory)} if inventory.allowed else {}),
    }
    return tuple(
        _config_map(number, site, namespace, lines, head if number == 0 else {})
        for number, lines in enumerate(pieces)
    )


def _config_map(
    number: int, site: SiteName, namespace: str, lines: list[str], head: Mapping[str, str]
) -> Manifest:
    body = orjson.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": name(number),
                "namespace": namespace,
                "labels": {
                    "app.kubernetes.io/managed-by": "fleet-reconciler",
                    SITE_LABEL: site.label,
                },
            },
            "data": {**head, "objects": "\n".join(lines)},
        },
        option=orjson.OPT_SORT_KEYS,
    )
    return Manifest(
        ref=ObjectRef("", "ConfigMap", namespace, name(number)),
        api_version="v1",
        body=body,
        digest=hashlib.sha256(body).hexdigest(),
        origin=Origin("inventory"),
    )


def pieces(first: Mapping[str, Any]) -> int:
    """How many ConfigMaps the first one says there are; bounded, as anyone may edit it."""
    text = _data(first).get("pieces", "1")
    return min(int(text), 1000) if text.isdecimal() and len(text) < 10 else 1


def unpack(config_maps: Iterable[Mapping[str, Any]]) -> Inventory:
    """Read an inventory back; a line that makes no sense is left out, so never pruned."""
    entries: dict[ObjectRef, Entry] = {}
    head: dict[str, str] = {}
    for number, config_map in enumerate(config_maps):
        data = _data(config_map)
        if number == 0:
            head = data
        for line in data.get("objects", "").split("\n"):
            entry = _entry(line)
            if entry:
                entries[entry.ref] = entry
    return Inventory(
        site=head.get("site", ""),
        accepted=head.get("accepted", ""),
        healthy=head.get("healthy", ""),
        entries=entries,
        allowed=frozenset(_allowed(head.get("allowed", ""), entries)),
    )


def _allowed_text(inventory: Inventory) -> str:
    """As far as there is room for it beside the objects; what is left out is held again, after a
    loss of the database."""
    text = "\n".join(sorted(map(str, inventory.allowed)))
    return text if len(text) <= _ALLOWED_BYTES else text[:_ALLOWED_BYTES].rpartition("\n")[0]


def _allowed(text: str, entries: Mapping[ObjectRef, Entry]) -> Iterable[ObjectRef]:
    known = {str(ref): ref for ref in entries} if text else {}
    return (known[line] for line in text.split("\n") if line in known)


def _data(config_map: Mapping[str, Any]) -> dict[str, str]:
    data = config_map.get("data")
    if not isinstance(data, Mapping):
        return {}
    return {str(key): value for key, value in data.items() if isinstance(value, str)}


def _entry(line: str) -> Entry | None:
    words = line.split(" ")
    if len(words) not in (3, 4):
        return None
    try:
        ref = ObjectRef.parse(words[0])
    except ValueError:
        return None
    uid = "" if words[2] == "-" else words[2]
    return Entry(ref=ref, version=words[1], uid=uid, digest="".join(words[3:]))
