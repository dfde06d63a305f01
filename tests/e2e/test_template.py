"""The template on the real API server: everything is applied, and its controllers make the pods."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane.plane import ControlPlane
from tests.e2e import process
from tests.e2e.process import eventually
from tests.e2e.world import MERGE, World

NAMESPACES = ("inference", "messaging", "node-agent")
# What a machine with a GPU and NVIDIA's device plugin bring.
RUNTIME = {
    "apiVersion": "node.k8s.io/v1",
    "kind": "RuntimeClass",
    "metadata": {"name": "nvidia"},
    "handler": "nvidia",
}
NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "machine"}}
RUNTIMES, NODES = "/apis/node.k8s.io/v1/runtimeclasses", "/api/v1/nodes"


@pytest.fixture
def machine(plane: ControlPlane) -> Iterator[None]:
    """A node and its runtime, until the site's namespaces are gone again."""
    for path, value in ((RUNTIMES, RUNTIME), (NODES, NODE)):
        code, answer = plane.request("POST", path, value)
        assert code == 201, answer
    yield
    for name in NAMESPACES:
        plane.request("DELETE", f"/api/v1/namespaces/{name}")
    plane.request("DELETE", f"{RUNTIMES}/nvidia")
    plane.request("DELETE", f"{NODES}/machine")
    eventually(lambda: not any(_pods(plane, name) for name in NAMESPACES), "no pods", 60)
    gone = [f"/api/v1/namespaces/{name}" for name in NAMESPACES]
    eventually(lambda: all(plane.request("GET", path)[0] == 404 for path in gone), "gone", 60)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    done = process.reconciler("init", str(tmp_path / "fleet"))
    assert done.returncode == 0, done.stderr
    return tmp_path / "fleet"


@pytest.mark.parametrize(
    ("site", "quality"),
    [("north/barn-7", "Burstable"), ("north/barn-8", "Burstable"), ("south/mill-1", "Guaranteed")],
)
def test_a_site_of_the_template_is_applied_as_a_whole(
    world: World, machine: None, template: Path, site: str, quality: str
) -> None:
    arguments = [
        "run", "--once", "--site", site, "--repo", template.as_uri(),
        "--state", str(world.state), "--kubeconfig", str(world.kubeconfig),
    ]  # fmt: skip
    assert process.reconciler(*arguments).returncode == 1
    (waiting,) = world.plane.request("GET", _site(site))[1]["status"]["waiting"]
    assert waiting["object"] == "StatefulSet.apps/messaging/broker"
    _start_broker(world.plane)
    done = process.reconciler(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    status = world.plane.request("GET", _site(site))[1]["status"]
    assert (status["state"], status["objects"]["failed"]) == ("Synced", 0)
    assert status["objects"]["total"] == 14
    for name in NAMESPACES:
        (pod,) = eventually(partial(_pods, world.plane, name), f"a pod in {name}")
        assert pod["metadata"]["annotations"]["prometheus.io/scrape"] == "true"
    (server,) = _pods(world.plane, "inference")
    assert server["status"]["qosClass"] == quality
    before = len(_writes(world))
    assert before
    assert process.reconciler(*arguments).returncode == 0
    assert _writes(world)[before:] == [], "nothing to do a second time"


def _site(name: str) -> str:
    return f"/apis/fleet-reconciler.dev/v1alpha1/sites/{name.replace('/', '.')}"


def _start_broker(plane: ControlPlane) -> None:
    """What a kubelet would do, which the model server waits for."""
    (pod,) = eventually(partial(_pods, plane, "messaging"), "the broker's pod")
    path = f"/api/v1/namespaces/messaging/pods/{pod['metadata']['name']}/status"
    ready = {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}
    code, answer = plane.request("PATCH", path, {"status": ready}, MERGE)
    assert code == 200, answer
    broker = "/apis/apps/v1/namespaces/messaging/statefulsets/broker"

    def is_ready() -> bool:
        return bool(plane.request("GET", broker)[1]["status"].get("readyReplicas") == 1)

    eventually(is_ready, "the broker")


def _pods(plane: ControlPlane, namespace: str) -> list[dict[str, Any]]:
    found = plane.kubectl("get", "pods", "-n", namespace, "-o", "json")
    return [pod for pod in json.loads(found)["items"] if "deletionTimestamp" not in pod["metadata"]]


def _writes(world: World) -> list[str]:
    """What the agent wrote to the site's own namespaces."""
    return [
        request.uri
        for request in world.plane.audit()
        if request.verb in ("patch", "delete")
        and any(f"/namespaces/{name}/" in request.uri for name in NAMESPACES)
        and "fieldManager=fleet-reconciler" in request.uri
        and "dryRun=All" not in request.uri  # the judge asks, where it is not sure
    ]
