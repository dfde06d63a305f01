"""The rule on what belongs to the agent: no commit can touch it, unless the site allows that.

A commit that could would choose whom the agent trusts, and what it may do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.model.refs import API_VERSION, PREFIX, SITE_LABEL
from reconciler.policy.case import Case, items, mapping
from reconciler.schema import kubernetes

GROUP = API_VERSION.partition("/")[0]
NAME = "fleet-reconciler"  # what the agent's cluster-wide objects are called, or begin with
INVENTORY = "fleet-inventory-"
_RBAC = "rbac.authorization.k8s.io"
_ALLOW = "unless agent.fromRepository is set in the site's own configuration"


def agents_own(case: Case) -> Iterator[str]:
    """Objects in the agent's namespace, that itself, its CRD, its kinds, its rights."""
    if _is_inventory(case):
        yield "the agent's inventory is written by the agent alone"
    elif not case.around.from_repository:
        why = next((words for test, words in _TESTS if test(case)), "")
        if why:
            yield f"{why}, which no commit can touch {_ALLOW}"


def _is_inventory(case: Case) -> bool:
    ref = case.manifest.ref
    is_map = case.group_kind == ("", "ConfigMap") and ref.name.startswith(INVENTORY)
    return is_map and _in_namespace(case)


def _in_namespace(case: Case) -> bool:
    if kubernetes.is_cluster_scoped(*case.group_kind):
        return False  # a namespace there means nothing
    return (case.manifest.ref.namespace or "default") == case.around.agent_namespace


def _is_namespace(case: Case) -> bool:
    named = case.manifest.ref.name == case.around.agent_namespace
    return case.group_kind == ("", "Namespace") and named


def _is_our_kind(case: Case) -> bool:
    return case.manifest.ref.group == GROUP


def _is_definition(case: Case) -> bool:
    if case.group_kind != ("apiextensions.k8s.io", "CustomResourceDefinition"):
        return False
    group = mapping(case.value.get("spec")).get("group")
    return group == GROUP or case.manifest.ref.name.endswith(f".{GROUP}")


def _is_role(case: Case) -> bool:
    """By its name, or as it adds its rules to the agent's role: a label of ours says that."""
    if case.group_kind not in ((_RBAC, "ClusterRole"), (_RBAC, "ClusterRoleBinding")):
        return False
    labels = mapping(case.metadata.get("labels"))
    adds = any(key.startswith(PREFIX) and key != SITE_LABEL for key in labels)
    return adds or case.manifest.ref.name.startswith(NAME)


def _is_grant(case: Case) -> bool:
    if case.group_kind not in ((_RBAC, "RoleBinding"), (_RBAC, "ClusterRoleBinding")):
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


_TESTS: tuple[tuple[Callable[[Case], bool], str], ...] = (
    (_is_namespace, "this is the agent's namespace"),
    (_in_namespace, "this is in the agent's namespace"),
    (_is_our_kind, "this is a kind of the agent's own API"),
    (_is_definition, "this defines the agent's own API"),
    (_is_role, "this is one of the agent's roles"),
    (_is_grant, "this gives rights to the agent"),
)
