"""Whether a workload's rollout is at its end: no Pod of an older template is left.

In: the whole object as the API server has it. Out: yes or no. Asked before a generated ConfigMap
or Secret goes that older Pods may still mount.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def is_complete(found: Mapping[str, Any] | None) -> bool:
    """An object that is not there has no Pods; of other kinds nothing is known to be under way."""
    if found is None:
        return True
    rule = _RULES.get(str(found.get("kind")))
    if rule is None:
        return True
    status = _mapping(found.get("status"))
    seen = _number(status, "observedGeneration") >= _number(
        _mapping(found.get("metadata")), "generation"
    )
    return rule(_mapping(found.get("spec")), status) and (seen or rule is _cron_job)


def _deployment(spec: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    wanted = _number(spec, "replicas", 1)
    return (
        _number(status, "updatedReplicas") >= wanted
        and _number(status, "replicas") <= _number(status, "updatedReplicas")
        and _number(status, "availableReplicas") >= wanted
    )


def _stateful_set(spec: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    # With a partition, or by hand (OnDelete), old Pods may stay for ever: so does what they need.
    wanted = _number(spec, "replicas", 1)
    return (
        _number(status, "updatedReplicas") >= wanted
        and _number(status, "replicas") <= wanted
        and _number(status, "availableReplicas") >= wanted
        and status.get("currentRevision") == status.get("updateRevision")
    )


def _daemon_set(spec: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    wanted = _number(status, "desiredNumberScheduled")
    return (
        _number(status, "updatedNumberScheduled") >= wanted
        and _number(status, "numberAvailable") >= wanted
    )


def _cron_job(spec: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    return not status.get("active")  # Jobs that run were made of the template as it was


_RULES: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], bool]] = {
    "CronJob": _cron_job,
    "DaemonSet": _daemon_set,
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
}


def _number(value: Mapping[str, Any], name: str, default: int = 0) -> int:
    found = value.get(name, default)
    return found if isinstance(found, int) else default


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
