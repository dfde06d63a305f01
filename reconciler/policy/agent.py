"""The rule on what belongs to the agent: no commit can touch it, unless the site allows that.

A commit that could would choose whom the agent trusts, and what it may do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.own import CRD, GROUP, INVENTORY, RBAC, why_own
from reconciler.model.refs import PREFIX, SITE_LABEL, ObjectRef
from reconciler.policy.case import Case, items, mapping
from reconciler.schema import kubernetes

_ALLOW = "unless agent.fromRepository is set in the site's own configuration"


def agents_own(case: Case) -> Iterator[str]:
    """Objects in the agent's namespace, that itself, its CRD, its kinds, its rights."""
    ref, space = _placed(case), case.around.agent_namespace
    is_map = case.group_kind == ("", "ConfigMap") and ref.name.startswith(INVENTORY)
    if is_map and ref.namespace == space:
        yield "the agent's inventory is written by the agent alone"
    elif not case.around.from_repository:
        why = why_own(ref, space) or _adds_rights(case)
        if why:
            yield f"{why}, which no commit can touch {_ALLOW}"


def _placed(case: Case) -> ObjectRef:
    """Where the API server will see it; a namespace on a cluster-wide kind means nothing."""
    ref = case.manifest.ref
    scoped = kubernetes.is_cluster_scoped(*case.group_kind)
    return dataclasses.replace(ref, namespace="" if scoped else ref.namespace or "default")


def _adds_rights(case: Case) -> str:
    """A role that a label of ours adds to the agent's, a binding that names the agent, its API."""
    labels = mapping(case.metadata.get("labels"))
    group = mapping(case.value.get("spec")).get("group")
    if case.group_kind == CRD and group == GROUP:
        return "this defines the agent's own API"
    adds = any(key.startswith(PREFIX) and key != SITE_LABEL for key in labels)
    if adds and case.group_kind in ((RBAC, "ClusterRole"), (RBAC, "ClusterRoleBinding")):
        return "this is one of the agent's roles"
    return "this gives rights to the agent" if _is_grant(case) else ""


def _is_grant(case: Case) -> bool:
    if case.group_kind not in ((RBAC, "RoleBinding"), (RBAC, "ClusterRoleBinding")):
        return False
    space = case.around.agent_namespace
    own = case.manifest.ref.namespace or "default"
    subjects = (mapping(subject) for subject in items(case.value.get("subjects")))
    return any(_is_agent(subject, space, own) for subject in subjects)


def _is_agent(subject: Mapping[str, Any], space: str, own: str) -> bool:
    name = str(subject.get("name", ""))
    if subject.get("kind") == "ServiceAccount":
        return (subject.get("namespace") or own) == space
    return name.startswith(f"system:serviceaccount:{space}:") or (
        name == f"system:serviceaccounts:{space}"
    )
