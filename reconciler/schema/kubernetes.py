"""Which kinds of Kubernetes 1.34 itself belong to a namespace and which to the cluster."""

from __future__ import annotations

from reconciler.schema.tables import table


def is_cluster_scoped(group: str, kind: str) -> bool | None:
    """True or false for kinds that Kubernetes brings; None for others, which have a CRD."""
    if kind in table("kubernetes")["clusterScoped"].get(group, ()):
        return True
    return False if kind in table("kubernetes")["namespaced"].get(group, ()) else None
