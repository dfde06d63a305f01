"""The budget of deletions: which prunes of a commit are held until somebody allows them, and why.

In: the prunes that would go now, and what is allowed. Out: the held ones, with words for people.
Pure; the engine calls it in each pass, ``reconciler diff`` to show what that would do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from reconciler.model.refs import CONFIRM, PRUNE, ObjectRef
from reconciler.model.rules import PruneLimits
from reconciler.model.values import HeldPrune, Prune, Record
from reconciler.plan.waves import CRD, defined_kind

NAMESPACE = ("", "Namespace")
# What takes other things with it, or somebody's data.
PROTECTED: Mapping[tuple[str, str], str] = {
    NAMESPACE: "namespaces",
    ("", "PersistentVolumeClaim"): "volume claims",
    ("", "PersistentVolume"): "volumes",
    CRD: "custom resource definitions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """``rendered``: how many objects the commit has. ``allowed`` are objects that may go,
    ``marked`` those whose live form asks for confirmation."""

    rendered: int
    limits: PruneLimits
    allowed: Collection[ObjectRef] = ()
    marked: Collection[ObjectRef] = ()


def hold(
    prunes: Iterable[Prune], records: Mapping[ObjectRef, Record], terms: Terms
) -> tuple[HeldPrune, ...]:
    """What of these must wait, in their order."""
    asked = tuple(prunes)
    if not terms.rendered:  # a mistake, whatever was allowed
        why = "the commit declares no object at all, and such a commit deletes nothing"
        return tuple(HeldPrune(ref=prune.ref, why=why) for prune in asked)
    counted = [prune for prune in asked if _counts(prune, terms)]
    most = limit(terms.limits, terms.rendered + len(asked))
    if len(counted) > most:
        why = f"the commit deletes {len(counted)} objects, and limits.prune lets {most} go"
        over = {prune.ref: why for prune in counted}
    else:
        over = {}
    guarded = dict(_guarded(asked, records, terms))
    held_homes = _homes(guarded, records)
    inside = {
        prune.ref: f"it goes with {holder}, which is held"
        for prune in counted
        if (holder := _home(prune.ref, held_homes))
    }
    reasons = {**over, **inside, **guarded}
    homes = _homes((prune.ref for prune in asked if prune.ref not in reasons), records)
    taken = {home: ref for ref in reasons if (home := _home(ref, homes))}
    reasons |= {home: f"it would take {ref} with it, which is held" for home, ref in taken.items()}
    return tuple(
        HeldPrune(ref=prune.ref, why=reasons[prune.ref]) for prune in asked if prune.ref in reasons
    )


def limit(limits: PruneLimits, objects: int) -> int:
    """How many may go of so many objects: those that the commit has, and those that it dropped."""
    return min(max(objects * limits.percent // 100, limits.least), limits.most)


def asks(value: Mapping[str, Any]) -> bool:
    """Whether an object, live or applied, is annotated so that its deletion needs confirmation."""
    metadata = value.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return isinstance(annotations, Mapping) and annotations.get(PRUNE) == CONFIRM


def _counts(prune: Prune, terms: Terms) -> bool:
    return prune.successor is None and prune.ref not in terms.allowed


def _guarded(
    prunes: Iterable[Prune], records: Mapping[ObjectRef, Record], terms: Terms
) -> Iterator[tuple[ObjectRef, str]]:
    """Those that need a word of their own, however few they are."""
    for prune in prunes:
        ref = prune.ref
        record = records.get(ref)
        kind = PROTECTED.get((ref.group, ref.kind))
        if ref in terms.allowed:
            continue
        if kind:
            yield ref, f"{kind} are deleted only when that is allowed"
        elif ref in terms.marked or (record is not None and asks(orjson.loads(record.body))):
            yield ref, f"it is annotated {PRUNE}: {CONFIRM}"


# What deleting a namespace or a definition deletes too: by namespace, or by kind. Whoever has to
# confirm the one is to find the others as they were.
def _homes(
    refs: Iterable[ObjectRef], records: Mapping[ObjectRef, Record]
) -> dict[tuple[str, ...], ObjectRef]:
    homes: dict[tuple[str, ...], ObjectRef] = {}
    for ref in refs:
        if (ref.group, ref.kind) == NAMESPACE:
            homes[(ref.name,)] = ref
        elif (ref.group, ref.kind) == CRD:
            homes[_defined(ref, records)] = ref
    return homes


def _home(ref: ObjectRef, homes: Mapping[tuple[str, ...], ObjectRef]) -> ObjectRef | None:
    keys = ((ref.namespace,), (ref.group, ref.kind), (ref.group, ""))
    return next((homes[key] for key in keys if key in homes), None)


def _defined(ref: ObjectRef, records: Mapping[ObjectRef, Record]) -> tuple[str, str]:
    """The kind that a definition defines; its group alone where its manifest is not known."""
    record = records.get(ref)
    defined = defined_kind(record.body) if record else None
    return defined or (ref.name.partition(".")[2], "")
