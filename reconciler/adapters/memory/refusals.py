"""The API server's refusals, in its words as the port gives them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from reconciler.adapters.memory import fields
from reconciler.adapters.memory.entries import UPDATE, Entry
from reconciler.adapters.memory.kinds import Resource
from reconciler.adapters.memory.ownership import Conflict, Conflicts
from reconciler.model import errors
from reconciler.model.errors import ClusterRefused
from reconciler.model.refs import Kind


def invalid(message: str) -> ClusterRefused:
    return ClusterRefused(message, reason="Invalid", status=422)


def invalid_fields(resource: str, name: str, message: str, paths: Iterable[str]) -> ClusterRefused:
    """As an object is refused whose fields are wrong: ``message`` says how."""
    causes = tuple(errors.Cause(field=path, message=message) for path in paths)
    where = ", ".join(f"{cause.field}: {message}" for cause in causes)
    said = f'{resource} "{name}" is invalid: {where}'
    return ClusterRefused(said, reason="Invalid", status=422, causes=causes)


def bad_request(message: str) -> ClusterRefused:
    return ClusterRefused(message, reason="BadRequest", status=400)


def conflict(message: str) -> ClusterRefused:
    return ClusterRefused(message, reason="Conflict", status=409)


def not_found(resource: str, name: str) -> ClusterRefused:
    return ClusterRefused(f'{resource} "{name}" not found', reason="NotFound", status=404)


def already_exists(resource: str, name: str) -> ClusterRefused:
    message = f'{resource} "{name}" already exists'
    return ClusterRefused(message, reason="AlreadyExists", status=409)


def namespace_missing(namespace: str) -> ClusterRefused:
    message = f'namespaces "{namespace}" not found'
    return ClusterRefused(message, reason="NamespaceNotFound", status=404)


def namespace_terminating(resource: str, name: str, namespace: str) -> ClusterRefused:
    return ClusterRefused(
        f'{resource} "{name}" is forbidden: unable to create new content in namespace'
        f" {namespace} because it is being terminated",
        reason="NamespaceTerminating",
        status=403,
    )


def schema_error(kind: Kind, namespace: str, name: str, faults: Iterable[str]) -> ClusterRefused:
    said = "; ".join(faults)
    return ClusterRefused(
        f"failed to create typed patch object ({namespace}/{name};"
        f" {kind.api_version}, Kind={kind.kind}): {said}",
        reason="SchemaError",
        status=500,
    )


def forbidden(verb: str, resource: Resource, namespace: str, name: str) -> ClusterRefused:
    """As RBAC denies, with the rule that would allow it."""
    group = resource.kind.group
    verbs = next((verbs for verbs in _TOGETHER if verb in verbs), (verb,))
    listed = ", ".join(f'"{word}"' for word in verbs)
    where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
    rule = f'{{apiGroups: ["{group}"], resources: ["{resource.plural}"], verbs: [{listed}]}}'
    named = f' "{name}"' if name else ""
    return ClusterRefused(
        f'{resource.name}{named} is forbidden: User "fleet-reconciler" cannot {verb}'
        f' resource "{resource.plural}" in API group "{group}"{where}; the rule to add: {rule}',
        reason="Forbidden",
        status=403,
    )


_TOGETHER = (("get", "list", "watch"), ("create", "patch"))


def unreachable() -> errors.ClusterUnavailable:
    return errors.ClusterUnavailable("the embedded API server was not reached: it is cut off")


def conflicts(found: Conflicts) -> ClusterRefused:
    """What an unforced apply is told: each field, and who owns it."""
    listed = sorted(found.conflicts, key=lambda c: (_owner(c.owner), c.path))
    return ClusterRefused(
        _conflict_message(listed),
        reason="Conflict",
        status=409,
        causes=tuple(_cause(one) for one in listed),
    )


def _conflict_message(listed: list[Conflict]) -> str:
    if len(listed) == 1:
        only = listed[0]
        said = f"conflict with {_owner(only.owner)}: {fields.text(only.path)}"
        return f"Apply failed with 1 conflict: {said}"
    parts = [f"Apply failed with {len(listed)} conflicts:"]
    for owner, theirs in groupby(listed, key=lambda c: _owner(c.owner)):
        parts.append(f"conflicts with {owner}:")
        parts += (f"- {fields.text(one.path)}" for one in theirs)
    return " ".join(parts)


def _cause(one: Conflict) -> errors.Cause:
    return errors.Cause(
        field=fields.text(one.path),
        message=f"conflict with {_owner(one.owner)}",
        manager=one.owner.manager,
    )


def _owner(entry: Entry) -> str:
    name = f'"{entry.manager}"'
    if entry.subresource:
        name += f' with subresource "{entry.subresource}"'
    return f"{name} using {entry.api_version}" if entry.operation == UPDATE else name
