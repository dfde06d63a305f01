"""The demo of one site on a real cluster: played in its own namespace, and taken back exactly."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.adapters import kube
from reconciler.app.demo import made
from reconciler.model.refs import Kind
from tests.controlplane.plane import ControlPlane
from tests.e2e.bootstrap import CRD, NAMESPACE, Bootstrap
from tests.e2e.process import ENVIRONMENT, RECONCILER, eventually, reconciler

KINDS = (
    "/api/v1/namespaces",
    "/api/v1/configmaps",
    "/api/v1/secrets",
    "/api/v1/serviceaccounts",
    "/apis/apps/v1/deployments",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
)


class Cluster(Bootstrap):
    """What a demo finds, and leaves."""

    def demo(self, *more: str) -> subprocess.CompletedProcess[str]:
        return reconciler("demo", "--kubeconfig", str(self.kubeconfig), *more)

    def items(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (self.get(path) or {}).get("items") or []
        return found

    def objects(self) -> set[tuple[str, str]]:
        """Everything, by its kind's path and its uid; and of events, those of ours."""
        found = {(path, each["metadata"]["uid"]) for path in KINDS for each in self.items(path)}
        events = self.items("/api/v1/events")
        ours = [each for each in events if each["source"].get("component") == "fleet-reconciler"]
        return found | {("events", each["metadata"]["uid"]) for each in ours}


@pytest.fixture
def cluster(older_plane: ControlPlane, tmp_path: Path) -> Iterator[Cluster]:
    found = Cluster(older_plane, tmp_path)
    found.clear()
    yield found
    for each in found.items("/api/v1/namespaces"):
        if each["metadata"]["name"].startswith("fleet-demo-"):
            older_plane.request("DELETE", f"/api/v1/namespaces/{each['metadata']['name']}")


def test_what_it_made_is_removed_and_nothing_else(cluster: Cluster, tmp_path: Path) -> None:
    before = cluster.objects()
    done = cluster.demo(str(tmp_path / "fleet"), "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kubectl-edit manages spec.template.spec.containers[name=hello].image" in done.stdout
    assert "bases/hello/kustomization.yaml:2:3: " in done.stdout
    assert "made Namespace/fleet-system" in done.stdout
    assert cluster.objects() == before


def test_what_was_there_stays(cluster: Cluster, tmp_path: Path) -> None:
    cluster.plane.kubectl("create", "namespace", "fleet-system")
    eventually(lambda: cluster.get(f"{NAMESPACE}/serviceaccounts/default"), "an account")
    eventually(lambda: cluster.get(f"{NAMESPACE}/configmaps/kube-root-ca.crt"), "a certificate")
    before = cluster.objects()
    done = cluster.demo(str(tmp_path / "fleet"), "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "made Namespace/fleet-system" not in done.stdout
    assert cluster.objects() == before
    assert cluster.get(NAMESPACE) is not None and cluster.get(CRD) is None


def test_where_nobody_can_be_asked_it_stays_and_the_commands_remove_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    before = cluster.objects()
    done = cluster.demo(str(tmp_path / "fleet"))
    assert done.returncode == 0, done.stdout + done.stderr
    _, _, said = done.stdout.partition("It stays. To remove it:\n")
    commands = [line.split()[2:] for line in said.splitlines() if "$ kubectl delete" in line]
    assert ["delete", "customresourcedefinition.apiextensions.k8s.io"] in [c[:2] for c in commands]
    assert cluster.objects() != before
    for command in commands:
        cluster.plane.kubectl(*command)
    assert cluster.objects() == before


def test_a_cluster_that_is_a_site_is_refused_and_left(cluster: Cluster, tmp_path: Path) -> None:
    assert cluster.inside("--apply").exit_code == 0
    named = {"metadata": {"name": "north.one"}}
    site = {"apiVersion": "fleet-reconciler.dev/v1alpha1", "kind": "Site", **named}
    path = "/apis/fleet-reconciler.dev/v1alpha1/sites"
    eventually(lambda: cluster.plane.request("POST", path, site)[0] in (201, 409), "a Site")
    before = cluster.written()
    done = cluster.demo(str(tmp_path / "fleet"), "--yes")
    assert (done.returncode, done.stdout) == (2, "")
    assert "this cluster is site north/one, as the object Site/north.one" in done.stderr
    assert cluster.written() == before
    assert not (tmp_path / "fleet").exists()


def test_an_interrupted_one_is_taken_back_too(cluster: Cluster, tmp_path: Path) -> None:
    before = cluster.objects()
    given = ["--kubeconfig", str(cluster.kubeconfig), str(tmp_path / "fleet"), "--yes"]
    process = subprocess.Popen(
        [RECONCILER, "demo", *given],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**ENVIRONMENT, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout
    assert any("reaches the site" in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "What was made on the cluster" in said
    assert cluster.objects() == before


HALF = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: half-demo}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: [get, list]}
- {apiGroups: [""], resources: [namespaces], verbs: [create, patch, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: half-demo}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: half-demo}
subjects: [{kind: ServiceAccount, name: half-demo, namespace: default}]
"""


def test_what_was_made_before_a_refusal_is_taken_back(cluster: Cluster, tmp_path: Path) -> None:
    plane = cluster.plane
    plane.kubectl("create", "serviceaccount", "half-demo")
    plane.kubectl("apply", "--server-side", "-f", "-", stdin=HALF)
    try:
        before = cluster.objects()
        token = plane.token("default", "half-demo")
        cluster.kubeconfig = plane.kubeconfig(tmp_path / "half", token=token)
        done = cluster.demo(str(tmp_path / "fleet"), "--yes")
        assert done.returncode == 2, done.stdout + done.stderr
        assert "cannot create resource" in done.stderr or "cannot patch resource" in done.stderr
        assert "made Namespace/fleet-system" in done.stdout and "ok 1 removed" in done.stdout
        assert cluster.objects() == before
    finally:
        plane.kubectl("delete", "-f", "-", stdin=HALF)
        plane.kubectl("delete", "serviceaccount", "half-demo")


def test_what_somebody_came_to_use_is_kept(cluster: Cluster) -> None:
    cluster.plane.kubectl("create", "namespace", "fleet-system")
    uid = (cluster.get(NAMESPACE) or {})["metadata"]["uid"]
    mine = made.Made(kind=Kind("", "v1", "Namespace"), namespace="", name="fleet-system", uid=uid)
    login = kube.connect(str(cluster.kubeconfig), "")
    try:
        assert made.why_kept(login, mine) == ""
        cluster.plane.kubectl("-n", "fleet-system", "create", "configmap", "theirs")
        assert made.why_kept(login, mine) == "it holds ConfigMap/theirs by now"
    finally:
        login.close()
