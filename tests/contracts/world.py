"""Two clusters that must not differ: what the contract suite needs of each, besides the port.

A World is the agent's own ``cluster``, and what others do to the same objects. Objects are whole
manifests; of them others need the kind and the name alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import orjson
import pytest

from reconciler import ports
from reconciler.adapters import kube
from reconciler.adapters.kube import refusals
from reconciler.adapters.memory import MemoryCluster
from reconciler.adapters.system import SystemClock
from reconciler.model import errors
from reconciler.model.origins import Origin
from reconciler.model.refs import Kind, ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.model.values import Live
from tests.controlplane.plane import ControlPlane

Obj = Mapping[str, Any]

EDITOR = "kubectl-edit"
PATCHES = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
}
APPLY = "application/apply-patch+yaml"
JSON = "application/json"
PLURALS = {"Ingress": "ingresses", "NetworkPolicy": "networkpolicies"}


def kind_of(obj: Obj) -> Kind:
    return Kind.of(obj["apiVersion"], obj["kind"])


def place_of(obj: Obj) -> tuple[str, str]:
    """Namespace and name."""
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def manifest(obj: Obj) -> Manifest:
    """The object as the port wants it, and nothing added to it."""
    body = orjson.dumps(obj, option=orjson.OPT_SORT_KEYS)
    return Manifest(
        ref=ObjectRef.of(obj),
        api_version=obj["apiVersion"],
        body=body,
        digest=hashlib.sha256(body).hexdigest(),
        origin=Origin("bases/app/objects.yaml", 1),
    )


class World(Protocol):
    @property
    def cluster(self) -> ports.Cluster: ...

    def patch(
        self, obj: Obj, patch: Any, *, sort: str = "merge", by: str = EDITOR, status: bool = False
    ) -> None:
        """Another's PATCH: ``merge`` or ``json``."""

    def apply(self, obj: Obj, *, by: str = EDITOR, status: bool = False) -> None:
        """Another's server-side apply, forced."""

    def create(self, obj: Obj, *, by: str = EDITOR) -> None:
        """Another's POST."""

    def delete(self, obj: Obj) -> None:
        """Another's DELETE, which asks for no uid."""

    def cut(self) -> None:
        """Break every connection, and let the cluster be reached again."""


class MemoryWorld:
    """The embedded cluster."""

    def __init__(self) -> None:
        self._server = MemoryCluster(SystemClock())
        self.cluster = self._server.client()

    def patch(
        self, obj: Obj, patch: Any, *, sort: str = "merge", by: str = EDITOR, status: bool = False
    ) -> None:
        if status:
            ref = self._live(obj).ref
            self._server.edit(ref, patch, manager=by, subresource="status")
        else:
            body = orjson.dumps(patch)
            self._server.client(by).replace(kind_of(obj), *place_of(obj), body, sort)

    def apply(self, obj: Obj, *, by: str = EDITOR, status: bool = False) -> None:
        subresource = "status" if status else ""
        self._server.client(by).apply(manifest(obj), force=True, subresource=subresource)

    def create(self, obj: Obj, *, by: str = EDITOR) -> None:
        namespace, _ = place_of(obj)
        self._server.client(by).create(kind_of(obj), namespace, orjson.dumps(obj))

    def delete(self, obj: Obj) -> None:
        self.cluster.delete(kind_of(obj), *place_of(obj), self._live(obj).uid)

    def cut(self) -> None:
        self.cluster.unreachable = True
        with pytest.raises(errors.ClusterUnavailable):
            self.cluster.version()
        self.cluster.unreachable = False

    def _live(self, obj: Obj) -> Live:
        return self.cluster.replace(kind_of(obj), *place_of(obj), b"{}", "merge")


class KubeWorld:
    """A real API server; others speak to it without our adapter. ``kubeconfig`` is the agent's."""

    def __init__(self, plane: ControlPlane, kubeconfig: Path) -> None:
        self._plane = plane
        self.cluster = kube.connect(str(kubeconfig), "")

    def close(self) -> None:
        self.cluster.close()

    def patch(
        self, obj: Obj, patch: Any, *, sort: str = "merge", by: str = EDITOR, status: bool = False
    ) -> None:
        path = self._item(obj, status)
        self._send("PATCH", f"{path}?fieldManager={by}", patch, PATCHES[sort])

    def apply(self, obj: Obj, *, by: str = EDITOR, status: bool = False) -> None:
        path = self._item(obj, status)
        self._send("PATCH", f"{path}?force=true&fieldManager={by}", obj, APPLY)

    def create(self, obj: Obj, *, by: str = EDITOR) -> None:
        self._send("POST", f"{self._collection(obj)}?fieldManager={by}", obj, JSON)

    def delete(self, obj: Obj) -> None:
        self._send("DELETE", self._item(obj), None, JSON)

    def cut(self) -> None:
        self._plane.kill_api_server()
        with pytest.raises(errors.ClusterUnavailable):
            self.cluster.version()
        self._plane.start_api_server()

    def _send(self, method: str, path: str, body: Any, content_type: str) -> None:
        status, answer = self._plane.request(method, path, body, content_type)
        if status >= 300:
            raise refusals.error_of(status, orjson.dumps(answer), None)

    def _item(self, obj: Obj, status: bool = False) -> str:
        path = f"{self._collection(obj)}/{obj['metadata']['name']}"
        return f"{path}/status" if status else path

    def _collection(self, obj: Obj) -> str:
        kind, (namespace, _) = kind_of(obj), place_of(obj)
        root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.version}"
        home = f"/namespaces/{namespace}" if namespace else ""
        return f"{root}{home}/{PLURALS.get(kind.kind, kind.kind.lower() + 's')}"


def owned(live: Live, manager: str, operation: str = "Apply", subresource: str = "") -> set[str]:
    """The fields of a manager's entry, as ``spec/ports/{"port":80,"protocol":"TCP"}/name``."""
    wanted = (manager, operation, subresource)
    found: set[str] = set()
    for entry in live.managed:
        if (entry.manager, entry.operation, entry.subresource) == wanted:
            found |= set(_paths(orjson.loads(entry.fields), ()))
    return found


def _paths(branch: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    if path and (not branch or "." in branch):
        yield "/".join(path)
    for word, below in branch.items():
        if word != ".":
            yield from _paths(below, (*path, word.partition(":")[2]))
