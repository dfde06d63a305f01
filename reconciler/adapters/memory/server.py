"""The API server's verbs on the store: what each write checks, changes and tells.

Thread-safe: one lock, taken by each verb. Handles in ``cluster`` call it, one for each client.
Raises only ClusterRefused.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from reconciler import ports
from reconciler.adapters.memory import (
    checks,
    deletion,
    kinds,
    ownership,
    refusals,
    rollouts,
    selectors,
    store,
    strategy,
)
from reconciler.adapters.memory.entries import APPLY, UPDATE, Entry, Writer, same_owners, sent
from reconciler.adapters.memory.items import same
from reconciler.adapters.memory.kinds import Resource
from reconciler.adapters.memory.store import Feed, Stored
from reconciler.model.refs import Kind, ObjectRef
from reconciler.model.values import Live

SYSTEM = "kube-apiserver"
NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_NAMESPACE = Kind("", "v1", "Namespace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Who writes what. ``subresource`` is ``""`` or ``status``."""

    kind: Kind
    namespace: str
    name: str
    manager: str
    subresource: str = ""


class Server:
    """Begins with the namespaces that every cluster has. ``rolls_out``: workloads run at once."""

    def __init__(self, clock: ports.Clock, *, rolls_out: bool = False) -> None:
        self._clock = clock
        self._rolls_out = rolls_out
        self._lock = threading.RLock()
        self._kinds = kinds.Kinds()
        self._store = store.Store()
        self._deletion = deletion.Deletion(self._store, self._kinds)
        for name in NAMESPACES:
            self.create(_NAMESPACE, "", {"metadata": {"name": name}}, SYSTEM)

    def resource(self, kind: Kind) -> Resource:
        """Raises ClusterRefused (KindUnknown)."""
        with self._lock:
            return self._kinds.find(kind)

    def served(self, kind: Kind) -> Kind | None:
        """The kind in the newest version that is served, as discovery prefers it."""
        with self._lock:
            return self._kinds.served(kind)

    def kind_of(self, ref: ObjectRef) -> Kind:
        """The kind of an object that there is. Raises ClusterRefused (NotFound)."""
        with self._lock:
            found = self._store.get((ref.group, ref.kind), ref.namespace, ref.name)
        if found is None:
            raise refusals.not_found(ref.kind, ref.name)
        return Kind.of(found.live.api_version, ref.kind)

    def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        with self._lock:
            resource = self._kinds.find(kind)
            found = self._store.get(resource.key, _home(resource, namespace, name), name)
        return None if found is None else found.whole(kind)

    def select(self, kind: Kind, namespace: str, selector: str) -> tuple[dict[str, Any], ...]:
        wanted = selectors.parse(selector)
        with self._lock:
            resource = self._kinds.find(kind)
            listed = self._store.select(resource.key, namespace if resource.namespaced else "")
        return tuple(found.whole(kind) for found in listed if wanted(found.live.labels))

    def apply(self, target: Target, config: Mapping[str, Any], *, force: bool) -> Live:
        with self._lock:
            return self._write(target, *self._applied(target, config, force)).live

    def dry_run(
        self, target: Target, config: Mapping[str, Any], *, force: bool
    ) -> Mapping[str, Any]:
        """The whole object as ``apply`` would leave it."""
        with self._lock:
            resource, found, body, entries = self._applied(target, config, force)
            return self._made(target, resource, found, body, entries).whole(target.kind)

    def _applied(
        self, target: Target, config: Mapping[str, Any], force: bool
    ) -> tuple[Resource, Stored | None, dict[str, Any], tuple[Entry, ...]]:
        resource, found = self._find(target)
        checks.schema(resource, target.namespace, target.name, config)
        checks.keys(resource, target.name, config)
        if found is None:
            self._admit(resource, target)
        checks.preconditions(resource, target.name, config, found)
        try:
            body, entries = ownership.apply(
                found.body if found else {},
                config,
                found.entries if found else (),
                resource.shape,
                self._writer(target, resource, APPLY),
                force=force,
            )
        except ownership.Conflicts as conflicts:
            raise refusals.conflicts(conflicts) from None
        body = self._prepared(target, resource, found, body)
        return resource, found, body, entries

    def patch(self, target: Target, change: Callable[[dict[str, Any]], Any]) -> Live:
        """``change`` gets a copy of the whole object and gives what it should become."""
        with self._lock:
            resource, found = self._find(target)
            if found is None:
                raise refusals.not_found(resource.name, target.name)
            new = change(found.whole(target.kind))
            if not isinstance(new, dict) or not isinstance(new.get("metadata"), dict):
                raise refusals.bad_request("a patch must leave an object with metadata")
            checks.preconditions(resource, target.name, new, found)
            return self._update(target, resource, found, new).live

    def create(self, kind: Kind, namespace: str, body: Mapping[str, Any], manager: str) -> Live:
        with self._lock:
            checks.strict(self._kinds.find(kind), body)
            metadata = body.get("metadata") or {}
            name = metadata.get("name") or _generated(metadata.get("generateName"))
            target = Target(kind=kind, namespace=namespace, name=name, manager=manager)
            resource, found = self._find(target)
            if found is not None:
                raise refusals.already_exists(resource.name, name)
            self._admit(resource, target)
            return self._update(target, resource, None, body).live

    def delete(
        self, kind: Kind, namespace: str, name: str, uid: str, version: str = ""
    ) -> ports.Deleted:
        """``NOT`` where it is gone, or has another uid."""
        with self._lock:
            resource = self._kinds.find(kind)
            found = self._store.get(resource.key, _home(resource, namespace, name), name)
            if found is None or found.live.uid != uid:
                return ports.Deleted.NOT
            sent = {"metadata": {"resourceVersion": version}}
            checks.preconditions(resource, name, sent, found)
            self._deletion.begin(found, self._now())
            home = _home(resource, namespace, name)
            is_left = self._store.get(resource.key, home, name) is not None
            return ports.Deleted.BEGUN if is_left else ports.Deleted.DONE

    def open(self, kind: Kind, selector: str) -> tuple[Feed, tuple[Live, ...], str]:
        """A watch's feed, what it begins with, and the resourceVersion of that."""
        feed = Feed(kind, selectors.parse(selector))
        with self._lock:
            self._kinds.find(kind)
            initial = tuple(item.live for item in self._store.open(feed))
            return feed, initial, self._store.version

    def close(self, feed: Feed) -> None:
        with self._lock:
            self._store.close(feed)

    def _find(self, target: Target) -> tuple[Resource, Stored | None]:
        resource = self._kinds.find(target.kind)
        home = _home(resource, target.namespace, target.name)
        return resource, self._store.get(resource.key, home, target.name)

    def _admit(self, resource: Resource, target: Target) -> None:
        """Whether an object may be made there, by that name."""
        checks.name(resource, target.name)
        if target.subresource:
            raise refusals.not_found(resource.name, target.name)
        if not resource.namespaced:
            return
        home = self._store.get(kinds.NAMESPACE, "", target.namespace)
        if home is None:
            raise refusals.namespace_missing(target.namespace)
        if home.live.deleting:
            raise refusals.namespace_terminating(resource.name, target.name, target.namespace)

    def _update(
        self, target: Target, resource: Resource, found: Stored | None, new: Mapping[str, Any]
    ) -> Stored:
        content = _without_managed_fields(new)
        checks.strict(resource, content)
        checks.keys(resource, target.name, content)
        entries = found.entries if found else ()
        if not target.subresource:
            entries = sent(new["metadata"], entries)
        body = self._prepared(target, resource, found, content)
        writer = self._writer(target, resource, UPDATE)
        old = found.body if found else {}
        entries = ownership.update(old, body, entries, resource.shape, writer)
        return self._write(target, resource, found, body, entries)

    def _prepared(
        self, target: Target, resource: Resource, found: Stored | None, new: Mapping[str, Any]
    ) -> dict[str, Any]:
        if found is not None:
            identity = strategy.identity_of(found.body)
        else:
            identity = {"name": target.name, "uid": str(uuid.uuid4())}
            identity["creationTimestamp"] = self._now()
            if resource.namespaced:
                identity["namespace"] = target.namespace
        old = found.body if found else {}
        return strategy.prepared(old, new, resource, target.subresource, identity)

    def _write(
        self,
        target: Target,
        resource: Resource,
        found: Stored | None,
        body: dict[str, Any],
        entries: tuple[Entry, ...],
    ) -> Stored:
        """Keep it, if anything but a time has changed."""
        item = self._made(target, resource, found, body, entries)
        if item is found:
            return found
        self._store.put(item)
        if item.live.deleting:
            self._deletion.finish(item)
        elif resource.key == kinds.DEFINITION:
            self._establish(target, item)
        elif self._rolls_out and resource.key in rollouts.WORKLOADS:
            self._roll_out(target)
        return item

    def _made(
        self,
        target: Target,
        resource: Resource,
        found: Stored | None,
        body: dict[str, Any],
        entries: tuple[Entry, ...],
    ) -> Stored:
        """The object in its next version; the one that was found where nothing changes."""
        checks.nulls(resource, target.name, body)
        checks.definition(resource, target.name, body)
        if found:
            checks.unchanged(resource, target.name, found.body, body)
        if found and same(found.body, body) and same_owners(found.entries, entries):
            return found
        metadata = {**body["metadata"], "resourceVersion": self._store.next_version()}
        if generation := strategy.generation(found.body if found else {}, body, resource):
            metadata["generation"] = generation
        return store.stored({**body, "metadata": metadata}, entries)

    def _establish(self, target: Target, item: Stored) -> None:
        self._kinds.define(item.body)
        status = replace(target, manager=SYSTEM, subresource=strategy.STATUS)
        self.patch(status, lambda definition: strategy.established(definition, self._now()))

    def _roll_out(self, target: Target) -> None:
        status = replace(target, manager=rollouts.CONTROLLER, subresource=strategy.STATUS)
        self.patch(status, rollouts.rolled_out)

    def _writer(self, target: Target, resource: Resource, operation: str) -> Writer:
        return Writer(
            manager=target.manager,
            operation=operation,
            subresource=target.subresource,
            api_version=target.kind.api_version,
            time=self._now(),
            ignored=strategy.ignored(resource, target.subresource),
        )

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _home(resource: Resource, namespace: str, name: str) -> str:
    """The namespace that an object is kept under, ``""`` for those of the cluster."""
    if not resource.namespaced:
        return ""
    if not namespace:
        raise refusals.invalid(f"{resource.kind} {name!r} needs a namespace")
    return namespace


def _without_managed_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in body["metadata"].items() if name != "managedFields"}
    return {**body, "metadata": metadata}


def _generated(prefix: Any) -> str:
    if not isinstance(prefix, str) or not prefix:
        raise refusals.invalid("name or generateName is required")
    return f"{prefix}{uuid.uuid4().hex[:5]}"
