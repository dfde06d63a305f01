"""Pods: what keeps one from running, in the kubelet's and the scheduler's words.

Used for a Pod of ours, and to say why a workload is not getting on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.model.values import Health
from reconciler.model.vital import Vital
from reconciler.status.health import fields
from reconciler.status.health.fields import Object
from reconciler.status.health.verdicts import HEALTHY, degraded, progressing

UNSCHEDULABLE = 15.0  # seconds; a cluster that is just starting has no node yet
_RESTARTS = 3  # of a container that is not ready: it runs a little, and ends again

# A container's waiting reasons that do not go away by waiting, and what they mean. The kubelet
# goes to and fro between the first two; one word for both, so that it is no news each time.
_PULL = "ImagePullBackOff"
_WAITING: Mapping[str, tuple[str, str]] = {
    "ErrImagePull": (_PULL, "cannot pull image {image}"),
    "ImagePullBackOff": (_PULL, "cannot pull image {image}"),
    "ErrImageNeverPull": ("ErrImageNeverPull", "image {image} is not on the node"),
    "InvalidImageName": ("InvalidImageName", "{image} is no image's name"),
    "ImageInspectError": ("ImageInspectError", "image {image} cannot be read"),
    "RegistryUnavailable": ("RegistryUnavailable", "the registry of {image} is unavailable"),
    "SignatureValidationFailed": ("SignatureValidationFailed", "image {image} is not signed well"),
    "CreateContainerConfigError": ("CreateContainerConfigError", "cannot be configured"),
    "CreateContainerError": ("CreateContainerError", "cannot be created"),
    "RunContainerError": ("RunContainerError", "cannot be started"),
}


def pod(obj: Object) -> Vital:
    phase = fields.text(obj, "status", "phase")
    if phase == "Succeeded":
        return HEALTHY
    if phase == "Failed":
        return _failed(obj)
    ready = fields.conditions(obj).get("Ready")
    if phase == "Running" and ready is not None and ready.true:
        return HEALTHY
    return _container(obj) or _scheduling(obj) or _starting(obj, phase)


def worst(pods: Iterable[Object]) -> Vital | None:
    """What is wrong with a workload's pods, the worst of them named; None where nothing is.

    Those that are going anyway say nothing.
    """
    found: Vital | None = None
    for each in pods:
        if fields.at(each, "metadata", "deletionTimestamp") is not None:
            continue
        vital = pod(each)
        if vital.reason == _STARTING or vital.health is Health.HEALTHY:
            continue
        if vital.health is Health.DEGRADED:
            return _of(each, vital)
        found = found or _of(each, vital)
    return found


def selector(workload: Object) -> str:
    """The label selector of its pods, as a request writes it; ``""`` where it has none."""
    found = fields.at(workload, "spec", "selector")
    if fields.text(workload, "kind") == "ReplicationController":
        found = {"matchLabels": found}
    labels = fields.at(found, "matchLabels")
    parts = (
        [f"{key}={value}" for key, value in labels.items()] if isinstance(labels, Mapping) else []
    )
    for each in fields.listed(found, "matchExpressions"):
        values = fields.at(each, "values")
        joined = ",".join(map(str, values)) if isinstance(values, list) else ""
        form = _OPERATORS.get(fields.text(each, "operator"), "")
        parts.append(form.format(key=fields.text(each, "key"), values=joined))
    return ",".join(part for part in parts if part)


def labels(workload: Object) -> Mapping[str, str]:
    """What its pods are labelled with, at least; expressions say more than that."""
    path = () if fields.text(workload, "kind") == "ReplicationController" else ("matchLabels",)
    found = fields.at(workload, "spec", "selector", *path)
    return dict(found) if isinstance(found, Mapping) else {}


_OPERATORS: Mapping[str, str] = {
    "In": "{key} in ({values})",
    "NotIn": "{key} notin ({values})",
    "Exists": "{key}",
    "DoesNotExist": "!{key}",
}


_STARTING = "PodStarting"


def _of(obj: Object, vital: Vital) -> Vital:
    return Vital(
        health=vital.health,
        reason=vital.reason,
        message=f"pod {fields.text(obj, 'metadata', 'name')}: {vital.message}",
        patience=vital.patience,
    )


def _failed(obj: Object) -> Vital:
    reason = fields.text(obj, "status", "reason") or "PodFailed"
    message = fields.text(obj, "status", "message")
    ends = [_exit(fields.at(status, "state")) for status in _statuses(obj)]
    last = next((end for end in ends if end), "")
    return degraded(reason, message or last or "the pod failed")


def _container(obj: Object) -> Vital | None:
    for status in _statuses(obj):
        name, waiting = fields.text(status, "name"), fields.at(status, "state", "waiting")
        reason, said = fields.text(waiting, "reason"), fields.text(waiting, "message")
        if reason in _WAITING:
            word, what = _WAITING[reason]
            image = f'"{fields.text(status, "image")}"'
            words = f"container {name} {what.format(image=image)}"
            return degraded(word, f"{words}: {said}" if said else words)
        restarts = fields.number(status, "restartCount")
        if reason == "CrashLoopBackOff" or (restarts >= _RESTARTS and _keeps_ending(status)):
            end = _exit(fields.at(status, "lastState")) or "nothing is known of its last exit"
            return degraded("CrashLoopBackOff", f"container {name} crashes again and again: {end}")
    return None


def _keeps_ending(status: Mapping[str, Any]) -> bool:
    ended = fields.at(status, "lastState", "terminated") is not None
    return ended and fields.at(status, "ready") is not True


def _exit(state: object) -> str:
    """The end of a container in a sentence; ``""`` where it has not ended."""
    ended = fields.at(state, "terminated")
    if ended is None:
        return ""
    signal = fields.number(ended, "signal")
    how = f"killed by signal {signal}" if signal else f"exit {fields.number(ended, 'exitCode')}"
    reason = fields.text(ended, "reason")
    words = f"{how} ({reason})" if reason else how
    message = fields.text(ended, "message").strip()
    return f"{words}: {message}" if message else words


def _scheduling(obj: Object) -> Vital | None:
    scheduled = fields.conditions(obj).get("PodScheduled")
    if scheduled is None or not scheduled.false:
        return None
    message = scheduled.message or "no node takes the pod"
    return progressing(scheduled.reason or "Unschedulable", message, patience=UNSCHEDULABLE)


def _starting(obj: Object, phase: str) -> Vital:
    statuses = list(_statuses(obj))
    ready = sum(1 for status in statuses if fields.at(status, "ready") is True)
    return progressing(
        _STARTING, f"{phase or 'Pending'}, {ready} of {len(statuses)} containers are ready"
    )


def _statuses(obj: Object) -> Iterator[Mapping[str, Any]]:
    yield from fields.listed(obj, "status", "initContainerStatuses")
    yield from fields.listed(obj, "status", "containerStatuses")
