"""What the server itself makes of an object that someone writes. Pure.

Its status apart from the rest, what nobody may change, what is filled in, and its generation.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.adapters.memory import items, kinds
from reconciler.adapters.memory.fields import Path
from reconciler.adapters.memory.kinds import Resource
from reconciler.schema.typed import DEDUCED, ListShape, MapShape, Shape

Body = Mapping[str, Any]

STATUS = "status"

# Of an object's metadata, what only the server sets.
IDENTITY = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)


# The server's metadata has no empty map or list.
_EMPTY: tuple[Any, ...] = (None, {}, [], "")


def ignored(resource: Resource, subresource: str) -> tuple[Path, ...]:
    """The fields that a write to the object, or to its status, leaves alone."""
    if subresource == STATUS:
        return (("f:spec",),)
    return (("f:status",),) if resource.status else ()


def prepared(
    old: Body, new: Body, resource: Resource, subresource: str, identity: Body
) -> dict[str, Any]:
    """``new`` as it takes the place of ``old``, which is {} where there was nothing.

    ``identity`` is the metadata that the server alone sets.
    """
    body = _parted(old, new, resource, subresource)
    metadata = {
        name: value
        for name, value in (body.get("metadata") or {}).items()
        if name not in IDENTITY and name != "managedFields" and value not in _EMPTY
    }
    body["apiVersion"], body["kind"] = resource.kind.api_version, resource.kind.kind
    body["metadata"] = {**metadata, **identity}
    filled: dict[str, Any] = _filled(body, resource.shape, custom=resource.custom)
    fill = _FILL.get(resource.key)
    return fill(filled) if fill else filled


def identity_of(body: Body) -> dict[str, Any]:
    """The metadata of ``body`` that the server alone sets."""
    metadata = body["metadata"]
    return {name: metadata[name] for name in IDENTITY if name in metadata}


def generation(old: Body, new: Body, resource: Resource) -> int:
    """The generation that ``new`` gets; 0 for kinds that have none."""
    if not resource.has_generation:
        return 0
    before = old.get("metadata", {}).get("generation", 0)
    raised = not old or not items.same(resource.counted(old), resource.counted(new))
    return int(before) + raised


def _parted(old: Body, new: Body, resource: Resource, subresource: str) -> dict[str, Any]:
    """A write to the status changes nothing else, and no other write changes the status."""
    if not resource.status:
        return dict(new)
    if subresource != STATUS:
        return _with(new, STATUS, old)
    if resource.custom:
        return _with(old, STATUS, new)
    return _with(new, "spec", old)


def _with(body: Body, name: str, source: Body) -> dict[str, Any]:
    """``body`` with one field as ``source`` has it."""
    rest = {key: below for key, below in body.items() if key != name}
    return {**rest, name: source[name]} if name in source else rest


def _filled(value: Any, shape: Shape, *, custom: bool) -> Any:
    """With the defaults of the keys of list items; and, but for custom resources, without what
    Go's types have no place for: nulls, and empty lists and maps.

    Not copied where nothing changes.
    """
    facet = items.facet(shape, value)
    if isinstance(facet, MapShape) and isinstance(value, dict):
        return _filled_map(value, facet, custom=custom)
    if isinstance(facet, ListShape) and isinstance(value, list):
        return _filled_list(value, facet, custom=custom)
    return value


def _filled_map(value: dict[str, Any], facet: MapShape, *, custom: bool) -> dict[str, Any]:
    filled = {}
    changed = False
    for name, below in value.items():
        shape = facet.field(name)
        if not custom and _is_nothing(below, shape):
            changed = True
            continue
        filled[name] = below if shape is None else _filled(below, shape, custom=custom)
        changed |= filled[name] is not below
    return filled if changed else value


def _is_nothing(value: Any, shape: Shape | None) -> bool:
    """Only maps are nothing when empty: ``emptyDir: {}`` and a CRD's ``status: {}`` are not."""
    if value == {} and shape is not None and shape.map is not None:
        return not shape.map.fields and shape.map.values is not DEDUCED
    return value is None or value == []


def _filled_list(value: list[Any], facet: ListShape, *, custom: bool) -> list[Any]:
    filled = []
    changed = False
    for item in value:
        after = _filled(item, facet.items, custom=custom)
        if isinstance(item, dict) and (missing := facet.defaults.keys() - item.keys()):
            after = {**after, **{key: facet.defaults[key] for key in missing}}
        changed |= after is not item
        filled.append(after)
    return filled if changed else value


def _fill_namespace(body: dict[str, Any]) -> dict[str, Any]:
    metadata = body["metadata"]
    labels = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata["name"]}
    phase = "Terminating" if "deletionTimestamp" in metadata else "Active"
    return {
        **body,
        "metadata": {**metadata, "labels": labels},
        "spec": {"finalizers": ["kubernetes"], **(body.get("spec") or {})},
        "status": {**(body.get("status") or {}), "phase": phase},
    }


def _fill_secret(body: dict[str, Any]) -> dict[str, Any]:
    """``stringData`` is for writing alone: it becomes part of ``data``."""
    filled = {"type": "Opaque", **body}
    plain = filled.pop("stringData", None) or {}
    encoded = {name: b64encode(value.encode()).decode() for name, value in plain.items()}
    if encoded:
        filled["data"] = {**(filled.get("data") or {}), **encoded}
    return filled


def _fill_replicas(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "spec": {"replicas": 1, **(body.get("spec") or {})}}


_FILL: Mapping[kinds.GroupKind, Callable[[dict[str, Any]], dict[str, Any]]] = {
    kinds.NAMESPACE: _fill_namespace,
    ("", "Secret"): _fill_secret,
    ("apps", "Deployment"): _fill_replicas,
    ("apps", "ReplicaSet"): _fill_replicas,
    ("apps", "StatefulSet"): _fill_replicas,
}


def established(definition: Body, time: str) -> dict[str, Any]:
    """A CustomResourceDefinition once its kind is served."""
    spec = definition["spec"]
    stored = [version["name"] for version in spec.get("versions") or () if version.get("storage")]
    known = (definition.get("status") or {}).get("storedVersions") or []
    conditions = [
        _condition("NamesAccepted", "NoConflicts", "no conflicts found", time),
        _condition(
            "Established", "InitialNamesAccepted", "the initial names have been accepted", time
        ),
    ]
    names = {"singular": spec["names"]["kind"].lower(), **spec["names"]}
    names.setdefault("listKind", f"{spec['names']['kind']}List")
    status = {
        "acceptedNames": names,
        "conditions": (definition.get("status") or {}).get("conditions") or conditions,
        "storedVersions": [*known, *(name for name in stored if name not in known)],
    }
    return {**definition, "status": status}


def _condition(name: str, reason: str, message: str, time: str) -> dict[str, Any]:
    return {
        "type": name,
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": time,
    }
