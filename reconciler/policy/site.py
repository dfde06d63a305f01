"""What a site's own objects say of kinds and namespaces, for those who judge them.

In: the site's objects. Out: what a kind is called and where it lives, its defaults, and what an
object's Namespace looks like. Called by ``admit``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.origins import Origin
from reconciler.model.refs import Kind, ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.policy.admission import kept
from reconciler.policy.admission.requests import GENERATED, Namespace, Resource
from reconciler.policy.case import items, mapping
from reconciler.schema import conversions, defaults, kubernetes, resources

_CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
_NAMESPACE = ("", "Namespace")
# Of Kubernetes' own kinds, those that it serves in several versions (as of 1.34).
_ONE_VERSION = ("v1",)  # of the others
_VERSIONS = {("autoscaling", "HorizontalPodAutoscaler"): ("v2", "v1")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """An object that is judged, read from its bytes; ``manifest`` where it is to be applied."""

    ref: ObjectRef
    kind: Kind
    value: Mapping[str, Any]
    origin: Origin
    manifest: Manifest | None = None


class Site:
    """What is known of a site's kinds and namespaces, from what it declares."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._defined: dict[tuple[str, str], Resource] = {}
        self._schemas: dict[tuple[str, str, str], Mapping[str, Any]] = {}
        self._spaces: dict[str, Mapping[str, Any]] = {}
        self._resources: dict[Kind, Resource] = {}
        for each in objects:
            if (each.kind.group, each.kind.kind) == _CRD:
                self._define(mapping(each.value.get("spec")))
            elif (each.kind.group, each.kind.kind) == _NAMESPACE:
                self._spaces[each.ref.name] = each.value

    def _define(self, spec: Mapping[str, Any]) -> None:
        words = mapping(spec.get("names"))
        key = (str(spec.get("group", "")), str(words.get("kind", "")))
        versions = [mapping(each) for each in items(spec.get("versions"))]
        self._defined[key] = Resource(
            kind=Kind(key[0], "", key[1]),
            plural=str(words.get("plural", "")),
            namespaced=spec.get("scope") != "Cluster",
            versions=tuple(str(each.get("name", "")) for each in versions),
            served=tuple(str(v.get("name", "")) for v in versions if v.get("served", True)),
            converts=mapping(spec.get("conversion")).get("strategy", "None") != "None",
        )
        for each in versions:
            schema = mapping(mapping(each.get("schema")).get("openAPIV3Schema"))
            self._schemas[(*key, str(each.get("name", "")))] = schema

    def defaulted(self, each: Object) -> tuple[Mapping[str, Any], str]:
        """The object as the API server makes it, and why it may make another one."""
        kind = each.kind
        schema = self._schemas.get((kind.group, kind.kind, kind.version))
        return defaults.defaulted(each.value, schema)

    def param(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """A parameter as the API server keeps it."""
        kind = Kind.of(str(value.get("apiVersion", "")), str(value.get("kind", "")))
        schema = self._schemas.get((kind.group, kind.kind, kind.version))
        known = kubernetes.is_cluster_scoped(kind.group, kind.kind) is not None
        return kept.stored(defaults.defaulted(value, schema)[0], known=known)

    def defined(self) -> tuple[Resource, ...]:
        """What the site's definitions bring, in any version."""
        return tuple(self._defined.values())

    def resource(self, kind: Kind) -> Resource:
        found = self._resources.get(kind)
        if found is None:
            found = self._resources[kind] = self._resource(kind)
        return found

    def _resource(self, kind: Kind) -> Resource:
        """By the site's own definitions, by Kubernetes' kinds, or guessed as they are called."""
        defined = self._defined.get((kind.group, kind.kind))
        if defined:
            return dataclasses.replace(defined, kind=kind)
        cluster = kubernetes.is_cluster_scoped(kind.group, kind.kind)
        return Resource(
            kind=kind,
            plural=resources.plural(kind.kind),
            namespaced=not cluster,
            known=cluster is not None,
            versions=_VERSIONS.get((kind.group, kind.kind), ()),
            served=_VERSIONS.get((kind.group, kind.kind), _ONE_VERSION)
            if cluster is not None
            else (),
            converts=cluster is not None,
            twins=conversions.twins(kind),
        )

    def namespace(self, resource: Resource, name: str) -> Namespace:
        if not resource.namespaced:
            return Namespace(name="", value=None)
        declared = self._spaces.get(name)
        metadata = mapping(mapping(declared).get("metadata"))
        shown = {
            "metadata": {
                **metadata,
                "name": name,
                "labels": {**mapping(metadata.get("labels")), GENERATED: name},
                "creationTimestamp": kept.TIME,
                "resourceVersion": "1",
            },
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }
        return Namespace(name=name, value=shown, known=declared is not None)
