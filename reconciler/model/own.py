"""What belongs to the agent itself, by its ref: no commit changes it, no prune removes it."""

from __future__ import annotations

from reconciler.model.refs import API_VERSION, ObjectRef

GROUP = API_VERSION.partition("/")[0]
NAME = "fleet-reconciler"  # what the agent's cluster-wide objects are called, or begin with
INVENTORY = "fleet-inventory-"
RBAC = "rbac.authorization.k8s.io"
CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
_ROLES = ((RBAC, "ClusterRole"), (RBAC, "ClusterRoleBinding"))


def why_own(ref: ObjectRef, namespace: str) -> str:
    """Why the object is the agent's, whose namespace is given; ``""`` if it is not.

    ``ref`` has a namespace only where its kind has one.
    """
    kind = (ref.group, ref.kind)
    if kind == ("", "Namespace") and ref.name == namespace:
        return "this is the agent's namespace"
    if ref.namespace == namespace:
        return "this is in the agent's namespace"
    if ref.group == GROUP:
        return "this is a kind of the agent's own API"
    if kind == CRD and ref.name.endswith(f".{GROUP}"):
        return "this defines the agent's own API"
    if kind in _ROLES and ref.name.startswith(NAME):
        return "this is one of the agent's roles"
    return ""
