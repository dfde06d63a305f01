"""Drift, seen from ownership: what our entry in managedFields looked like after our apply.

In: a signature made from the answer to our apply, and metadata as a watch shows it later.
Out: whether that is drift, a suspicion, or nothing. The engine calls it for each event.
The rule is the one that missed none of 83 real edits: our entry or the uid changed is drift;
else, for kinds that have ``generation``, generation or our entry's time changed is a suspicion,
and for kinds that have none, any change that a status entry does not explain.
"""

from __future__ import annotations

import hashlib
from enum import Enum
from itertools import chain

import orjson

from reconciler.model.values import Live, ManagedEntry, Record
from reconciler.plan import ownership


class Drift(Enum):
    """What a look at ownership says."""

    NONE = "none"
    SUSPECTED = "suspected"  # a repeated apply tells, and writes nothing where all is well
    CERTAIN = "certain"


def signature(live: Live) -> str:
    """``UID OWNED REST``. REST is one hash for kinds with a generation, else three words joined
    by ``/``: resourceVersion, and hashes of the entries but status and of the status entries.
    """
    ours = _ours(live)
    owned = _hash([ours.api_version.encode(), ours.fields] if ours else [])
    return f"{live.uid or '-'} {owned} {_rest(live, ours)}"


def compare(signed: str, live: Live) -> Drift:
    """What became of an object since ``signed`` was taken."""
    before, now = signed.split(" "), signature(live).split(" ")
    if before[:2] != now[:2]:
        return Drift.CERTAIN
    if before == now:
        return Drift.NONE
    return Drift.NONE if _is_status(before[2].split("/"), now[2].split("/")) else Drift.SUSPECTED


def _is_status(before: list[str], now: list[str]) -> bool:
    """Whether a write of status alone explains the difference."""
    if len(before) != 3 or len(now) != 3:
        return False
    return before[1] == now[1] and (before[0] == now[0] or before[2] != now[2])


def is_rewritten(seen: Live, now: Live) -> bool:
    """Whether the apply that answered ``now`` changed the object that a watch had shown.

    An apply that changes nothing leaves our entry as it is, its time included. Others write all
    the while, so that the resourceVersion tells nothing. (Within the second of our last apply the
    time is the same and a restored order goes uncounted, where the kind has no generation.)
    """
    if seen.generation != now.generation:
        return True
    before, after = _ours(seen), _ours(now)
    times = [entry.time if entry else "" for entry in (before, after)]
    return times[0] != times[1] or signature(seen).split()[:2] != signature(now).split()[:2]


def is_finished(live: Live) -> bool:
    """Whether a Job is over, as its status entries tell: it may be cleaned up at any time.

    Conditions are an atomic list, so that ownership shows no more than that there are some.
    """
    if (live.ref.group, live.ref.kind) != ("batch", "Job"):
        return False
    fields = [orjson.loads(entry.fields) for entry in live.managed if entry.subresource == "status"]
    statuses = [tree.get("f:status") or {} for tree in fields]
    return any(
        "f:completionTime" in status or {"f:conditions", "f:failed"} <= status.keys()
        for status in statuses
    )


def cleans_itself_up(record: Record) -> bool:
    """Whether the manifest is a Job's that is removed some time after its end."""
    if (record.ref.group, record.ref.kind) != ("batch", "Job"):
        return False
    spec = orjson.loads(record.body).get("spec") or {}
    return spec.get("ttlSecondsAfterFinished") is not None


def _ours(live: Live) -> ManagedEntry | None:
    for entry in live.managed:
        if ownership.is_ours(entry):
            return entry
    return None


def _rest(live: Live, ours: ManagedEntry | None) -> str:
    if live.generation:
        return _hash([str(live.generation).encode(), (ours.time if ours else "").encode()])
    parts = ([e for e in live.managed if (e.subresource == "status") is of] for of in (False, True))
    hashes = [_hash(list(chain.from_iterable(map(_words, part)))) for part in parts]
    return "/".join([live.resource_version or "-", *hashes])


def _words(entry: ManagedEntry) -> tuple[bytes, ...]:
    names = (entry.manager, entry.operation, entry.subresource, entry.api_version, entry.time)
    return (*(name.encode() for name in names), entry.fields)


def _hash(words: list[bytes]) -> str:
    digest = hashlib.sha256()
    for word in words:
        digest.update(len(word).to_bytes(8, "big"))
        digest.update(word)
    return digest.hexdigest()[:16]
