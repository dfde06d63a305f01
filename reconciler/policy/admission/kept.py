"""What the API server sets itself, where nobody can ask it: stand-ins for the fields of metadata.

That such a field is there, how many there are, and that it is the same before and after is so as
on the server; what is in it is not. Called where a policy may read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Value = Mapping[str, Any]

_UID = "00000000-0000-4000-8000-000000000000"
TIME = "2026-01-01T00:00:00Z"
# Of Kubernetes' own kinds, those whose objects have a generation: those with a spec to follow.
_COUNTED = frozenset(
    (
        ("v1", "Pod"),
        ("v1", "PodTemplate"),
        ("v1", "ReplicationController"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "ReplicaSet"),
        ("apps/v1", "StatefulSet"),
        ("batch/v1", "CronJob"),
        ("batch/v1", "Job"),
        ("networking.k8s.io/v1", "Ingress"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("policy/v1", "PodDisruptionBudget"),
        ("discovery.k8s.io/v1", "EndpointSlice"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    )
)


def pair(
    value: Value | None, old: Value | None, *, known: bool
) -> tuple[Value | None, Value | None]:
    """An object that is made or changed and the one before; ``known``: Kubernetes brings the
    kind."""
    if value is None or old is None:
        return (
            value and _filled(value, stored=False, generation=1, known=known),
            old and _filled(old, stored=True, generation=1, known=known),
        )
    is_other = value.get("spec") != old.get("spec")
    return (
        _filled(value, stored=True, generation=1 + is_other, known=known),
        _filled(old, stored=True, generation=1, known=known),
    )


def stored(value: Value, *, known: bool) -> Value:
    """A parameter: of Kubernetes' own kinds the API server looks at them without managedFields."""
    made = _filled(value, stored=True, generation=1, known=known)
    if known:
        del made["metadata"]["managedFields"]
    return made


def _filled(value: Value, *, stored: bool, generation: int, known: bool) -> dict[str, Any]:
    version, kind = value.get("apiVersion"), value.get("kind")
    fields: dict[str, Any] = {
        "uid": _UID,
        "creationTimestamp": TIME,
        "managedFields": [
            {
                "apiVersion": version,
                "fieldsType": "FieldsV1",
                "fieldsV1": {"f:metadata": {"f:labels": {}}},
                "manager": "fleet-reconciler",
                "operation": "Apply",
                "time": TIME,
            }
        ],
    }
    if stored:
        fields["resourceVersion"] = "1"
    if not known or (version, kind) in _COUNTED:
        fields["generation"] = generation
    metadata = value.get("metadata")
    return {**value, "metadata": {**(metadata if isinstance(metadata, dict) else {}), **fields}}
