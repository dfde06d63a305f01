"""The order of writes: which objects may be applied side by side, and what each of them needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from reconciler.model.errors import RenderError
from reconciler.model.refs import DEPENDS_ON, WAVE, ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.model.values import Record

CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")

# What others cannot exist without comes before every wave, configuration before what reads it,
# and what would stand in the way of others' writes comes last.
_FIRST = {("", "Namespace"), CRD}
_EARLY = {
    ("", "ConfigMap"),
    ("", "LimitRange"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("", "ResourceQuota"),
    ("", "Secret"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("node.k8s.io", "RuntimeClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "StorageClass"),
}
_LATE = {
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiregistration.k8s.io", "APIService"),
}

Place = tuple[int, int, int, int]  # before all, wave, kind tier, steps behind what it depends on


def place(ref: ObjectRef, wave: int = 0) -> Place:
    """Where an object stands among the waves, without what it depends on."""
    kind = (ref.group, ref.kind)
    if kind in _FIRST:
        return (0, wave, 0, 0)
    tier = 0 if kind in _EARLY else 2 if kind in _LATE else 1
    return (1, wave, tier, 0)


def waves(objects: Iterable[Manifest]) -> tuple[tuple[Manifest, ...], ...]:
    """Objects in waves, kustomize's order kept within one. Raises RenderError on a cycle."""
    listed = tuple(objects)
    by_ref = {manifest.ref: manifest for manifest in listed}
    places: dict[ObjectRef, Place] = {}
    for manifest in listed:
        _settle(manifest, by_ref, places)
    grouped: defaultdict[Place, list[Manifest]] = defaultdict(list)
    for manifest in listed:
        grouped[places[manifest.ref]].append(manifest)
    return tuple(tuple(grouped[key]) for key in sorted(grouped))


def awaited(ordered: Iterable[tuple[Manifest, ...]]) -> list[list[frozenset[ObjectRef]]]:
    """For each object of each wave, what must be healthy before it is applied: what it depends on,
    and what asks all later waves to wait."""
    waves_ = tuple(ordered)
    declared = {manifest.ref for wave in waves_ for manifest in wave}
    gates: frozenset[ObjectRef] = frozenset()
    found = []
    for wave in waves_:
        found.append(
            [gates | (declared & set(m.depends_on)) if m.depends_on else gates for m in wave]
        )
        gates |= {manifest.ref for manifest in wave if manifest.wait}
    return found


def _settle(
    start: Manifest, by_ref: Mapping[ObjectRef, Manifest], places: dict[ObjectRef, Place]
) -> None:
    """Place ``start`` behind all that it depends on; iterative, as chains may be long."""
    stack, open_refs = [start], {start.ref}
    while stack:
        manifest = stack[-1]
        needed = [by_ref[ref] for ref in manifest.depends_on if ref in by_ref]
        waiting = next((other for other in needed if other.ref not in places), None)
        if waiting is None:
            behind = [(*p[:3], p[3] + 1) for p in (places[other.ref] for other in needed)]
            places[manifest.ref] = max([place(manifest.ref, manifest.wave), *behind])
            open_refs.discard(stack.pop().ref)
        elif waiting.ref in open_refs:
            raise RenderError(
                f"{manifest.ref} and {waiting.ref} depend on each other (depends-on)",
                path=manifest.origin.path,
                line=manifest.origin.line,
            )
        else:
            stack.append(waiting)
            open_refs.add(waiting.ref)


def placed_again(record: Record) -> Manifest:
    """A manifest as it was applied, with the order that its annotations asked for."""
    notes = _mapping(_mapping(orjson.loads(record.body).get("metadata")).get("annotations"))
    depends = str(notes.get(DEPENDS_ON, "")).split(",")
    return Manifest(
        ref=record.ref,
        api_version=record.api_version,
        body=record.body,
        digest=record.digest,
        origin=record.origin,
        wave=int(notes.get(WAVE, "0")),
        depends_on=tuple(ObjectRef.parse(text.strip()) for text in depends if text.strip()),
    )


def needs(manifest: Manifest, definitions: Mapping[tuple[str, str], ObjectRef]) -> set[ObjectRef]:
    """What must be there before this object: namespace, its CRD, what it depends on.

    ``definitions`` maps a custom kind's (group, kind) to its CRD, see ``definitions``.
    """
    needed = set(manifest.depends_on)
    if manifest.ref.namespace:
        needed.add(ObjectRef("", "Namespace", "", manifest.ref.namespace))
    definition = definitions.get((manifest.ref.group, manifest.ref.kind))
    if definition:
        needed.add(definition)
    return needed


def definitions(objects: Iterable[Manifest]) -> dict[tuple[str, str], ObjectRef]:
    """Which custom kinds the CRDs among these objects define."""
    return {key: ref for key, ref, _ in _definitions(objects)}


def scopes(objects: Iterable[Manifest]) -> dict[tuple[str, str], bool]:
    """For each custom kind that a CRD among these objects defines: is it namespaced?"""
    return {key: namespaced for key, _, namespaced in _definitions(objects)}


def defined_kind(body: bytes) -> tuple[str, str] | None:
    """The (group, kind) that a CustomResourceDefinition's JSON defines; None for one without sense,
    which the API server refuses in its own words."""
    spec = _mapping(orjson.loads(body).get("spec"))
    group, kind = spec.get("group"), _mapping(spec.get("names")).get("kind")
    return (group, kind) if isinstance(group, str) and isinstance(kind, str) else None


def _definitions(
    objects: Iterable[Manifest],
) -> Iterable[tuple[tuple[str, str], ObjectRef, bool]]:
    for manifest in objects:
        if (manifest.ref.group, manifest.ref.kind) == CRD:
            defined = defined_kind(manifest.body)
            if defined is not None:
                spec = _mapping(orjson.loads(manifest.body).get("spec"))
                yield defined, manifest.ref, spec.get("scope") == "Namespaced"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
