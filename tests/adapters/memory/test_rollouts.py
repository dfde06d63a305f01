"""Workloads of a cluster that rolls out are healthy at once, and stay so."""

from __future__ import annotations

import pytest

from reconciler.adapters.memory import MemoryCluster, rollouts
from reconciler.model.refs import Kind
from reconciler.model.values import Health
from reconciler.status.health import rules
from tests import manifests
from tests.clock import StoppedClock


@pytest.mark.parametrize("kind", [kind for _, kind in rollouts.WORKLOADS])
def test_a_workload_is_rolled_out_at_once_and_after_each_change(kind: str) -> None:
    client = MemoryCluster(StoppedClock(), rolls_out=True).client()
    client.apply(manifests.manifest(manifests.namespace("app")), force=False)
    value = {**manifests.deployment("web"), "kind": kind}
    if kind == "DaemonSet":
        value["spec"] = {k: v for k, v in value["spec"].items() if k != "replicas"}
    if kind == "StatefulSet":
        value["spec"] = {**value["spec"], "serviceName": "web"}
    rule = rules.RULES["apps", kind]
    for image in ("app:1", "app:2"):
        template = value["spec"]["template"]
        containers = [{**template["spec"]["containers"][0], "image": image}]
        value["spec"] = {
            **value["spec"],
            "template": {**template, "spec": {"containers": containers}},
        }
        client.apply(manifests.manifest(value), force=True)
        found = client.read(Kind("apps", "v1", kind), "app", "web")
        assert found is not None
        assert rules.judge(found, rule).health is Health.HEALTHY


def test_otherwise_nothing_rolls_out() -> None:
    client = MemoryCluster(StoppedClock()).client()
    client.apply(manifests.manifest(manifests.namespace("app")), force=False)
    client.apply(manifests.manifest(manifests.deployment("web")), force=True)
    found = client.read(Kind("apps", "v1", "Deployment"), "app", "web")
    assert found is not None and "status" not in found
