"""An object to be judged, as the request that would bring it to the API server.

Called by ``court`` with what it is to do; ``matching`` and programs read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.origins import Origin
from reconciler.model.refs import Kind, ObjectRef

_TOKEN = ("credential-id", "node-name", "node-uid", "pod-name", "pod-uid")
GENERATED = "kubernetes.io/metadata.name"  # a label that every namespace has


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What a kind is called in URLs, and where its objects live. ``known``: not a guess.

    ``versions`` are the others in which the API server has it, where that is known;
    ``converts``: what is in them is not the same but for the version's name. ``twins`` are the
    same objects in other groups. ``served`` are the versions in which it can be asked for.
    """

    kind: Kind
    plural: str
    namespaced: bool
    known: bool = True
    versions: tuple[str, ...] = ()
    converts: bool = False
    twins: tuple[Kind, ...] = ()
    served: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """``value`` is None for objects of the cluster; ``known``: its labels are those it has."""

    name: str
    value: Mapping[str, Any] | None
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who asks the API server."""

    name: str
    groups: tuple[str, ...]

    def words(self) -> dict[str, Any]:
        """As of a service account's token in a Pod; only that there are such ids is known."""
        extra = {f"authentication.kubernetes.io/{key}": ["unknown"] for key in _TOKEN}
        return {
            "username": self.name,
            "uid": "unknown",
            "groups": list(self.groups),
            "extra": extra,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """``operation`` is CREATE, UPDATE or DELETE; a deleted object has no ``value``.

    ``is_live``: the API server was asked, and ``old`` is the live object; otherwise it is what was
    last applied.
    """

    ref: ObjectRef
    resource: Resource
    operation: str
    value: Mapping[str, Any] | None
    old: Mapping[str, Any] | None
    namespace: Namespace
    user: User
    origin: Origin | None = None
    doubt: str = ""  # why the API server's object may be another one
    is_live: bool = False

    def words(self) -> dict[str, Any]:
        """The variable ``request``, with the fields that the API server leaves out left out."""
        kind, resource = self.resource.kind, self.resource
        named = {"group": kind.group, "version": kind.version}
        words: dict[str, Any] = {
            "kind": {**named, "kind": kind.kind},
            "resource": {**named, "resource": resource.plural},
            "requestKind": {**named, "kind": kind.kind},
            "requestResource": {**named, "resource": resource.plural},
            "name": self.ref.name,
            "operation": self.operation,
            "userInfo": self.user.words(),
            "uid": "",
            "object": None,
            "oldObject": None,
            "dryRun": False,
            "options": {
                "apiVersion": "meta.k8s.io/v1",
                "kind": f"{self.operation.capitalize()}Options",
            },
        }
        if self.operation != "DELETE":
            words["options"]["fieldManager"] = "fleet-reconciler"
        if self.space:
            words["namespace"] = self.space
        return words

    @property
    def space(self) -> str:
        """The request's namespace, which of a Namespace is itself, as Kubernetes has it."""
        kind = self.resource.kind
        if self.resource.namespaced:
            return self.ref.namespace
        return self.ref.name if (kind.group, kind.kind) == ("", "Namespace") else ""

    @property
    def labels(self) -> Mapping[str, Any]:
        return labels(self.value)

    @property
    def old_labels(self) -> Mapping[str, Any]:
        return labels(self.old)


def labels(value: Mapping[str, Any] | None) -> Mapping[str, Any]:
    metadata = (value or {}).get("metadata")
    found = metadata.get("labels") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}
