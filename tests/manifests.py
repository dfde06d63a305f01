"""Manifests for tests: plain values in, what the engine handles out."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from reconciler.model.origins import Origin
from reconciler.model.refs import DEPENDS_ON, SITE_LABEL, WAIT, WAVE, ObjectRef, SiteName
from reconciler.model.rendered import Manifest

SITE = SiteName("north", "one")


def manifest(value: dict[str, Any], *, site: SiteName = SITE, line: int = 1) -> Manifest:
    """``value`` with our label, as the render stage would hand it on."""
    metadata = dict(value.get("metadata") or {})
    metadata["labels"] = {**(metadata.get("labels") or {}), SITE_LABEL: site.label}
    value = {**value, "metadata": metadata}
    body = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    notes = metadata.get("annotations") or {}
    return Manifest(
        ref=ObjectRef.of(value),
        api_version=value["apiVersion"],
        body=body,
        digest=hashlib.sha256(body).hexdigest(),
        origin=Origin("bases/app/objects.yaml", line),
        wave=int(notes.get(WAVE, "0")),
        wait=notes.get(WAIT) == "true",
        depends_on=tuple(
            ObjectRef.parse(ref) for ref in notes.get(DEPENDS_ON, "").split(",") if ref
        ),
    )


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def config_map(
    name: str, data: dict[str, str] | None = None, *, namespace: str = "app", **metadata: Any
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "data": data if data is not None else {"key": "value"},
    }


def deployment(name: str, *, namespace: str = "app", image: str = "app:1") -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    }


def definition(group: str, kind: str, *, scope: str = "Namespaced") -> dict[str, Any]:
    plural = kind.lower() + "s"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "x-kubernetes-preserve-unknown-fields": True,
                        }
                    },
                }
            ],
        },
    }
