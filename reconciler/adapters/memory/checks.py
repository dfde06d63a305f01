"""What the server checks before it writes. Pure; each raises ClusterRefused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.adapters.memory import refusals, validate
from reconciler.adapters.memory.kinds import Resource
from reconciler.adapters.memory.store import Stored

Body = Mapping[str, Any]


def schema(resource: Resource, namespace: str, name: str, config: Body) -> None:
    """What is applied must be of its type."""
    faults = list(validate.faults(config, resource.shape))
    faults = faults or list(validate.repeats(config, resource.shape))
    if faults:
        raise refusals.schema_error(resource.kind, namespace, name, faults)


def strict(resource: Resource, body: Body) -> None:
    """What is sent otherwise must be of its type too."""
    if faults := list(validate.faults(body, resource.shape)):
        raise refusals.bad_request(f"strict decoding error: {'; '.join(faults)}")


def nulls(resource: Resource, name: str, body: Body) -> None:
    """A custom resource must not keep nulls, which an apply may leave."""
    if resource.custom and (empty := list(validate.nulls(body, resource.shape))):
        raise refusals.invalid_fields(resource.name, name, 'Invalid value: "null"', empty)


def keys(resource: Resource, name: str, body: Body) -> None:
    """List items must have their keys."""
    if lacking := list(validate.omitted_keys(body, resource.shape)):
        raise refusals.invalid_fields(resource.name, name, "Required value", lacking)


def preconditions(resource: Resource, name: str, sent: Body, found: Stored | None) -> None:
    """A uid or a resourceVersion in what is sent must be the object's."""
    metadata = sent.get("metadata") or {}
    uid, version = metadata.get("uid"), metadata.get("resourceVersion")
    where = f'Operation cannot be fulfilled on {resource.name} "{name}"'
    if found is None:
        if uid or version:
            raise refusals.conflict(f"{where}: there is no such object")
    elif uid and uid != found.live.uid:
        raise refusals.invalid(f'{resource.name} "{name}" is invalid: metadata.uid is immutable')
    elif version and version != found.live.resource_version:
        raise refusals.conflict(
            f"{where}: the object has been modified; please apply your changes to the latest"
            " version and try again"
        )
