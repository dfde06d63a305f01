"""What controllers and kubelets would make of a workload: all of it runs at once. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Body = dict[str, Any]
GroupKind = tuple[str, str]

CONTROLLER = "kube-controller-manager"  # the manager that writes it


def rolled_out(body: Body) -> Body:
    """The workload with the status that it has once it is rolled out."""
    metadata = body["metadata"]
    wanted = (body.get("spec") or {}).get("replicas", 1)
    kind = (str(body.get("apiVersion", "")).rpartition("/")[0], str(body.get("kind", "")))
    status = {"observedGeneration": metadata.get("generation", 1), **WORKLOADS[kind](wanted)}
    return {**body, "status": status}


def _deployment(wanted: int) -> Body:
    names = ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas")
    return dict.fromkeys(names, wanted)


def _stateful_set(wanted: int) -> Body:
    names = ("replicas", "updatedReplicas", "currentReplicas", "readyReplicas")
    return {**dict.fromkeys(names, wanted), "currentRevision": "1", "updateRevision": "1"}


def _daemon_set(_: int) -> Body:
    """On one node."""
    names = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberReady",
    )
    return {**dict.fromkeys(names, 1), "numberMisscheduled": 0}


WORKLOADS: Mapping[GroupKind, Callable[[int], Body]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
}
