"""What a site would take over: live objects that its commit declares and that are not its own yet.

In: a commit's objects, the cluster and its inventory. Out: a Claim an object: who holds fields of
it, what would change, and whom an ``adopt`` rule would have to name. Reads and tries dry; writes
nothing. Called by ``reconciler adopt``, beside an agent that may be running.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from reconciler import ports
from reconciler.engine.apply import THREADS
from reconciler.model import errors
from reconciler.model.objects import live_of
from reconciler.model.origins import Origin
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.model.rules import AdoptRule
from reconciler.plan import fieldtrees, modes, ownership, wholes
from reconciler.plan.differ import Difference
from reconciler.plan.inventory import Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """``fields`` counts those that the commit sets and this manager holds."""

    manager: str
    operation: str
    fields: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """``unnamed`` are managers that no rule names: those whose values are others are a conflict,
    and those that apply would keep a field which Git drops. ``refused`` says why the API server
    would not take it at all."""

    ref: ObjectRef
    origin: Origin
    holders: tuple[Holder, ...] = ()
    conflicts: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    refused: str = ""


def look(
    cluster: ports.Cluster,
    objects: Iterable[Manifest],
    inventory: Inventory,
    rules: tuple[AdoptRule, ...],
) -> tuple[Claim, ...]:
    """In the order of ``objects``. Raises ClusterUnavailable."""

    def claim(manifest: Manifest) -> Claim | None:
        entry = inventory.entries.get(manifest.ref)
        return _claim(cluster, manifest, entry.uid if entry else "", rules)

    with ThreadPoolExecutor(THREADS, thread_name_prefix="adopt") as pool:
        return tuple(each for each in pool.map(claim, objects) if each is not None)


def _claim(
    cluster: ports.Cluster, manifest: Manifest, ours: str, rules: tuple[AdoptRule, ...]
) -> Claim | None:
    """None for what is not there, and for what is ours."""
    ref, origin = manifest.ref, manifest.origin
    try:
        found = cluster.read(manifest.kind, ref.namespace, ref.name)
        if found is None or (ours and live_of(found).uid == ours):
            return None
        conflicts = _conflicts(cluster, manifest)
        wanted = cluster.dry_run(manifest, force=True)
    except errors.ClusterRefused as error:
        if error.reason in ("NamespaceNotFound", "KindUnknown"):
            return None  # so it cannot be there
        return Claim(ref=ref, origin=origin, refused=f"{error.reason}: {error}")
    holders = _holders(found, wanted)
    applied = {each.manager for each in holders if each.operation == "Apply"}
    granted = modes.adopters(rules, ref)
    return Claim(
        ref=ref,
        origin=origin,
        holders=holders,
        conflicts=tuple(sorted(conflicts)),
        unnamed=tuple(sorted((applied | conflicts) - granted)),
        differences=tuple(wholes.differences(wanted, found)),
    )


def _conflicts(cluster: ports.Cluster, manifest: Manifest) -> set[str]:
    """The managers whose values are others than ours."""
    try:
        cluster.dry_run(manifest, force=False)
    except errors.ClusterRefused as error:
        if error.reason != "Conflict":
            raise
        return {cause.manager for cause in error.causes if cause.manager}
    return set()


def _holders(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[Holder, ...]:
    ours = [
        path
        for entry in live_of(wanted).managed
        if ownership.is_ours(entry)
        for path in fieldtrees.leaves(fieldtrees.parsed(entry.fields))
    ]
    trees = (
        (entry, fieldtrees.parsed(entry.fields))
        for entry in live_of(found).managed
        if not entry.subresource and not ownership.is_ours(entry)
    )
    rows = (
        Holder(
            manager=entry.manager,
            operation=entry.operation,
            fields=sum(1 for path in ours if fieldtrees.owns(tree, path)),
        )
        for entry, tree in trees
    )
    return tuple(row for row in rows if row.fields)
