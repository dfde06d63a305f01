"""A site's objects as a whole: whether they can be applied together, and one digest of them all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Manifest


def twice(objects: Iterable[Manifest]) -> str | None:
    """Why these cannot be applied: an object that stands in them twice, once it is placed."""
    seen: dict[ObjectRef, Manifest] = {}
    for manifest in objects:
        other = seen.setdefault(manifest.ref, manifest)
        if other is not manifest:
            return f"{manifest.ref} is declared twice: {other.origin} and {manifest.origin}"
    return None


def digest(objects: Iterable[Manifest]) -> str:
    whole = hashlib.sha256()
    for manifest in sorted(objects, key=lambda manifest: manifest.ref):
        whole.update(f"{manifest.ref} {manifest.digest}\n".encode())
    return whole.hexdigest()
