"""Where an object lives: manifests brought into the namespace that the API server will see.

kustomize leaves an object without a namespace where nobody named one, and gives one to every
custom kind, as it knows no scopes. kubectl and the API server put both right in silence; so do
we, before anything is compared by its ref.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable

import orjson

from reconciler.model.rendered import Manifest

DEFAULT = "default"


def follow(before: Iterable[Manifest], after: Iterable[Manifest]) -> tuple[Manifest, ...]:
    """``after`` with ``depends-on`` pointing at where the objects of ``before`` went."""
    listed = tuple(after)
    went = {old.ref: new.ref for old, new in zip(before, listed, strict=True) if old is not new}
    return tuple(
        dataclasses.replace(each, depends_on=tuple(went.get(ref, ref) for ref in each.depends_on))
        if any(ref in went for ref in each.depends_on)
        else each
        for each in listed
    )


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
