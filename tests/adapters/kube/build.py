"""Manifests for tests, with defaults."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from reconciler.model import rendered
from reconciler.model.origins import Origin
from reconciler.model.refs import Kind, ObjectRef

CONFIG_MAP = Kind("", "v1", "ConfigMap")
SECRET = Kind("", "v1", "Secret")
NAMESPACE = Kind("", "v1", "Namespace")
DEPLOYMENT = Kind("apps", "v1", "Deployment")
CRD = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")


def manifest(
    kind: Kind, name: str, *, namespace: str = "", labels: dict[str, str] | None = None, **rest: Any
) -> rendered.Manifest:
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    metadata["labels"] = labels if labels is not None else {"site": "x"}
    metadata |= rest.pop("metadata", {})
    obj = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **rest}
    body = orjson.dumps(obj, option=orjson.OPT_SORT_KEYS)
    return rendered.Manifest(
        ref=ObjectRef(kind.group, kind.kind, namespace, name),
        api_version=kind.api_version,
        body=body,
        digest=hashlib.sha256(body).hexdigest(),
        origin=Origin("test.yaml", 1),
    )


def config_map(name: str, namespace: str = "default", **data: Any) -> rendered.Manifest:
    return manifest(CONFIG_MAP, name, namespace=namespace, data=data)


def crd(group: str, plural: str, kind: str) -> rendered.Manifest:
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": {"size": {"type": "integer", "maximum": 9}}}
        },
    }
    return manifest(
        CRD,
        f"{plural}.{group}",
        spec={
            "group": group,
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "scope": "Namespaced",
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    )
