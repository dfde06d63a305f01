"""Generated objects whose content changed, and the workloads that still use the old."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from reconciler.model.origins import Origin
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.plan import generated, rollout
from tests import manifests
from tests.plan.test_planner import record

MADE = Origin("sites/north/one/kustomization.yaml", 5, "configMapGenerator")
OLD, NEW = "env-5md2f7t9bk", "env-6hc8g2k4mt"


def made(name: str, origin: Origin = MADE) -> Manifest:
    return dataclasses.replace(manifests.manifest(manifests.config_map(name)), origin=origin)


def test_another_generation_of_the_same_object_is_its_successor() -> None:
    old, new = made(OLD), made(NEW)
    assert generated.successors([old.ref], {old.ref: record(old)}, [new]) == {old.ref: new.ref}
    assert generated.successors([old.ref], {}, [new]) == {old.ref: new.ref}, "the database is lost"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (made(OLD, Origin("a.yaml")), made(NEW)),
        (made(OLD), made(NEW, Origin("a.yaml"))),
        (made("env"), made(NEW)),
        (made("other-5md2f7t9bk"), made(NEW)),
    ],
)
def test_an_object_that_nobody_generated_has_no_successor(old: Manifest, new: Manifest) -> None:
    assert not generated.successors([old.ref], {old.ref: record(old)}, [new])


def test_users_are_declared_workloads_that_name_either() -> None:
    old, new = (ObjectRef("", "ConfigMap", "app", name) for name in (OLD, NEW))

    def workload(name: str, used: str, namespace: str = "app") -> Manifest:
        value = manifests.deployment(name, namespace=namespace)
        spec = value["spec"]["template"]["spec"]
        spec["containers"][0]["envFrom"] = [{"configMapRef": {"name": used}}]
        return manifests.manifest(value)

    listed = [
        workload("a", OLD),
        workload("b", NEW),
        workload("c", "else"),
        workload("d", NEW, "other"),
        made(NEW),
    ]
    assert [user.ref.name for user in generated.users(listed, old, new)] == ["a", "b"]


def workload(kind: str, spec: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"generation": 3}, "spec": spec, "status": status}


READY = {"observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
PLACED = {
    "observedGeneration": 3,
    "desiredNumberScheduled": 2,
    "updatedNumberScheduled": 2,
    "numberAvailable": 2,
}


@pytest.mark.parametrize(
    ("found", "complete"),
    [
        (None, True),
        (workload("Deployment", {"replicas": 2}, READY), True),
        (workload("Deployment", {"replicas": 2}, {**READY, "observedGeneration": 2}), False),
        (workload("Deployment", {"replicas": 2}, {**READY, "updatedReplicas": 1}), False),
        (workload("Deployment", {"replicas": 2}, {**READY, "replicas": 3}), False),
        (workload("Deployment", {"replicas": 2}, {**READY, "availableReplicas": 1}), False),
        (workload("Deployment", {}, {}), False),
        (workload("Deployment", {"replicas": 0}, {"observedGeneration": 3}), True),
        (workload("StatefulSet", {"replicas": 2}, READY), True),
        (workload("StatefulSet", {"replicas": 2},
                  {**READY, "currentRevision": "a", "updateRevision": "b"}), False),
        (workload("DaemonSet", {}, PLACED), True),
        (workload("DaemonSet", {}, {**PLACED, "updatedNumberScheduled": 1}), False),
        (workload("DaemonSet", {}, {**PLACED, "numberAvailable": 1}), False),
        (workload("CronJob", {}, {}), True),
        (workload("CronJob", {}, {"active": [{"name": "j"}]}), False),
        (workload("Lamp", {}, {}), True),
        (workload("Deployment", {"replicas": "x"}, {"observedGeneration": True}), False),
    ],
)  # fmt: skip
def test_a_rollout_is_complete_when_no_pod_of_an_older_template_is_left(
    found: dict[str, Any] | None, complete: bool
) -> None:
    assert rollout.is_complete(found) is complete
