"""What is told of a change: only what somebody changed, and whose it is."""

from __future__ import annotations

import json
from typing import Any

from reconciler.model.refs import ObjectRef
from reconciler.plan import explain

BROKER = ObjectRef("apps", "StatefulSet", "messaging", "broker")
TEMPLATE = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
DEFAULTED = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem"},
    "status": {"phase": "Pending"},
}


def entry(manager: str, operation: str, tree: dict[str, Any]) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "apps/v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": tree},
    }


def paths(templates: list[Any], *entries: dict[str, Any]) -> list[str]:
    """Of a StatefulSet with these claim templates and two replicas, where one was wanted."""
    head = {"apiVersion": "apps/v1", "kind": "StatefulSet"}
    spec = {"replicas": 1, "volumeClaimTemplates": [TEMPLATE]}
    wanted = {**head, "metadata": {"name": "broker"}, "spec": spec}
    metadata = {"name": "broker", "uid": "u", "managedFields": list(entries)}
    live_spec = {"replicas": 2, "volumeClaimTemplates": templates}
    obj = {**head, "metadata": metadata, "spec": live_spec}
    found = explain.changes(BROKER, json.dumps(wanted).encode(), obj, ())
    return sorted(each.change.path for each in found)


OURS = entry("fleet-reconciler", "Apply", {"f:volumeClaimTemplates": {}})
SCALED = entry("kubectl", "Update", {"f:replicas": {}})


def test_what_the_api_server_filled_into_a_whole_of_ours_is_no_change() -> None:
    assert paths([DEFAULTED], OURS, SCALED) == ["spec.replicas"]


def test_what_somebody_put_into_it_is_theirs_and_told() -> None:
    theirs = entry("meddler", "Update", {"f:volumeClaimTemplates": {}})
    assert paths([DEFAULTED], theirs, SCALED) == ["spec.replicas", "spec.volumeClaimTemplates"]


def test_another_value_or_another_item_is_told_whoever_owns_it() -> None:
    other = {**DEFAULTED, "spec": {"accessModes": ["ReadWriteMany"]}}
    for templates in ([other], [], [DEFAULTED, DEFAULTED]):
        told = paths(templates, OURS, SCALED)
        assert told == ["spec.replicas", "spec.volumeClaimTemplates"], templates
