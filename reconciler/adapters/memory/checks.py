"""What the server checks before it writes. Pure; each raises ClusterRefused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.adapters.memory import items, kinds, refusals, validate
from reconciler.adapters.memory.kinds import GroupKind, Resource
from reconciler.adapters.memory.store import Stored

Body = Mapping[str, Any]

RBAC = "rbac.authorization.k8s.io"  # its names may have colons and capitals
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST = 253  # characters

# What cannot be changed once it is there, and the field that a refusal names.
IMMUTABLE: Mapping[GroupKind, Mapping[tuple[str, ...], str]] = {
    ("", "Secret"): {("type",): "type"},
    ("apps", "DaemonSet"): {("spec", "selector"): "spec.selector"},
    ("apps", "Deployment"): {("spec", "selector"): "spec.selector"},
    ("apps", "StatefulSet"): {("spec", "selector"): "spec", ("spec", "serviceName"): "spec"},
    ("batch", "Job"): {
        ("spec", "selector"): "spec.selector",
        ("spec", "template"): "spec.template",
    },
    (RBAC, "ClusterRoleBinding"): {("roleRef",): "roleRef"},
    (RBAC, "RoleBinding"): {("roleRef",): "roleRef"},
}


def schema(resource: Resource, namespace: str, called: str, config: Body) -> None:
    """What is applied must be of its type."""
    faults = list(validate.faults(config, resource.shape))
    faults = faults or list(validate.repeats(config, resource.shape))
    if faults:
        raise refusals.schema_error(resource.kind, namespace, called, faults)


def strict(resource: Resource, body: Body) -> None:
    """What is sent otherwise must be of its type too."""
    if faults := list(validate.faults(body, resource.shape)):
        raise refusals.bad_request(f"strict decoding error: {'; '.join(faults)}")


def nulls(resource: Resource, called: str, body: Body) -> None:
    """A custom resource must not keep nulls, which an apply may leave."""
    if resource.custom and (empty := list(validate.nulls(body, resource.shape))):
        raise refusals.invalid_fields(resource.name, called, 'Invalid value: "null"', empty)


def keys(resource: Resource, called: str, body: Body) -> None:
    """List items must have their keys."""
    if lacking := list(validate.omitted_keys(body, resource.shape)):
        raise refusals.invalid_fields(resource.name, called, "Required value", lacking)


def name(resource: Resource, called: str) -> None:
    if resource.kind.group != RBAC and not (_NAME.fullmatch(called) and len(called) <= _LONGEST):
        message = "Invalid value: not a lowercase RFC 1123 subdomain"
        raise refusals.invalid_fields(resource.name, called, message, ["metadata.name"])


def unchanged(resource: Resource, called: str, old: Body, new: Body) -> None:
    """What is immutable must be as it was."""
    fields = {
        field
        for path, field in IMMUTABLE.get(resource.key, {}).items()
        if not items.same(kinds.at(old, path), kinds.at(new, path))
    }
    if fields:
        message = "field is immutable"
        raise refusals.invalid_fields(resource.name, called, message, sorted(fields))


def definition(resource: Resource, called: str, body: Body) -> None:
    """A CustomResourceDefinition must say what it defines."""
    lacking = [".".join(path) for path in _DEFINED if not kinds.at(body, path)]
    if resource.key == kinds.DEFINITION and lacking:
        raise refusals.invalid_fields(resource.name, called, "Required value", lacking)


_DEFINED = (
    ("spec", "group"),
    ("spec", "scope"),
    ("spec", "versions"),
    ("spec", "names", "kind"),
    ("spec", "names", "plural"),
)


def preconditions(resource: Resource, called: str, sent: Body, found: Stored | None) -> None:
    """A uid or a resourceVersion in what is sent must be the object's."""
    metadata = sent.get("metadata") or {}
    uid, version = metadata.get("uid"), metadata.get("resourceVersion")
    where = f'Operation cannot be fulfilled on {resource.name} "{called}"'
    if found is None:
        if uid or version:
            raise refusals.conflict(f"{where}: there is no such object")
    elif uid and uid != found.live.uid:
        raise refusals.invalid(f'{resource.name} "{called}" is invalid: metadata.uid is immutable')
    elif version and version != found.live.resource_version:
        raise refusals.conflict(
            f"{where}: the object has been modified; please apply your changes to the latest"
            " version and try again"
        )
