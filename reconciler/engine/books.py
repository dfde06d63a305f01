"""What this agent applied and may prune: the records on disk and the inventory in the cluster.

One thread, the loop's, changes the books; watch threads read ``records``, ``versions`` and
``flight``. The inventory is written as a superset before a first write and exact after the last.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler import ports
from reconciler.model import errors
from reconciler.model.refs import Kind, ObjectRef, SiteName
from reconciler.model.values import Live, Manifest, Record
from reconciler.plan import drift, inventory

_UNFINISHED = "unfinished"  # meta: what a pass writes that has not come to its end, a ref a line
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
        self.versions: dict[ObjectRef, str] = {}  # resourceVersion after our last write
        self.flight: set[ObjectRef] = set()  # being written: what a watch says of them must wait
        self.doubt: set[ObjectRef] = set()  # see begin
        self.behind = False  # the inventory in the cluster, for what was kept since it was settled
        self._fresh: set[ObjectRef] = set()  # announced by this pass, and by none before it

    def load(self) -> None:
        """Read both sides. Raises ClusterUnavailable, ClusterRefused, and UsageError where the
        state folder or the cluster belongs to another site."""
        self._own(self._state.meta("site"), "the state folder")
        found = self._read_inventory()
        self._own(found.site, f"the inventory in namespace {self._namespace}")
        self.records = dict(self._state.records())
        self.entries = dict(found.entries)
        for record in self.records.values():
            self._enter(_entry(record.ref, record.api_version, record.uid))
        self.doubt = set(_refs(self._state.meta(_UNFINISHED)))
        self.accepted = self._state.meta("accepted") or found.accepted
        self.healthy = self._state.meta("healthy") or found.healthy
        self._state.save(meta={"site": str(self._site), "accepted": self.accepted})

    def _enter(self, entry: inventory.Entry) -> None:
        if self.entries.get(entry.ref) != entry:
            self.entries[entry.ref] = entry
            self.behind = True

    def _own(self, owner: str, what: str) -> None:
        if owner and owner != str(self._site):
            raise errors.UsageError(
                f"{what} belongs to site {owner}, not {self._site}: run the agent as that site,"
                " or give this one a state folder and a cluster of its own"
            )

    def _read_inventory(self) -> inventory.Inventory:
        first = self._config_map(0)
        if first is None:
            return inventory.unpack([])
        rest = (self._config_map(number) for number in range(1, inventory.pieces(first)))
        return inventory.unpack([first, *(piece for piece in rest if piece is not None)])

    def _config_map(self, number: int) -> Mapping[str, Any] | None:
        return self._cluster.read(inventory.CONFIG_MAP, self._namespace, inventory.name(number))

    def kinds(self) -> set[Kind]:
        """What must be watched: every kind of which something is ours."""
        return {Kind.of(entry.api_version, entry.ref.kind) for entry in self.entries.values()}

    def accept(self, commit: str) -> None:
        """The floor: no commit that does not descend from this one is ever considered again."""
        self.accepted = commit

    def announce(self, manifests: Iterable[Manifest]) -> None:
        """Say in the cluster what is about to be written, before it is."""
        new = {m.ref: _entry(m.ref, m.api_version, "") for m in manifests}
        self._fresh = new.keys() - self.entries.keys()
        self.entries = {**new, **self.entries}
        self.settle()

    def begin(self, refs: Iterable[ObjectRef]) -> None:
        """A pass is about to write these. Until it ends, or one of them is kept or dropped, what
        is in the cluster may be newer than its record: the agent was killed in between, or the
        API server's answer did not come. Durable, so that the next start knows."""
        self.doubt = set(refs)
        self._state.save(meta={_UNFINISHED: "\n".join(sorted(map(str, self.doubt)))})

    def end(self) -> None:
        """The pass came to its end: what became of every write is known."""
        self.doubt.clear()
        self._state.save(meta={_UNFINISHED: ""})

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
            )
            for manifest, live in pairs
        ]
        if not records:
            return
        self._state.save(put=records)
        for record, (_, live) in zip(records, pairs, strict=True):
            self.records[record.ref] = record
            self._enter(_entry(record.ref, record.api_version, record.uid))
            self.versions[record.ref] = live.resource_version
            self.flight.discard(record.ref)
            self.doubt.discard(record.ref)

    def retract(self, ref: ObjectRef) -> None:
        """A write that was announced and refused: nothing came of it. What an earlier pass
        announced stays: that one may have made the object and not lived to note it."""
        self.flight.discard(ref)
        self.doubt.discard(ref)
        if ref in self._fresh:
            self.entries.pop(ref, None)

    def drop(self, refs: Iterable[ObjectRef]) -> None:
        """These were pruned, or turned out not to be ours."""
        gone = tuple(refs)
        self._state.save(drop=gone)
        for ref in gone:
            self.records.pop(ref, None)
            self.entries.pop(ref, None)
            self.versions.pop(ref, None)
            self.doubt.discard(ref)

    def settle(self) -> None:
        """Write the inventory as it is now, where that differs from what was written."""
        packed = inventory.pack(
            inventory.Inventory(accepted=self.accepted, healthy=self.healthy, entries=self.entries),
            self._site,
            self._namespace,
        )
        # The first one says how many there are, so it comes last when they grow.
        for manifest in reversed(packed):
            if self._written.get(manifest.ref.name) != manifest.digest:
                self._write(manifest)
        for name in set(self._written) - {manifest.ref.name for manifest in packed}:
            self._remove(name)
        self.behind = False

    def _write(self, manifest: Manifest) -> None:
        try:
            self._cluster.apply(manifest, force=True)
        except errors.ClusterRefused as error:
            if error.reason != "NamespaceNotFound":
                raise
            raise errors.ClusterUnavailable(
                f"there is no namespace {self._namespace} for the inventory: {_NAMESPACE_HINT}"
            ) from None
        self._written[manifest.ref.name] = manifest.digest

    def _remove(self, name: str) -> None:
        found = self._cluster.read(inventory.CONFIG_MAP, self._namespace, name)
        uid = str(((found or {}).get("metadata") or {}).get("uid") or "")
        if uid:
            self._cluster.delete(inventory.CONFIG_MAP, self._namespace, name, uid)
        del self._written[name]

    def is_stale(self, live: Live) -> bool:
        """Whether a watch shows the object as it was before our own last write of it.

        etcd's revisions are whole numbers that grow; anything else is never called stale.
        """
        ours, seen = self.versions.get(live.ref, ""), live.resource_version
        return ours.isdecimal() and seen.isdecimal() and int(seen) <= int(ours)


def _refs(text: str) -> Iterator[ObjectRef]:
    for line in text.split("\n"):
        with contextlib.suppress(ValueError):
            yield ObjectRef.parse(line)


def _entry(ref: ObjectRef, api_version: str, uid: str) -> inventory.Entry:
    return inventory.Entry(ref=ref, version=api_version.rpartition("/")[2], uid=uid)
