"""What the fleet repository of the kill tests holds, and what somebody may do to each of it.

Each object says in an annotation the number of the commit that last changed it. So whoever sees
an object in the cluster knows which manifest it was made of.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.refs import SITE_LABEL, WAVE, ObjectRef

Body = dict[str, Any]
SERIAL = "example.com/serial"
_COUNTS = {"ConfigMap": 12, "Secret": 5, "Service": 4, "Deployment": 4, "Widget": 5}
_DEFINITIONS = {"Widget": "widgets", "Gadget": "gadgets"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """``path`` is of the collection; ``drift`` and ``harmless`` are merge patches.

    The harmless one sets a field that the manifests leave alone, to a text of the caller's.
    """

    group: str
    version: str
    path: str
    content: Callable[[int], Body]
    drift: Body
    harmless: Callable[[str], Body]


def _secret(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def kinds(namespace: str) -> Mapping[str, Kind]:
    """All kinds in play, for a test with this namespace; custom ones have a group of its own."""
    core, group = f"/api/v1/namespaces/{namespace}", f"{namespace}.example.com"
    custom = f"/apis/{group}/v1/namespaces/{namespace}"
    extensions = "apiextensions.k8s.io"
    forged = {"metadata": {"annotations": {SERIAL: "0"}}}

    def row(
        api: str,
        path: str,
        content: Callable[[int], Body],
        drift: Body,
        harmless: Callable[[str], Body] = _annotated,
    ) -> Kind:
        group, _, version = api.rpartition("/")
        return Kind(
            group=group,
            version=version,
            path=path,
            content=content,
            drift=drift,
            harmless=harmless,
        )

    return {
        "Namespace": row("v1", "/api/v1/namespaces", lambda _: {}, forged),
        "CustomResourceDefinition": row(
            f"{extensions}/v1",
            f"/apis/{extensions}/v1/customresourcedefinitions",
            lambda _: {},
            forged,
        ),
        "ConfigMap": row(
            "v1",
            f"{core}/configmaps",
            lambda serial: {"data": {"serial": str(serial), "mode": "quiet"}},
            {"data": {"mode": "loud"}},
            lambda text: {"data": {"theirs": text}},
        ),
        "Secret": row(
            "v1",
            f"{core}/secrets",
            lambda serial: {"stringData": {"serial": str(serial), "mode": "quiet"}},
            {"data": {"mode": _secret("loud")}},
        ),
        "Service": row("v1", f"{core}/services", _service, {"spec": {"selector": {"app": "x"}}}),
        "Deployment": row(
            "apps/v1",
            f"/apis/apps/v1/namespaces/{namespace}/deployments",
            _deployment,
            {"spec": {"minReadySeconds": 9}},
        ),
        "Widget": row(
            f"{group}/v1",
            f"{custom}/widgets",
            lambda serial: {"spec": {"serial": serial, "mode": "quiet"}},
            {"spec": {"mode": "loud"}},
        ),
        "Gadget": row(
            f"{group}/v1",
            f"{custom}/gadgets",
            lambda serial: {"spec": {"serial": serial}},
            {"spec": {"serial": -1}},
        ),
    }


def _annotated(text: str) -> Body:
    return {"metadata": {"annotations": {"example.com/theirs": text}}}


def _service(serial: int) -> Body:
    ports = [{"name": "http", "port": 1000 + serial, "targetPort": 80, "protocol": "TCP"}]
    return {"spec": {"selector": {"app": "camera"}, "ports": ports}}


def _deployment(serial: int) -> Body:
    """Without a replica, as Pods are not what is counted here."""
    containers = [{"name": "main", "image": f"camera:{serial}"}]
    return {
        "spec": {
            "replicas": 0,
            "minReadySeconds": 1,
            "selector": {"matchLabels": {"app": "camera"}},
            "template": {
                "metadata": {"labels": {"app": "camera"}},
                "spec": {"containers": containers},
            },
        }
    }


def universe(namespace: str) -> tuple[ObjectRef, ...]:
    """All objects that a commit may hold, the namespace and its two definitions first."""
    table = kinds(namespace)
    group = table["Widget"].group
    definitions = [
        ObjectRef(table["CustomResourceDefinition"].group, "CustomResourceDefinition", "", name)
        for name in (f"{plural}.{group}" for plural in _DEFINITIONS.values())
    ]
    counts = {**_COUNTS, "Gadget": 2}
    others = [
        ObjectRef(table[kind].group, kind, namespace, f"{kind.lower()}-{number}")
        for kind, count in counts.items()
        for number in range(count)
    ]
    return (ObjectRef("", "Namespace", "", namespace), *definitions, *others)


def manifest(ref: ObjectRef, serial: int, namespace: str) -> Body:
    """The object as a commit of this number writes it into the repository."""
    kind = kinds(namespace)[ref.kind]
    annotations = {SERIAL: str(serial)}
    if ref.name.endswith("-1"):
        annotations[WAVE] = "1"  # so that a pass has a few more waves
    content = kind.content(serial)
    if ref.kind == "CustomResourceDefinition":
        content = _definition(ref)
    where = {"namespace": ref.namespace} if ref.namespace else {}
    return {
        "apiVersion": f"{kind.group}/{kind.version}" if kind.group else kind.version,
        "kind": ref.kind,
        "metadata": {"name": ref.name, **where, "annotations": annotations},
        **content,
    }


def _definition(ref: ObjectRef) -> Body:
    plural, _, group = ref.name.partition(".")
    kind = next(kind for kind, name in _DEFINITIONS.items() if name == plural)
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
    }
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    return {"spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}}


def expected(ref: ObjectRef, serial: int, namespace: str, site: str) -> Body:
    """The same as it must be in the cluster: with the site's label, and a Secret's data encoded."""
    body = manifest(ref, serial, namespace)
    body["metadata"]["labels"] = {SITE_LABEL: site}
    texts = body.pop("stringData", {})
    if texts:
        body["data"] = {key: _secret(text) for key, text in texts.items()}
    return body


def serial_of(body: Mapping[str, Any]) -> int:
    """The number of the commit that an object in the cluster was made of; -1 for none."""
    text = (body["metadata"].get("annotations") or {}).get(SERIAL, "")
    return int(text) if text.isdecimal() else -1


def holds(wanted: Any, found: Any) -> bool:
    """Whether all that is set in ``wanted`` is so in ``found``, which may hold more."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            key in found and holds(value, found[key]) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(wanted) == len(found)
            and all(holds(one, other) for one, other in zip(wanted, found, strict=True))
        )
    return bool(wanted == found)
