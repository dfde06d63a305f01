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
    deletion,
    fields,
    kinds,
    ownership,
    refusals,
    selectors,
    store,
    strategy,
    validate,
)
from reconciler.adapters.memory.items import same
from reconciler.adapters.memory.kinds import Resource
from reconciler.adapters.memory.ownership import APPLY, UPDATE, Entry, Writer
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
    """Begins with the namespaces that every cluster has."""

    def __init__(self, clock: ports.Clock) -> None:
        self._clock = clock
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
            resource, found = self._find(target)
            _check_schema(resource, target, config)
            _check_keys(resource, target.name, config)
            if found is None:
                self._admit(resource, target)
            _check_preconditions(resource, target.name, config, found)
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
            return self._write(target, resource, found, body, entries).live

    def patch(self, target: Target, change: Callable[[dict[str, Any]], Any]) -> Live:
        """``change`` gets a copy of the whole object and gives what it should become."""
        with self._lock:
            resource, found = self._find(target)
            if found is None:
                raise refusals.not_found(resource.name, target.name)
            new = change(found.whole(target.kind))
            if not isinstance(new, dict) or not isinstance(new.get("metadata"), dict):
                raise refusals.bad_request("a patch must leave an object with metadata")
            _check_preconditions(resource, target.name, new, found)
            return self._update(target, resource, found, new).live

    def create(self, kind: Kind, namespace: str, body: Mapping[str, Any], manager: str) -> Live:
        with self._lock:
            metadata = body.get("metadata") or {}
            name = metadata.get("name") or _generated(metadata.get("generateName"))
            target = Target(kind=kind, namespace=namespace, name=name, manager=manager)
            resource, found = self._find(target)
            if found is not None:
                raise refusals.already_exists(resource.name, name)
            self._admit(resource, target)
            return self._update(target, resource, None, body).live

    def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> bool:
        """False where it is gone, or has another uid."""
        with self._lock:
            resource = self._kinds.find(kind)
            found = self._store.get(resource.key, _home(resource, namespace, name), name)
            if found is None or found.live.uid != uid:
                return False
            self._deletion.begin(found, self._now())
            return True

    def open(self, kind: Kind, selector: str) -> tuple[Feed, tuple[Live, ...]]:
        """A watch's feed, and what it begins with."""
        feed = Feed(kind, selectors.parse(selector))
        with self._lock:
            self._kinds.find(kind)
            return feed, tuple(item.live for item in self._store.open(feed))

    def close(self, feed: Feed) -> None:
        with self._lock:
            self._store.close(feed)

    def _find(self, target: Target) -> tuple[Resource, Stored | None]:
        resource = self._kinds.find(target.kind)
        home = _home(resource, target.namespace, target.name)
        return resource, self._store.get(resource.key, home, target.name)

    def _admit(self, resource: Resource, target: Target) -> None:
        """Whether an object may be made there."""
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
        if faults := list(validate.faults(content, resource.shape)):
            raise refusals.bad_request(f"strict decoding error: {'; '.join(faults)}")
        _check_keys(resource, target.name, content)
        entries = found.entries if found else ()
        if not target.subresource:
            entries = _sent(new["metadata"], entries)
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
        if resource.custom and (empty := list(validate.nulls(body, resource.shape))):
            message = 'Invalid value: "null"'
            raise refusals.invalid_fields(resource.name, target.name, message, empty)
        if found and same(found.body, body) and _timeless(found.entries) == _timeless(entries):
            return found
        metadata = {**body["metadata"], "resourceVersion": self._store.next_version()}
        if generation := strategy.generation(found.body if found else {}, body, resource):
            metadata["generation"] = generation
        item = store.stored({**body, "metadata": metadata}, entries)
        self._store.put(item)
        if item.live.deleting:
            self._deletion.finish(item)
        elif resource.key == kinds.DEFINITION:
            self._establish(target, item)
        return item

    def _establish(self, target: Target, item: Stored) -> None:
        self._kinds.define(item.body)
        status = replace(target, manager=SYSTEM, subresource=strategy.STATUS)
        self.patch(status, lambda definition: strategy.established(definition, self._now()))

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


def _check_schema(resource: Resource, target: Target, config: Mapping[str, Any]) -> None:
    faults = list(validate.faults(config, resource.shape))
    faults = faults or list(validate.repeats(config, resource.shape))
    if faults:
        raise refusals.schema_error(target.kind, target.namespace, target.name, faults)


def _check_keys(resource: Resource, name: str, body: Mapping[str, Any]) -> None:
    if lacking := list(validate.omitted_keys(body, resource.shape)):
        raise refusals.invalid_fields(resource.name, name, "Required value", lacking)


def _check_preconditions(
    resource: Resource, name: str, sent: Mapping[str, Any], found: Stored | None
) -> None:
    """A uid or a resourceVersion in what is sent must be the object's."""
    metadata = sent.get("metadata") or {}
    uid, version = metadata.get("uid"), metadata.get("resourceVersion")
    where = f'Operation cannot be fulfilled on {resource.name} "{name}"'
    if found is None:
        if uid or version:
            raise refusals.conflict(f"{where}: there is no such object")
    elif uid and uid != found.live.uid:
        raise refusals.invalid(f'{resource.name} "{name}" is invalid: metadata.uid is immutable')
    elif version and version != found.live.resource_version:
        raise refusals.conflict(
            f"{where}: the object has been modified; please apply your changes to the latest"
            " version and try again"
        )


def _sent(metadata: Mapping[str, Any], entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries as a client wants them: those it sent, or none, or what there was."""
    sent = metadata.get("managedFields")
    if sent is None:
        return entries
    if sent in ([], [{}]):
        return ()
    try:
        return tuple(_entry(row) for row in sent)
    except (KeyError, TypeError, AttributeError):
        return entries


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        manager=row["manager"],
        operation=row["operation"],
        subresource=row.get("subresource", ""),
        api_version=row["apiVersion"],
        time=row.get("time", ""),
        fields=fields.decode(row["fieldsV1"]),
    )


def _without_managed_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in body["metadata"].items() if name != "managedFields"}
    return {**body, "metadata": metadata}


def _timeless(entries: tuple[Entry, ...]) -> list[Entry]:
    return [replace(entry, time="") for entry in entries]


def _generated(prefix: Any) -> str:
    if not isinstance(prefix, str) or not prefix:
        raise refusals.invalid("name or generateName is required")
    return f"{prefix}{uuid.uuid4().hex[:5]}"
