"""RULES: which kinds have health, and by what; docs/health.md is written from this table.

A kind of a built-in group without a row is healthy as soon as it is applied, and is never read.
Called by the engine for each object that it read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reconciler.model.values import Health
from reconciler.model.vital import Vital
from reconciler.status.health import fields, others, pods, workloads
from reconciler.status.health.fields import Object
from reconciler.status.health.verdicts import progressing

GroupKind = tuple[str, str]
Judge = Callable[[Object], Vital | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``healthy``, ``progressing`` and ``degraded`` are the documentation's words.

    ``asks_pods``: its pods say why it is not getting on. ``only`` are bytes that the manifest of
    an object holds that can be anything but healthy.
    """

    judge: Callable[[Object], Vital]
    healthy: str
    progressing: str
    degraded: str = ""
    asks_pods: bool = False
    only: bytes = b""


_REPLICAS = "as many replicas as wanted are {}"
_PODS = "one of its pods says why it cannot run"

RULES: Mapping[GroupKind, Rule] = {
    ("apps", "Deployment"): Rule(
        judge=workloads.deployment,
        healthy=_REPLICAS.format("updated, available and ready, and no old one is left"),
        progressing="replicas are missing, or the condition `Available` is not true",
        degraded="the condition `Progressing` says `ProgressDeadlineExceeded`, `ReplicaFailure` is"
        f" true, or {_PODS}",
        asks_pods=True,
    ),
    ("apps", "StatefulSet"): Rule(
        judge=workloads.stateful_set,
        healthy=_REPLICAS.format("ready and of the newest revision, down to the partition")
        + "; at once with `OnDelete`",
        progressing="replicas are missing, too many, or of an older revision",
        degraded=_PODS,
        asks_pods=True,
    ),
    ("apps", "DaemonSet"): Rule(
        judge=workloads.daemon_set,
        healthy="on each node that should have one, a pod is updated, available and ready; at once"
        " with `OnDelete`",
        progressing="pods are missing on nodes",
        degraded=_PODS,
        asks_pods=True,
    ),
    ("apps", "ReplicaSet"): Rule(
        judge=workloads.replica_set,
        healthy=_REPLICAS.format("available and ready"),
        progressing="replicas are missing or too many",
        degraded=f"the condition `ReplicaFailure` is true, or {_PODS}",
        asks_pods=True,
    ),
    ("", "ReplicationController"): Rule(
        judge=workloads.replica_set,
        healthy=_REPLICAS.format("available and ready"),
        progressing="replicas are missing or too many",
        degraded=f"the condition `ReplicaFailure` is true, or {_PODS}",
        asks_pods=True,
    ),
    ("", "Pod"): Rule(
        judge=pods.pod,
        healthy="it runs and its condition `Ready` is true, or it succeeded",
        progressing="it starts, or for 15 s no node takes it",
        degraded="it failed, an image cannot be pulled, a container cannot be made or crashes again"
        " and again, or no node takes it",
    ),
    ("batch", "Job"): Rule(
        judge=others.job,
        healthy="it is complete, or at work, or suspended; what waits for it waits until it is"
        " complete",
        progressing="its pods are not running yet",
        degraded=f"its condition `Failed` or `FailureTarget` is true, or {_PODS}",
        asks_pods=True,
    ),
    ("", "PersistentVolumeClaim"): Rule(
        judge=others.claim,
        healthy="it is bound",
        progressing="it is pending, for as long as that takes; nothing waits for a claim, as the"
        " claim may wait for its first pod",
        degraded="its volume is lost",
    ),
    ("", "PersistentVolume"): Rule(
        judge=others.volume,
        healthy="its phase is not `Failed`",
        progressing="",
        degraded="its phase is `Failed`",
    ),
    ("", "Service"): Rule(
        judge=others.service,
        healthy="it is no `LoadBalancer`, or has an address",
        progressing="a `LoadBalancer` has no address yet",
        only=b'"LoadBalancer"',
    ),
    ("policy", "PodDisruptionBudget"): Rule(
        judge=others.disruption_budget,
        healthy="as many pods are healthy as it wants",
        progressing="fewer are",
    ),
    ("autoscaling", "HorizontalPodAutoscaler"): Rule(
        judge=others.autoscaler,
        healthy="neither `AbleToScale` nor `ScalingActive` is false (`ScalingDisabled` apart)",
        progressing="one of them is",
    ),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): Rule(
        judge=others.definition,
        healthy="its condition `Established` is true",
        progressing="it is not yet",
        degraded="its condition `NamesAccepted` is false",
    ),
    ("apiregistration.k8s.io", "APIService"): Rule(
        judge=others.api_service,
        healthy="its condition `Available` is true",
        progressing="it is not",
    ),
}

CUSTOM = Rule(
    judge=others.custom,
    healthy="its condition `Ready` is true, or it has none, and it is neither reconciling nor"
    " stalled",
    progressing="its condition `Reconciling` is true, or `Ready` is not true",
    degraded="its condition `Stalled` is true",
)

# Groups that Kubernetes itself serves: what has no row here has nothing to say of its health.
BUILT_IN = frozenset(
    (
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    )
)


def rule(group: str, kind: str, body: bytes) -> Rule | None:
    """The rule for an object with this manifest; None where it is healthy by being there."""
    found = RULES.get((group, kind))
    if found is None:
        return None if group in BUILT_IN else CUSTOM
    return found if found.only in body else None


def judge(obj: Object, rule: Rule, first: Judge | None = None) -> Vital:
    """How this object is. What holds for every kind comes first, as in kstatus.

    ``first`` is asked before the kind's rule, which goes on where that has nothing to say.
    """
    if fields.at(obj, "metadata", "deletionTimestamp") is not None:
        return progressing("BeingDeleted", "it is being deleted")
    observed = fields.at(obj, "status", "observedGeneration")
    generation = fields.number(obj, "metadata", "generation")
    if isinstance(observed, int) and observed < generation:
        words = f"its controller has seen generation {observed} of {generation}"
        return progressing("NotObserved", words)
    return (first(obj) if first else None) or rule.judge(obj)


def joined(own: Vital, of_pods: Vital | None) -> Vital:
    """A workload's own word, and what its pods say about the reason."""
    if of_pods is None or own.opens:
        return own
    if own.health is of_pods.health or of_pods.health is Health.DEGRADED:
        message = f"{of_pods.message} ({own.message})" if own.message else of_pods.message
        return dataclasses.replace(of_pods, message=message, gate=own.gate)
    return own
