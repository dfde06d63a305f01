"""Drift, seen from ownership: what our entry in managedFields looked like after our apply.

In: a signature made from the answer to our apply, and metadata as a watch shows it later.
Out: whether that is drift, a suspicion, or nothing. The engine calls it for each event.
The rule is the one that missed none of 83 real edits: our entry or the uid changed is drift;
else, for kinds that have ``generation``, generation or our entry's time changed is a
suspicion, and for kinds that have none, any entry but a status entry that changed.
"""

from __future__ import annotations

import hashlib
from enum import Enum
from itertools import chain

from reconciler.model.refs import FIELD_MANAGER
from reconciler.model.values import Live, ManagedEntry


class Drift(Enum):
    """What a look at ownership says."""

    NONE = "none"
    SUSPECTED = "suspected"  # a repeated apply tells, and writes nothing where all is well
    CERTAIN = "certain"


def signature(live: Live) -> str:
    """``UID OWNED SUSPECT``: three words, the last two 16 hex digits each."""
    ours = _ours(live)
    owned = _hash([ours.api_version.encode(), ours.fields] if ours else [])
    return f"{live.uid or '-'} {owned} {_hash(_suspicious(live, ours))}"


def compare(signed: str, live: Live) -> Drift:
    """What became of an object since ``signed`` was taken."""
    before, now = signed.split(" "), signature(live).split(" ")
    if before[:2] != now[:2]:
        return Drift.CERTAIN
    return Drift.NONE if before == now else Drift.SUSPECTED


def _ours(live: Live) -> ManagedEntry | None:
    for entry in live.managed:
        if (entry.manager, entry.operation, entry.subresource) == (FIELD_MANAGER, "Apply", ""):
            return entry
    return None


def _suspicious(live: Live, ours: ManagedEntry | None) -> list[bytes]:
    if live.generation:
        return [str(live.generation).encode(), (ours.time if ours else "").encode()]
    entries = [entry for entry in live.managed if entry.subresource != "status"]
    return list(chain.from_iterable(_words(entry) for entry in entries))


def _words(entry: ManagedEntry) -> tuple[bytes, ...]:
    names = (entry.manager, entry.operation, entry.subresource, entry.api_version, entry.time)
    return (*(name.encode() for name in names), entry.fields)


def _hash(words: list[bytes]) -> str:
    digest = hashlib.sha256()
    for word in words:
        digest.update(len(word).to_bytes(8, "big"))
        digest.update(word)
    return digest.hexdigest()[:16]
