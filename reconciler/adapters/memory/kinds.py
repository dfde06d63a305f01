"""Which kinds are served, and what tells them apart.

Kubernetes' own are from the start, others once their CustomResourceDefinition is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model import errors
from reconciler.model.refs import Kind, by_stability
from reconciler.schema import typed

GroupKind = tuple[str, str]

NAMESPACE: GroupKind = ("", "Namespace")
DEFINITION: GroupKind = ("apiextensions.k8s.io", "CustomResourceDefinition")

# What of an object counts in metadata.generation; custom resources count all but metadata.
COUNTED: Mapping[GroupKind, tuple[tuple[str, ...], ...]] = {
    ("", "Pod"): (("spec",),),
    ("", "PodTemplate"): (("template",),),
    ("", "ReplicationController"): (("spec",),),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): (("webhooks",),),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): (("webhooks",),),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): (("spec",),),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): (("spec",),),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (("spec",),),
    ("apps", "DaemonSet"): (("spec",),),
    ("apps", "Deployment"): (("spec",), ("metadata", "annotations")),
    ("apps", "ReplicaSet"): (("spec",),),
    ("apps", "StatefulSet"): (("spec",),),
    ("batch", "CronJob"): (("spec",),),
    ("batch", "Job"): (("spec",),),
    ("discovery.k8s.io", "EndpointSlice"): (("addressType",), ("endpoints",), ("ports",)),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): (("spec",),),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): (("spec",),),
    ("networking.k8s.io", "Ingress"): (("spec",),),
    ("networking.k8s.io", "IngressClass"): (("spec",),),
    ("networking.k8s.io", "NetworkPolicy"): (("spec",),),
    ("policy", "PodDisruptionBudget"): (("spec",),),
    ("resource.k8s.io", "DeviceClass"): (("spec",),),
    ("resource.k8s.io", "ResourceSlice"): (("spec",),),
    ("scheduling.k8s.io", "PriorityClass"): (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A served kind. ``status`` is whether its status is written apart."""

    kind: Kind
    plural: str
    namespaced: bool
    status: bool
    shape: typed.Shape
    custom: bool

    @property
    def key(self) -> GroupKind:
        return (self.kind.group, self.kind.kind)

    @property
    def name(self) -> str:
        """As the server names it: ``deployments.apps``."""
        return f"{self.plural}.{self.kind.group}" if self.kind.group else self.plural

    @property
    def has_generation(self) -> bool:
        return self.custom or self.key in COUNTED

    def counted(self, body: Mapping[str, Any]) -> list[Any]:
        """What of an object raises its generation where it changes."""
        if self.custom:
            left_out = {"metadata", "status"} if self.status else {"metadata"}
            return [{name: value for name, value in body.items() if name not in left_out}]
        return [at(body, path) for path in COUNTED.get(self.key, ())]


class Kinds:
    """Not thread-safe: the server's lock guards it."""

    def __init__(self) -> None:
        self._custom: dict[Kind, Resource] = {}

    def find(self, kind: Kind) -> Resource:
        """Raises ClusterRefused (KindUnknown)."""
        found = self._custom.get(kind) or native(kind)
        if found is None:
            raise errors.ClusterRefused(
                f"the API server does not serve {kind.kind} in {kind.api_version}",
                reason="KindUnknown",
                status=404,
            )
        return found

    def served(self, kind: Kind) -> Kind | None:
        """The kind in the version that a real server prefers; None where it serves none."""
        versions = {known.version for known in self._custom if known.group == kind.group}
        for version in sorted(versions | {kind.version, "v1"}, key=by_stability):
            other = Kind(kind.group, version, kind.kind)
            if other in self._custom or native(other):
                return other
        return None

    def define(self, definition: Mapping[str, Any]) -> None:
        """Serve what a CustomResourceDefinition defines, as it is now."""
        self.undefine(definition)
        spec = definition["spec"]
        for version in spec.get("versions") or ():
            if version.get("served"):
                kind = Kind(spec["group"], version["name"], spec["names"]["kind"])
                self._custom[kind] = _custom(kind, spec, version)

    def undefine(self, definition: Mapping[str, Any]) -> None:
        """Serve it no more."""
        gone = defined(definition)
        for kind in [kind for kind in self._custom if (kind.group, kind.kind) == gone]:
            del self._custom[kind]


def native(kind: Kind) -> Resource | None:
    """A kind of Kubernetes' own."""
    found = typed.served(kind)
    if found is None:
        return None
    return Resource(
        kind=kind,
        plural=found.plural,
        namespaced=found.namespaced,
        status=found.status,
        shape=found.shape,
        custom=False,
    )


def defined(definition: Mapping[str, Any]) -> GroupKind:
    """The kind that a CustomResourceDefinition defines."""
    spec = definition["spec"]
    return (spec["group"], spec["names"]["kind"])


def _custom(kind: Kind, spec: Mapping[str, Any], version: Mapping[str, Any]) -> Resource:
    schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    return Resource(
        kind=kind,
        plural=spec["names"]["plural"],
        namespaced=spec["scope"] == "Namespaced",
        status="status" in (version.get("subresources") or {}),
        shape=typed.custom(schema),
        custom=True,
    )


def at(body: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path of maps, or None."""
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body
