"""A commit's objects, each in the namespace that the API server will see it in.

In: rendered manifests and what discovery knows of their kinds. Out: the same in their places.
"""

from __future__ import annotations

from reconciler import ports
from reconciler.model import errors
from reconciler.model.rendered import Manifest
from reconciler.plan import scope, waves


def placed(objects: tuple[Manifest, ...], cluster: ports.Cluster) -> tuple[Manifest, ...]:
    """Raises ClusterUnavailable."""
    defined = waves.scopes(objects)
    known: dict[tuple[str, str, str], bool | None] = {}
    result = []
    for manifest in objects:
        kind = manifest.kind
        key = (kind.group, kind.version, kind.kind)
        if key not in known:
            scoped = defined.get((kind.group, kind.kind))
            known[key] = _discovered(manifest, cluster) if scoped is None else scoped
        namespaced = known[key]
        result.append(
            manifest if namespaced is None else scope.placed(manifest, namespaced=namespaced)
        )
    return scope.follow(objects, result)


def _discovered(manifest: Manifest, cluster: ports.Cluster) -> bool | None:
    try:
        return cluster.namespaced(manifest.kind)
    except errors.ClusterRefused:
        return None  # applying it says why
