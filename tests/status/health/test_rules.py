"""A row for every rule: an object as its controller leaves it, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.values import Health
from reconciler.model.vital import FOREVER, Vital
from reconciler.status.health import pods, rules

H, P, D = Health.HEALTHY, Health.PROGRESSING, Health.DEGRADED
Row = tuple[str, dict[str, Any], Health, str]
_CUSTOM = "example.org/v1"


def obj(
    kind: str, status: dict[str, Any] | None = None, spec: dict[str, Any] | None = None
) -> dict[str, Any]:
    """``kind`` is GROUP/VERSION/KIND without what is empty."""
    api_version, _, name = kind.rpartition("/")
    found: dict[str, Any] = {
        "apiVersion": api_version,
        "kind": name,
        "metadata": {"name": "x", "namespace": "app", "generation": 2},
        "spec": spec or {},
    }
    return found if status is None else {**found, "status": status}


def said(found: dict[str, Any]) -> Vital:
    group = found["apiVersion"].rpartition("/")[0]
    rule = rules.rule(group, found["kind"], b'"LoadBalancer"')
    assert rule is not None
    return rules.judge(found, rule)


def condition(type_: str, status: str, reason: str = "", **more: Any) -> dict[str, Any]:
    return {"type": type_, "status": status, "reason": reason, **more}


def deployment(replicas: int = 3, **status: Any) -> dict[str, Any]:
    counts = ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas")
    whole = {"observedGeneration": 2, **dict.fromkeys(counts, 3), **status}
    return obj("apps/v1/Deployment", whole, {"replicas": replicas})


def stateful_set(spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    counts = ("replicas", "readyReplicas", "updatedReplicas", "currentReplicas")
    revisions = {"currentRevision": "b", "updateRevision": "b"}
    whole = {"observedGeneration": 2, **dict.fromkeys(counts, 3), **revisions, **status}
    return obj("apps/v1/StatefulSet", whole, {"replicas": 3, **(spec or {})})


def daemon_set(spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    counts = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberReady",
    )
    whole = {"observedGeneration": 2, **dict.fromkeys(counts, 2), **status}
    return obj("apps/v1/DaemonSet", whole, spec)


def replica_set(kind: str = "apps/v1/ReplicaSet", **status: Any) -> dict[str, Any]:
    counts = ("replicas", "fullyLabeledReplicas", "availableReplicas", "readyReplicas")
    whole = {"observedGeneration": 2, **dict.fromkeys(counts, 1), **status}
    return obj(kind, whole, {"replicas": 1})


def pod(phase: str, *containers: dict[str, Any], **status: Any) -> dict[str, Any]:
    whole = {"phase": phase, "containerStatuses": list(containers), **status}
    return obj("v1/Pod", whole)


def container(*, ready: bool = False, **more: Any) -> dict[str, Any]:
    return {"name": "main", "image": "app:1", "ready": ready, "restartCount": 0, **more}


def waiting(reason: str, message: str = "", **more: Any) -> dict[str, Any]:
    return container(state={"waiting": {"reason": reason, "message": message}}, **more)


def terminated(**end: Any) -> dict[str, Any]:
    return {"terminated": end}


def custom(*conditions: dict[str, Any], **status: Any) -> dict[str, Any]:
    return obj(f"{_CUSTOM}/Widget", {"conditions": list(conditions), **status})


OOM = terminated(exitCode=137, reason="OOMKilled")
CRASHING = waiting("CrashLoopBackOff", lastState=terminated(exitCode=3, reason="Error"))
PENDING = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1"}
SURGE = deployment(replicas=2, updatedReplicas=2)
PARTITION = {"updateStrategy": {"rollingUpdate": {"partition": 2}}}
ON_DELETE = {"updateStrategy": {"type": "OnDelete"}}

WORKLOADS: list[Row] = [
    ("rolled out", deployment(), H, ""),
    ("no status yet", obj("apps/v1/Deployment", spec={"replicas": 3}), P, "RolloutInProgress"),
    ("one by default", obj("apps/v1/Deployment", {}), P, "RolloutInProgress"),
    ("scaled to none", obj("apps/v1/Deployment", {}, {"replicas": 0}), H, ""),
    ("of an older generation", deployment(observedGeneration=1), P, "NotObserved"),
    ("too few", deployment(replicas=4), P, "RolloutInProgress"),
    ("too few updated", deployment(updatedReplicas=1), P, "RolloutInProgress"),
    ("too few available", deployment(availableReplicas=1), P, "RolloutInProgress"),
    ("too few ready", deployment(readyReplicas=1), P, "RolloutInProgress"),
    ("old ones left", SURGE, P, "RolloutInProgress"),
    (
        "deadline",
        deployment(
            readyReplicas=1,
            conditions=[condition("Progressing", "False", "ProgressDeadlineExceeded")],
        ),
        D,
        "ProgressDeadlineExceeded",
    ),
    (
        "quota",
        deployment(conditions=[condition("ReplicaFailure", "True", "FailedCreate")]),
        D,
        "FailedCreate",
    ),
    (
        "not available",
        deployment(conditions=[condition("Available", "False", "MinimumReplicasUnavailable")]),
        P,
        "MinimumReplicasUnavailable",
    ),
    ("a set's replicas", stateful_set(), H, ""),
    ("a set's too few", stateful_set(replicas=1), P, "RolloutInProgress"),
    ("a set's too many", stateful_set(replicas=4), P, "RolloutInProgress"),
    ("a set's not ready", stateful_set(readyReplicas=2), P, "RolloutInProgress"),
    ("a set's revisions", stateful_set(currentRevision="a"), P, "RolloutInProgress"),
    ("a set's current", stateful_set(currentReplicas=2), P, "RolloutInProgress"),
    ("a partition", stateful_set(PARTITION, updatedReplicas=1, currentRevision="a"), H, ""),
    ("behind a partition", stateful_set(PARTITION, updatedReplicas=0), P, "RolloutInProgress"),
    ("a set by hand", stateful_set(ON_DELETE, updatedReplicas=0), H, ""),
    ("on each node", daemon_set(), H, ""),
    ("on no node", daemon_set(desiredNumberScheduled=0), H, ""),
    ("not seen yet", obj("apps/v1/DaemonSet", {}), P, "RolloutInProgress"),
    ("a node's missing", daemon_set(currentNumberScheduled=1), P, "RolloutInProgress"),
    ("a node's old", daemon_set(updatedNumberScheduled=1), P, "RolloutInProgress"),
    ("a node's unavailable", daemon_set(numberAvailable=1), P, "RolloutInProgress"),
    ("a node's unready", daemon_set(numberReady=1), P, "RolloutInProgress"),
    ("nodes by hand", daemon_set(ON_DELETE, numberReady=0), H, ""),
    ("a plain set", replica_set(), H, ""),
    ("a plain set's too many", replica_set(replicas=2), P, "RolloutInProgress"),
    ("a plain set's unready", replica_set(readyReplicas=0), P, "RolloutInProgress"),
    (
        "a plain set refused",
        replica_set(conditions=[condition("ReplicaFailure", "True", "FailedCreate")]),
        D,
        "FailedCreate",
    ),
    ("a controller", replica_set("v1/ReplicationController"), H, ""),
    (
        "a controller's few",
        replica_set("v1/ReplicationController", availableReplicas=0),
        P,
        "RolloutInProgress",
    ),
]

PODS: list[Row] = [
    (
        "runs",
        pod("Running", container(ready=True), conditions=[condition("Ready", "True")]),
        H,
        "",
    ),
    ("succeeded", pod("Succeeded"), H, ""),
    ("failed", pod("Failed", container(state=OOM)), D, "PodFailed"),
    ("evicted", pod("Failed", reason="Evicted", message="disk"), D, "Evicted"),
    ("starts", pod("Pending", waiting("ContainerCreating")), P, "PodStarting"),
    ("not ready", pod("Running", container()), P, "PodStarting"),
    ("image", pod("Pending", waiting("ErrImagePull")), D, "ImagePullBackOff"),
    ("image again", pod("Pending", waiting("ImagePullBackOff")), D, "ImagePullBackOff"),
    ("image's name", pod("Pending", waiting("InvalidImageName")), D, "InvalidImageName"),
    ("never pulled", pod("Pending", waiting("ErrImageNeverPull")), D, "ErrImageNeverPull"),
    (
        "configured",
        pod("Pending", waiting("CreateContainerConfigError", 'secret "x" not found')),
        D,
        "CreateContainerConfigError",
    ),
    ("crashes", pod("Running", CRASHING), D, "CrashLoopBackOff"),
    (
        "restarts",
        pod("Running", container(restartCount=3, lastState=OOM)),
        D,
        "CrashLoopBackOff",
    ),
    ("restarted once", pod("Running", container(restartCount=1, lastState=OOM)), P, "PodStarting"),
    (
        "first container",
        pod("Pending", initContainerStatuses=[waiting("ImagePullBackOff")]),
        D,
        "ImagePullBackOff",
    ),
    ("no node", pod("Pending", conditions=[PENDING]), P, "Unschedulable"),
]

OTHERS: list[Row] = [
    (
        "a Job is over",
        obj("batch/v1/Job", {"conditions": [condition("Complete", "True")]}),
        H,
        "",
    ),
    (
        "a Job failed",
        obj("batch/v1/Job", {"conditions": [condition("Failed", "True", "BackoffLimitExceeded")]}),
        D,
        "BackoffLimitExceeded",
    ),
    (
        "a Job will fail",
        obj("batch/v1/Job", {"conditions": [condition("FailureTarget", "True", "PodFailed")]}),
        D,
        "PodFailed",
    ),
    (
        "a Job is suspended",
        obj("batch/v1/Job", {"conditions": [condition("Suspended", "True")]}),
        H,
        "Suspended",
    ),
    ("a Job is new", obj("batch/v1/Job"), P, "JobStarting"),
    ("a Job starts", obj("batch/v1/Job", {"startTime": "t", "active": 1}), P, "JobStarting"),
    (
        "a Job is at work",
        obj("batch/v1/Job", {"startTime": "t", "active": 1, "ready": 1}),
        H,
        "JobRunning",
    ),
    ("a claim", obj("v1/PersistentVolumeClaim", {"phase": "Bound"}), H, ""),
    ("a claim waits", obj("v1/PersistentVolumeClaim", {"phase": "Pending"}), P, "ClaimPending"),
    ("a claim is lost", obj("v1/PersistentVolumeClaim", {"phase": "Lost"}), D, "ClaimLost"),
    ("a volume", obj("v1/PersistentVolume", {"phase": "Available"}), H, ""),
    ("a volume failed", obj("v1/PersistentVolume", {"phase": "Failed"}), D, "VolumeFailed"),
    ("a service", obj("v1/Service", {}, {"type": "ClusterIP"}), H, ""),
    ("no address", obj("v1/Service", {}, {"type": "LoadBalancer"}), P, "LoadBalancerPending"),
    (
        "an address",
        obj("v1/Service", {"loadBalancer": {"ingress": [{"ip": "::1"}]}}, {"type": "LoadBalancer"}),
        H,
        "",
    ),
    (
        "a budget",
        obj("policy/v1/PodDisruptionBudget", {"currentHealthy": 2, "desiredHealthy": 2}),
        H,
        "",
    ),
    (
        "a budget's few",
        obj("policy/v1/PodDisruptionBudget", {"currentHealthy": 1, "desiredHealthy": 2}),
        P,
        "BudgetInsufficient",
    ),
    (
        "a scaler",
        obj(
            "autoscaling/v2/HorizontalPodAutoscaler",
            {"conditions": [condition("ScalingActive", "False", "ScalingDisabled")]},
        ),
        H,
        "",
    ),
    (
        "a scaler without metrics",
        obj(
            "autoscaling/v2/HorizontalPodAutoscaler",
            {"conditions": [condition("ScalingActive", "False", "FailedGetResourceMetric")]},
        ),
        P,
        "FailedGetResourceMetric",
    ),
    (
        "a definition",
        obj(
            "apiextensions.k8s.io/v1/CustomResourceDefinition",
            {"conditions": [condition("Established", "True")]},
        ),
        H,
        "",
    ),
    (
        "a new definition",
        obj("apiextensions.k8s.io/v1/CustomResourceDefinition"),
        P,
        "NotEstablished",
    ),
    (
        "a definition's names",
        obj(
            "apiextensions.k8s.io/v1/CustomResourceDefinition",
            {"conditions": [condition("NamesAccepted", "False", "ListKindConflict")]},
        ),
        D,
        "ListKindConflict",
    ),
    (
        "an API",
        obj(
            "apiregistration.k8s.io/v1/APIService", {"conditions": [condition("Available", "True")]}
        ),
        H,
        "",
    ),
    (
        "an API that is away",
        obj(
            "apiregistration.k8s.io/v1/APIService",
            {"conditions": [condition("Available", "False", "FailedDiscoveryCheck")]},
        ),
        P,
        "FailedDiscoveryCheck",
    ),
    ("a new API", obj("apiregistration.k8s.io/v1/APIService"), P, "NotAvailable"),
]

CUSTOM: list[Row] = [
    ("without status", obj(f"{_CUSTOM}/Widget"), H, ""),
    ("ready", custom(condition("Ready", "True")), H, ""),
    ("not ready", custom(condition("Ready", "False", "NoDisk")), P, "NoDisk"),
    ("unknown", custom(condition("Ready", "Unknown", "Asking")), P, "Asking"),
    ("reconciling", custom(condition("Reconciling", "True", "Working")), P, "Working"),
    (
        "stalled",
        custom(condition("Stalled", "True", "NoWay"), condition("Reconciling", "True")),
        D,
        "NoWay",
    ),
    ("not observed", custom(condition("Ready", "True"), observedGeneration=1), P, "NotObserved"),
    (
        "a condition of before",
        custom(condition("Ready", "True", observedGeneration=1)),
        P,
        "NotObserved",
    ),
    ("an older stall", custom(condition("Stalled", "True", observedGeneration=1)), H, ""),
]


@pytest.mark.parametrize(
    ("found", "health", "reason"),
    [pytest.param(*row[1:], id=row[0]) for row in (*WORKLOADS, *PODS, *OTHERS, *CUSTOM)],
)
def test_each_rule_says_what_the_objects_controller_means(
    found: dict[str, Any], health: Health, reason: str
) -> None:
    vital = said(found)
    assert (vital.health, vital.reason) == (health, reason)
    assert bool(vital.message) == bool(reason)


def test_every_rule_has_a_row() -> None:
    seen = {(said(row[1]).health, row[1]["kind"]) for row in (*WORKLOADS, *PODS, *OTHERS)}
    for (_, kind), rule in rules.RULES.items():
        assert (H, kind) in seen
        assert (P, kind) in seen or not rule.progressing
        assert (D, kind) in seen or not rule.degraded or rule.asks_pods


@pytest.mark.parametrize("kind", ["apps/v1/Deployment", "v1/Pod", f"{_CUSTOM}/Widget"])
@pytest.mark.parametrize(
    "status",
    [
        {"conditions": "none", "replicas": "many", "observedGeneration": "x", "phase": 1},
        {"conditions": [1, None, {"type": 1, "status": True}], "containerStatuses": [None, 3]},
        {"containerStatuses": [{"state": {"waiting": []}, "lastState": 1}], "phase": {}},
    ],
)
def test_fields_of_another_type_count_as_absent(kind: str, status: dict[str, Any]) -> None:
    assert said(obj(kind, status)).health in (H, P)


def test_what_is_being_deleted_is_on_its_way() -> None:
    found = deployment()
    found["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert said(found).reason == "BeingDeleted"


def test_kinds_of_kubernetes_without_a_rule_are_healthy_by_being_there() -> None:
    assert rules.rule("", "ConfigMap", b"") is None
    assert rules.rule("networking.k8s.io", "NetworkPolicy", b"") is None
    assert rules.rule("example.org", "Widget", b"") is rules.CUSTOM
    assert rules.rule("", "Service", b'{"spec":{"type":"ClusterIP"}}') is None


def test_a_verdict_from_elsewhere_comes_before_the_kinds_rule_and_after_what_holds_for_all() -> (
    None
):
    failed = Vital(health=D, reason="Mine")
    found = custom(condition("Ready", "True"))
    assert rules.judge(found, rules.CUSTOM, lambda _: failed) is failed
    assert rules.judge(found, rules.CUSTOM, lambda _: None).health is H
    behind = custom(observedGeneration=1)
    assert rules.judge(behind, rules.CUSTOM, lambda _: failed).reason == "NotObserved"


def test_nothing_waits_for_a_claim_and_all_wait_for_a_jobs_end() -> None:
    claim = said(obj("v1/PersistentVolumeClaim", {"phase": "Pending"}))
    assert claim.opens and claim.patience == FOREVER
    assert not said(obj("batch/v1/Job", {"startTime": "t", "active": 1, "ready": 1})).opens
    assert said(obj("batch/v1/Job", {"conditions": [condition("Complete", "True")]})).opens


def named(name: str, found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "metadata": {"name": name}}


def test_the_last_exit_of_a_pod_that_crashes_is_told() -> None:
    assert said(pod("Running", CRASHING)).message == (
        "container main crashes again and again: exit 3 (Error)"
    )
    killed = container(
        restartCount=5, lastState=terminated(signal=11, exitCode=139, message="core\n")
    )
    assert said(pod("Running", killed)).message.endswith("killed by signal 11: core")


def test_the_image_that_cannot_be_pulled_is_named() -> None:
    found = said(pod("Pending", waiting("ErrImagePull", "manifest unknown")))
    assert found.message == 'container main cannot pull image "app:1": manifest unknown'


def test_what_no_node_takes_is_soon_called_stalled_in_the_schedulers_words() -> None:
    found = said(pod("Pending", conditions=[{**PENDING, "message": "0/1 nodes: cpu"}]))
    assert (found.message, found.patience) == ("0/1 nodes: cpu", pods.UNSCHEDULABLE)


def test_a_workload_is_as_the_worst_of_its_pods_says() -> None:
    own = said(deployment(readyReplicas=1))
    starting = named("a", pod("Pending"))
    unplaced = named("b", pod("Pending", conditions=[PENDING]))
    crashing = named("c", pod("Running", CRASHING))
    ending = {**crashing, "metadata": {"name": "d", "deletionTimestamp": "t"}}
    assert rules.joined(own, pods.worst([starting, ending])) == own
    placed = rules.joined(own, pods.worst([starting, unplaced]))
    assert (placed.health, placed.reason, placed.patience) == (P, "Unschedulable", 15)
    worst = rules.joined(own, pods.worst([starting, unplaced, crashing]))
    assert (worst.health, worst.reason) == (D, "CrashLoopBackOff")
    assert worst.message == (
        "pod c: container main crashes again and again: exit 3 (Error) (1 of 3 replicas are ready)"
    )


def test_a_workload_that_is_healthy_does_not_ask_its_pods() -> None:
    crashing = named("c", pod("Running", CRASHING))
    assert rules.joined(said(deployment()), pods.worst([crashing])).health is H


@pytest.mark.parametrize(
    ("kind", "selector", "text"),
    [
        ("apps/v1/Deployment", {"matchLabels": {"a": "b", "c": "d"}}, "a=b,c=d"),
        (
            "apps/v1/Deployment",
            {
                "matchLabels": {"a": "b"},
                "matchExpressions": [
                    {"key": "t", "operator": "In", "values": ["x", "y"]},
                    {"key": "u", "operator": "NotIn", "values": ["z"]},
                    {"key": "v", "operator": "Exists"},
                    {"key": "w", "operator": "DoesNotExist"},
                ],
            },
            "a=b,t in (x,y),u notin (z),v,!w",
        ),
        ("v1/ReplicationController", {"a": "b"}, "a=b"),
        ("batch/v1/Job", None, ""),
    ],
)
def test_the_pods_of_a_workload_are_found_by_its_selector(
    kind: str, selector: dict[str, Any] | None, text: str
) -> None:
    assert pods.selector(obj(kind, spec={"selector": selector})) == text
