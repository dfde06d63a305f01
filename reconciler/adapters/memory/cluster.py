"""The embedded cluster: MemoryCluster, and the port ``Cluster`` for each client of it.

Used by fast tests and by the demo. Each client has a field manager, as each program on a real
cluster has, and switches of its own for what can go wrong between it and the API server.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Literal

import orjson

from reconciler import ports
from reconciler.adapters.memory import patches, refusals, watch
from reconciler.adapters.memory.server import Server, Target
from reconciler.model.refs import FIELD_MANAGER, Kind, ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.model.values import Live

VERSION = "v1.34.2"


class MemoryCluster:
    """An API server without a network: objects last as long as this does.

    It keeps the API server's books, and the contract suite holds it to that. It has no
    controllers (but that namespaces and definitions end with what they hold) and no admission;
    of validation and defaults it has what decides about ownership, and a little more. With
    ``rolls_out`` Deployments, StatefulSets and DaemonSets are at once as if their Pods ran.
    """

    def __init__(self, clock: ports.Clock, *, rolls_out: bool = False) -> None:
        self._server = Server(clock, rolls_out=rolls_out)

    def client(self, manager: str = FIELD_MANAGER) -> MemoryClient:
        """A client that writes as ``manager``."""
        return MemoryClient(self._server, manager)

    def edit(
        self,
        ref: ObjectRef,
        patch: Mapping[str, Any],
        *,
        manager: str,
        operation: Literal["Update", "Apply"] = "Update",
        subresource: str = "",
    ) -> Live:
        """What someone else does to an object: a merge patch, or a forced apply of ``patch``.

        Raises ClusterRefused.
        """
        kind = self._server.kind_of(ref)
        target = Target(
            kind=kind,
            namespace=ref.namespace,
            name=ref.name,
            manager=manager,
            subresource=subresource,
        )
        if operation == "Update":
            return self._server.patch(target, lambda found: patches.merged(found, patch))
        metadata = {"name": ref.name, **(patch.get("metadata") or {})}
        config = {**patch, "apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
        return self._server.apply(target, config, force=True)


class MemoryClient:
    """See ports.Cluster; thread-safe.

    While ``unreachable`` is true every request raises ClusterUnavailable and watches are cut.
    ``requests`` counts by verb and kind what was asked, answered or not.
    """

    def __init__(self, server: Server, manager: str) -> None:
        self._server = server
        self._manager = manager
        self._lock = threading.Lock()
        self._forbidden: set[tuple[Kind, str]] = set()
        self._cuts = 0
        self._unreachable = False
        self.requests: Counter[tuple[str, Kind]] = Counter()

    @property
    def unreachable(self) -> bool:
        return self._unreachable

    @unreachable.setter
    def unreachable(self, value: bool) -> None:
        with self._lock:
            self._cuts += value
            self._unreachable = value

    def close(self) -> None:
        """Nothing is to be closed: watches end by their own ``stop``."""

    def forbid(self, kind: Kind, *verbs: str) -> None:
        """Refuse these verbs (get, list, watch, patch, create, delete) as RBAC would."""
        with self._lock:
            self._forbidden |= {(kind, verb) for verb in verbs}

    def allow(self, kind: Kind) -> None:
        """Refuse nothing of this kind any more."""
        with self._lock:
            self._forbidden = {rule for rule in self._forbidden if rule[0] != kind}

    def version(self) -> str:
        if self.unreachable:
            raise refusals.unreachable()
        return VERSION

    def namespaced(self, kind: Kind) -> bool:
        if self.unreachable:
            raise refusals.unreachable()
        return self._server.resource(kind).namespaced

    def served(self, kind: Kind) -> Kind | None:
        if self.unreachable:
            raise refusals.unreachable()
        return self._server.served(kind)

    def apply(self, manifest: Manifest, *, force: bool, subresource: str = "") -> Live:
        ref = manifest.ref
        self._ask("patch", manifest.kind, ref.namespace, ref.name)
        target = self._target(manifest.kind, ref.namespace, ref.name, subresource)
        return self._server.apply(target, orjson.loads(manifest.body), force=force)

    def dry_run(self, manifest: Manifest, *, force: bool) -> Mapping[str, Any]:
        ref = manifest.ref
        self._ask("patch", manifest.kind, ref.namespace, ref.name)
        target = self._target(manifest.kind, ref.namespace, ref.name)
        return self._server.dry_run(target, orjson.loads(manifest.body), force=force)

    def read(self, kind: Kind, namespace: str, name: str) -> Mapping[str, Any] | None:
        self._ask("get", kind, namespace, name)
        return self._server.get(kind, namespace, name)

    def select(self, kind: Kind, namespace: str, selector: str) -> tuple[Mapping[str, Any], ...]:
        self._ask("list", kind, namespace)
        return self._server.select(kind, namespace, selector)

    def replace(self, kind: Kind, namespace: str, name: str, body: bytes, patch: str) -> Live:
        self._ask("patch", kind, namespace, name)
        change, wanted = patches.PATCHES[patch], orjson.loads(body)
        target = self._target(kind, namespace, name)
        return self._server.patch(target, lambda found: change(found, wanted))

    def create(self, kind: Kind, namespace: str, body: bytes) -> Live:
        self._ask("create", kind, namespace)
        return self._server.create(kind, namespace, orjson.loads(body), self._manager)

    def delete(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        uid: str,
        *,
        version: str = "",
        foreground: bool = False,
    ) -> ports.Deleted:
        """See ports.Cluster. Nothing here is owned, so that ``foreground`` makes no difference."""
        if not uid:
            raise refusals.invalid(f"{kind} {name!r} is not deleted without its uid")
        self._ask("delete", kind, namespace, name)
        return self._server.delete(kind, namespace, name, uid, version)

    def watch(
        self,
        kind: Kind,
        selector: str,
        sink: Callable[[ports.WatchEvent], None],
        stop: threading.Event,
    ) -> None:
        """See ports.Cluster. What ``sink`` raises ends the watch."""
        with self._lock:
            self.requests["watch", kind] += 1
        watch.Watch(
            server=self._server,
            kind=kind,
            selector=selector,
            sink=sink,
            stop=stop,
            check=lambda: self._check("watch", kind, "", ""),
        ).run()

    def _target(self, kind: Kind, namespace: str, name: str, subresource: str = "") -> Target:
        return Target(
            kind=kind,
            namespace=namespace,
            name=name,
            manager=self._manager,
            subresource=subresource,
        )

    def _ask(self, verb: str, kind: Kind, namespace: str, name: str = "") -> None:
        with self._lock:
            self.requests[verb, kind] += 1
        self._check(verb, kind, namespace, name)

    def _check(self, verb: str, kind: Kind, namespace: str, name: str) -> int:
        """How often the link was cut so far. Raises what the switches say."""
        with self._lock:
            refused, unreachable, cuts = (
                (kind, verb) in self._forbidden,
                self._unreachable,
                self._cuts,
            )
        if unreachable:
            raise refusals.unreachable()
        if refused:
            raise refusals.forbidden(verb, self._server.resource(kind), namespace, name)
        return cuts
