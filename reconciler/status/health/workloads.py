"""Deployments, ReplicaSets, StatefulSets and DaemonSets: replicas counted against what is wanted.

Each count is a row of a table: the first one that falls short says what is still missing.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.values import Health
from reconciler.model.vital import Vital
from reconciler.status.health import fields
from reconciler.status.health.fields import Object
from reconciler.status.health.verdicts import HEALTHY, degraded, progressing, told

_ROLLOUT = "RolloutInProgress"


def deployment(obj: Object) -> Vital:
    conditions = fields.conditions(obj)
    rollout, failure = conditions.get("Progressing"), conditions.get("ReplicaFailure")
    if failure is not None and failure.true:
        return told(Health.DEGRADED, failure)
    if rollout is not None and rollout.reason == "ProgressDeadlineExceeded":
        words = rollout.message or "the rollout did not get on within progressDeadlineSeconds"
        return degraded(rollout.reason, words)
    wanted = fields.number(obj, "spec", "replicas", default=1)
    have = _counts(obj, "replicas", "updatedReplicas", "availableReplicas", "readyReplicas")
    short = _first_short(
        (
            (have["replicas"], wanted, "are made"),
            (have["updatedReplicas"], wanted, "are updated"),
            (have["availableReplicas"], have["updatedReplicas"], "are available"),
            (have["readyReplicas"], wanted, "are ready"),
        )
    )
    if short is not None:
        return short
    extra = have["replicas"] - have["updatedReplicas"]
    if extra > 0:
        return progressing(_ROLLOUT, f"{extra} old replicas are still to end")
    available = conditions.get("Available")
    if available is not None and not available.true:
        return told(Health.PROGRESSING, available)
    return HEALTHY


def replica_set(obj: Object) -> Vital:
    """ReplicationControllers too."""
    failure = fields.conditions(obj).get("ReplicaFailure")
    if failure is not None and failure.true:
        return told(Health.DEGRADED, failure)
    wanted = fields.number(obj, "spec", "replicas", default=1)
    have = _counts(obj, "replicas", "fullyLabeledReplicas", "availableReplicas", "readyReplicas")
    short = _first_short(
        (
            (have["fullyLabeledReplicas"], wanted, "are made"),
            (have["availableReplicas"], wanted, "are available"),
            (have["readyReplicas"], wanted, "are ready"),
        )
    )
    return short or _surplus(have["replicas"], wanted) or HEALTHY


def stateful_set(obj: Object) -> Vital:
    if fields.text(obj, "spec", "updateStrategy", "type") == "OnDelete":
        return HEALTHY  # what is not updated waits for somebody to delete it
    wanted = fields.number(obj, "spec", "replicas", default=1)
    have = _counts(obj, "replicas", "readyReplicas", "updatedReplicas", "currentReplicas")
    short = _first_short(
        (
            (have["replicas"], wanted, "are made"),
            (have["readyReplicas"], wanted, "are ready"),
        )
    ) or _surplus(have["replicas"], wanted)
    if short is not None:
        return short
    partition = fields.number(obj, "spec", "updateStrategy", "rollingUpdate", "partition")
    if partition > 0:
        due = max(0, wanted - partition)
        return _first_short(((have["updatedReplicas"], due, "are updated"),)) or HEALTHY
    current, update = (
        fields.text(obj, "status", name) for name in ("currentRevision", "updateRevision")
    )
    if current != update:
        return progressing(_ROLLOUT, f"{have['updatedReplicas']} of {wanted} replicas are updated")
    return _first_short(((have["currentReplicas"], wanted, "are current"),)) or HEALTHY


def daemon_set(obj: Object) -> Vital:
    if fields.at(obj, "status", "observedGeneration") is None:
        return progressing(_ROLLOUT, "its controller has not seen it yet")
    if fields.text(obj, "spec", "updateStrategy", "type") == "OnDelete":
        return HEALTHY
    wanted = fields.number(obj, "status", "desiredNumberScheduled")
    have = _counts(
        obj, "currentNumberScheduled", "updatedNumberScheduled", "numberAvailable", "numberReady"
    )
    return (
        _first_short(
            (
                (have["currentNumberScheduled"], wanted, "are made"),
                (have["updatedNumberScheduled"], wanted, "are updated"),
                (have["numberAvailable"], wanted, "are available"),
                (have["numberReady"], wanted, "are ready"),
            )
        )
        or HEALTHY
    )


def _counts(obj: Object, *names: str) -> dict[str, int]:
    return {name: fields.number(obj, "status", name) for name in names}


def _first_short(rows: Iterable[tuple[int, int, str]]) -> Vital | None:
    """``rows`` are (found, wanted, what they should be)."""
    for found, wanted, what in rows:
        if found < wanted:
            return progressing(_ROLLOUT, f"{found} of {wanted} replicas {what}")
    return None


def _surplus(found: int, wanted: int) -> Vital | None:
    if found > wanted:
        return progressing(_ROLLOUT, f"{found - wanted} replicas too many are still to end")
    return None
