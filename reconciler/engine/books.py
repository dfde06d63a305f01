"""What this agent applied and may prune: the records on disk and the inventory in the cluster.

One thread, the loop's, changes the books; watch threads read ``records``, and tell ``sightings``
what they see of our writes. The inventory is written as a superset before a first write and exact
after the last.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler import ports
from reconciler.engine import grants
from reconciler.engine.sightings import Sightings
from reconciler.model import errors
from reconciler.model.refs import Kind, ObjectRef, SiteName
from reconciler.model.rendered import Manifest
from reconciler.model.values import Live, Record
from reconciler.plan import drift, inventory

_UNFINISHED = "unfinished"  # meta: ``pending``, a ref a line
_ALLOWED = "allowed"  # meta: refs that may be pruned though the budget would hold them, one a line
_NAMESPACE_HINT = "make it with: kubectl apply --server-side -k deploy"


class Books:
    """``entries`` is the inventory as it should be; what is written of it is remembered."""

    def __init__(
        self, *, state: ports.State, cluster: ports.Cluster, site: SiteName, namespace: str
    ) -> None:
        self._state = state
        self._cluster = cluster
        self._site = site
        self._namespace = namespace
        self._written: dict[str, str] = {}  # digest of each ConfigMap by its name
        self.accepted = ""
        self.healthy = ""
        self.records: dict[ObjectRef, Record] = {}
        self.entries: dict[ObjectRef, inventory.Entry] = {}
        self.sightings = Sightings()
        # To be written or pruned by a pass, and not known to be: the API server's answer did not
        # come, or the agent was killed before it was kept. Their records may be older than what is
        # there.
        self.pending: set[ObjectRef] = set()
        # Announced before, and never confirmed: we may have made them, so they stay on the books.
        self.doubtful: set[ObjectRef] = set()
        self.allowed: frozenset[ObjectRef] = frozenset()  # to be pruned, by a commit's trailer
        self.awaited: frozenset[ObjectRef] = frozenset()  # workloads whose rollout a prune awaits
        self.dying: set[ObjectRef] = set()  # declared, and to be made when their old self is gone
        self.unsettled = False  # an entry's uid is another than the inventory in the cluster says

    def load(self) -> None:
        """Read both sides. Raises ClusterUnavailable, ClusterRefused, and UsageError where the
        state folder or the cluster belongs to another site."""
        owner = self._state.meta("site")
        self._own(owner, "the state folder")
        found = read_inventory(self._cluster, self._namespace)
        self._own(found.site, f"the inventory in namespace {self._namespace}")
        self.records = dict(self._state.records())
        self.entries = dict(found.entries)
        for record in self.records.values():
            self.entries[record.ref] = _entry_of(record)
        self.pending = set(_refs(self._state.meta(_UNFINISHED)))
        kept = _refs(self._state.meta(_ALLOWED)) if owner else found.allowed
        self.allowed = frozenset(kept) & self.entries.keys()
        self.accepted = self._state.meta("accepted") or found.accepted
        self.healthy = self._state.meta("healthy") or found.healthy
        self._state.save(meta={"site": str(self._site), "accepted": self.accepted})

    def _own(self, owner: str, what: str) -> None:
        if owner and owner != str(self._site):
            raise errors.UsageError(
                f"{what} belongs to site {owner}, not {self._site}: run the agent as that site,"
                " or give this one a state folder and a cluster of its own"
            )

    def kinds(self) -> set[Kind]:
        """What must be watched: every kind of which something is ours, the inventory's included."""
        listed = {Kind.of(entry.api_version, entry.ref.kind) for entry in self.entries.values()}
        return {inventory.CONFIG_MAP, *listed}

    def is_inventory(self, ref: ObjectRef) -> bool:
        """Whether this is one of the inventory's own ConfigMaps, as far as they are in use."""
        return (ref.group, ref.kind, ref.namespace) == (
            "",
            "ConfigMap",
            self._namespace,
        ) and ref.name in self._written

    def write_again(self, ref: ObjectRef) -> None:
        """Somebody changed or deleted this ConfigMap of the inventory."""
        self._written[ref.name] = ""
        self.settle()

    def accept(self, commit: str) -> None:
        """The floor: no commit that does not descend from this one is ever considered again."""
        self.accepted = commit

    def vouch(self, commit: str) -> None:
        """This commit was applied as a whole, and all of it was healthy then."""
        self._state.save(meta={"healthy": commit})
        self.healthy = commit
        self.settle()

    def announce(self, manifests: Iterable[Manifest]) -> None:
        """Say in the cluster what is about to be written, before it is."""
        coming = tuple(manifests)
        self._await(manifest.ref for manifest in coming)
        for manifest in coming:
            known = self.entries.get(manifest.ref)
            if known is not None and not known.uid:
                self.doubtful.add(manifest.ref)
            self.entries.setdefault(manifest.ref, _entry(manifest.ref, manifest.api_version, ""))
        self.settle()

    def allow(self, refs: Iterable[ObjectRef], commit: str) -> None:
        """These, and no others, may be pruned by what trailers said up to this commit."""
        allowed = frozenset(refs) & self.entries.keys()
        if allowed == self.allowed and self._state.meta(grants.GRANTED) == commit:
            return
        self._state.save(
            meta={_ALLOWED: "\n".join(sorted(map(str, allowed))), grants.GRANTED: commit}
        )
        self.unsettled |= allowed != self.allowed
        self.allowed = allowed

    def finish(self, held: Iterable[ObjectRef]) -> None:
        """A pass came to its end: what became of every write is known; these were not tried."""
        self.pending.difference_update(held)
        if self._state.meta(_UNFINISHED):
            self._save_pending()

    def condemn(self, refs: Iterable[ObjectRef]) -> None:
        """These are about to be pruned: one that is gone is not to be made again."""
        self._await(refs)

    def spare(self, ref: ObjectRef) -> None:
        """Its deletion was refused."""
        self.pending.discard(ref)

    def _await(self, refs: Iterable[ObjectRef]) -> None:
        coming = set(refs)
        self.pending |= coming
        if coming:  # durable, so that a start after a kill knows
            self._save_pending()

    def _save_pending(self) -> None:
        self._state.save(meta={_UNFINISHED: "\n".join(sorted(map(str, self.pending)))})

    def keep(self, lives: Iterable[tuple[Manifest, Live]], now: float) -> None:
        """What was applied, and how its ownership looked after it; one durable write for all."""
        pairs = tuple(lives)
        records = [
            Record(
                ref=manifest.ref,
                api_version=manifest.api_version,
                uid=live.uid,
                digest=manifest.digest,
                body=manifest.body,
                signature=drift.signature(live),
                origin=manifest.origin,
                applied_at=now,
                left=manifest.left,
            )
            for manifest, live in pairs
        ]
        if not records:
            return
        self._state.save(put=records)
        for record, (_, live) in zip(records, pairs, strict=True):
            self.records[record.ref] = record
            known = self.entries.get(record.ref)
            self.unsettled |= known is None or known.uid != record.uid
            self.entries[record.ref] = _entry_of(record)
            self.doubtful.discard(record.ref)
            self.sightings.arrive(record.ref, live.resource_version)
            self.pending.discard(record.ref)

    def refresh(self, live: Live) -> None:
        """The object changed in a way that is no drift. Kept in memory alone."""
        record = self.records[live.ref]
        self.records[live.ref] = dataclasses.replace(record, signature=drift.signature(live))

    def leave(self, live: Live, left: tuple[str, ...]) -> None:
        """The object stays as it is: these fields of it are somebody else's for now."""
        record = self.records[live.ref]
        signed = drift.signature(live)
        kept = dataclasses.replace(record, signature=signed, left=left)
        self._state.save(put=[kept])
        self.records[live.ref] = kept

    def retract(self, ref: ObjectRef) -> None:
        """A write that was announced and refused: nothing of ours came of it."""
        self.sightings.land(ref)
        self.pending.discard(ref)
        entry = self.entries.get(ref)
        if entry is not None and not entry.uid and ref not in self.doubtful:
            del self.entries[ref]

    def drop(self, refs: Iterable[ObjectRef]) -> None:
        """These were pruned, or turned out not to be ours."""
        gone = tuple(refs)
        self._state.save(drop=gone)
        for ref in gone:
            self.records.pop(ref, None)
            self.entries.pop(ref, None)
            self.sightings.forget(ref)
            self.pending.discard(ref)
            self.doubtful.discard(ref)

    def settle(self) -> None:
        """Write the inventory as it is now, where that differs from what was written."""
        packed = inventory.pack(
            inventory.Inventory(
                accepted=self.accepted,
                healthy=self.healthy,
                entries=self.entries,
                allowed=self.allowed & self.entries.keys(),
            ),
            self._site,
            self._namespace,
        )
        # The first one says how many there are, so it comes last when they grow.
        for manifest in reversed(packed):
            if self._written.get(manifest.ref.name) != manifest.digest:
                self._write(manifest)
        for name in set(self._written) - {manifest.ref.name for manifest in packed}:
            self._remove(name)
        self.unsettled = False

    def _write(self, manifest: Manifest) -> None:
        try:
            live = self._cluster.apply(manifest, force=True)
        except errors.ClusterRefused as error:
            if error.reason != "NamespaceNotFound":
                raise
            raise errors.ClusterUnavailable(
                f"there is no namespace {self._namespace} for the inventory: {_NAMESPACE_HINT}"
            ) from None
        self._written[manifest.ref.name] = manifest.digest
        self.sightings.arrive(manifest.ref, live.resource_version)

    def _remove(self, name: str) -> None:
        found = self._cluster.read(inventory.CONFIG_MAP, self._namespace, name)
        uid = str(((found or {}).get("metadata") or {}).get("uid") or "")
        if uid:
            self._cluster.delete(inventory.CONFIG_MAP, self._namespace, name, uid)
        del self._written[name]


def read_inventory(cluster: ports.Cluster, namespace: str) -> inventory.Inventory:
    """An empty one where there is none. Raises ClusterUnavailable, ClusterRefused."""

    def piece(number: int) -> Mapping[str, Any] | None:
        return cluster.read(inventory.CONFIG_MAP, namespace, inventory.name(number))

    first = piece(0)
    if first is None:
        return inventory.unpack([])
    rest = (piece(number) for number in range(1, inventory.pieces(first)))
    return inventory.unpack([first, *(found for found in rest if found is not None)])


def _refs(text: str) -> Iterator[ObjectRef]:
    for line in text.split("\n"):
        with contextlib.suppress(ValueError):
            yield ObjectRef.parse(line)


def _entry_of(record: Record) -> inventory.Entry:
    entry = _entry(record.ref, record.api_version, record.uid)
    ends = drift.cleans_itself_up(record)
    return dataclasses.replace(entry, digest=record.digest[: inventory.DIGEST]) if ends else entry


def _entry(ref: ObjectRef, api_version: str, uid: str) -> inventory.Entry:
    return inventory.Entry(ref=ref, version=api_version.rpartition("/")[2], uid=uid)
