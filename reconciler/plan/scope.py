"""Where an object lives: manifests brought into the namespace that the API server will see.

kustomize leaves an object without a namespace where nobody named one, and gives one to every
custom kind, as it knows no scopes. kubectl and the API server put both right in silence; so do
we, before anything is compared by its ref.
"""

from __future__ import annotations

import dataclasses
import hashlib

import orjson

from reconciler.model.values import Manifest

DEFAULT = "default"


def placed(manifest: Manifest, *, namespaced: bool) -> Manifest:
    """The manifest as it must be sent; the same one where its namespace is right already."""
    wanted = (manifest.ref.namespace or DEFAULT) if namespaced else ""
    if wanted == manifest.ref.namespace:
        return manifest
    value = orjson.loads(manifest.body)
    if wanted:
        value["metadata"]["namespace"] = wanted
    else:
        del value["metadata"]["namespace"]
    body = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return dataclasses.replace(
        manifest,
        ref=dataclasses.replace(manifest.ref, namespace=wanted),
        body=body,
        digest=hashlib.sha256(body).hexdigest(),
    )
