"""deploy/ on a real control plane: what it makes, and what its ServiceAccount may do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

import reconciler
from reconciler import settings
from reconciler.adapters import kube
from reconciler.model import errors, values
from reconciler.model.refs import Kind, ObjectRef, SiteName
from reconciler.status import event, report, site_object
from tests.adapters.kube import build
from tests.controlplane.plane import ControlPlane
from tests.controlplane.processes import until
from tests.rights import DEPLOY, FORMS, NAMESPACE, may

AgentKubeconfig = Callable[[str], Path]
PODS = "/api/v1/namespaces/{}/pods?labelSelector=app.kubernetes.io/name%3Dfleet-reconciler"
SITE = SiteName("north", "oslo")
REFUSED = values.Failure(
    ref=ObjectRef("apps", "Deployment", "serving", "triton"), reason="Invalid", message="no"
)
CONFIGURATION = "fleet-reconciler"
RBAC = "rbac.authorization.k8s.io"


@pytest.fixture
def agent(agent_kubeconfig: AgentKubeconfig) -> Iterator[Callable[[str], kube.KubeCluster]]:
    """The adapter under the rights of one of the bindings."""
    opened = []

    def connect(binding: str) -> kube.KubeCluster:
        opened.append(kube.connect(str(agent_kubeconfig(binding)), ""))
        return opened[-1]

    yield connect
    for cluster in opened:
        cluster.close()


@pytest.mark.parametrize("binding", FORMS)
def test_the_controllers_make_the_pod_of_either_form_under_restricted(
    binding: str, plane: ControlPlane, agent_kubeconfig: AgentKubeconfig
) -> None:
    agent_kubeconfig(binding)
    assert (DEPLOY / "base" / "namespace.yaml").read_text().count("enforce: restricted") == 1
    until(lambda: _pods(plane, NAMESPACE), "the agent's pod is made")
    (pod,) = _pods(plane, NAMESPACE)
    assert pod["spec"]["serviceAccountName"] == "fleet-reconciler"


def test_the_namespace_takes_no_pod_that_is_less_restricted(
    plane: ControlPlane, agent_kubeconfig: AgentKubeconfig
) -> None:
    agent_kubeconfig("cluster")
    pod = {"metadata": {"name": "loose"}, "spec": {"containers": [{"name": "x", "image": "x"}]}}
    status, answer = plane.request("POST", f"/api/v1/namespaces/{NAMESPACE}/pods", pod)
    assert (status, "PodSecurity" in answer["message"]) == (403, True)


def test_hostpath_leaves_restricted_and_its_pod_is_made(
    plane: ControlPlane, tmp_path: Path
) -> None:
    base = os.path.relpath(DEPLOY, tmp_path)
    (tmp_path / "kustomization.yaml").write_text(
        f"resources: [{base}/base]\ncomponents: [{base}/hostpath]\nnamespace: fleet-hostpath\n"
    )
    plane.kubectl("apply", "--server-side", "-k", str(tmp_path))
    _, namespace = plane.request("GET", "/api/v1/namespaces/fleet-hostpath")
    enforced = namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert enforced == "privileged"
    until(lambda: _pods(plane, "fleet-hostpath"), "the agent's pod is made")
    volumes = {
        volume["name"]: volume for volume in _pods(plane, "fleet-hostpath")[0]["spec"]["volumes"]
    }
    assert volumes["state"]["hostPath"]["path"] == "/var/lib/fleet-reconciler"
    plane.kubectl("delete", "namespace", "fleet-hostpath", "--wait=false")


def test_the_default_binding_is_cluster_admin_and_says_so(
    plane: ControlPlane, agent_kubeconfig: AgentKubeconfig
) -> None:
    agent_kubeconfig("cluster")
    assert may(plane, verb="*", group="*", resource="*")
    said = plane.kubectl("describe", "clusterrolebinding", "fleet-reconciler-cluster")
    assert "cluster-admin here: it can read and write everything" in said


@pytest.mark.parametrize("binding", FORMS)
def test_the_agent_may_do_for_itself_what_it_must(
    binding: str, agent: Callable[[str], kube.KubeCluster]
) -> None:
    cluster = agent(binding)
    inventory = build.config_map("fleet-inventory-0", NAMESPACE, objects="")
    live = cluster.apply(inventory, force=True)
    assert cluster.read(build.CONFIG_MAP, NAMESPACE, "fleet-inventory-0")
    assert cluster.delete(build.CONFIG_MAP, NAMESPACE, "fleet-inventory-0", live.uid)
    cluster.apply(build.manifest(site_object.KIND, SITE.label), force=True)
    cluster.create(Kind("", "v1", "Event"), "default", _event())


def test_the_site_object_takes_every_word_of_a_report_and_shows_it(
    plane: ControlPlane, agent: Callable[[str], kube.KubeCluster]
) -> None:
    cluster = agent("scoped")
    cluster.apply(build.manifest(site_object.KIND, SITE.label), force=True)
    said = _report()
    status = site_object.status(said, site_object.conditions(said, "", {}))
    written = build.manifest(site_object.KIND, SITE.label, labels={}, status=status)
    cluster.apply(written, force=True, subresource="status")
    found = cluster.read(site_object.KIND, "", SITE.label)
    assert found is not None
    assert found["status"] == status
    head, row = plane.kubectl("get", "sites", SITE.label).splitlines()
    assert " ".join(head.split()) == "NAME SITE READY STATE REVISION OBJECTS DRIFT AGE"
    expected = ["north.oslo", "north/oslo", "False", "Failed", "b" * 40, "3", "1"]
    assert row.split()[:-1] == expected


@pytest.mark.parametrize(
    "attributes",
    [
        {"verb": "get", "resource": "secrets", "namespace": "default"},
        {"verb": "get", "resource": "secrets", "namespace": NAMESPACE},
        {"verb": "create", "resource": "configmaps", "namespace": "default"},
        {"verb": "list", "resource": "configmaps", "namespace": NAMESPACE},
        {"verb": "patch", "resource": "configmaps", "namespace": NAMESPACE, "name": CONFIGURATION},
        {"verb": "create", "resource": "pods", "namespace": NAMESPACE},
        {"verb": "create", "resource": "serviceaccounts", "subresource": "token"},
        {"verb": "delete", "group": "fleet-reconciler.dev", "resource": "sites"},
        {"verb": "patch", "group": "apiextensions.k8s.io", "resource": "customresourcedefinitions"},
        {"verb": "patch", "group": "apps", "resource": "deployments", "namespace": NAMESPACE},
        {"verb": "patch", "group": RBAC, "resource": "clusterroles"},
        {"verb": "escalate", "group": RBAC, "resource": "clusterroles"},
        {"verb": "bind", "group": RBAC, "resource": "clusterroles"},
        {"verb": "create", "group": RBAC, "resource": "clusterrolebindings"},
        {"verb": "impersonate", "resource": "users"},
    ],
    ids=lambda attributes: "-".join(attributes.values()),
)  # fmt: skip
def test_the_scoped_agent_may_not(
    attributes: dict[str, str], plane: ControlPlane, agent_kubeconfig: AgentKubeconfig
) -> None:
    agent_kubeconfig("scoped")
    assert not may(plane, **attributes)


def test_the_scoped_agent_is_refused_and_told_the_rule_to_add(
    agent: Callable[[str], kube.KubeCluster],
) -> None:
    with pytest.raises(errors.ClusterRefused) as refused:
        agent("scoped").apply(build.config_map("a"), force=False)
    expected = '{apiGroups: [""], resources: ["configmaps"], verbs: ["create", "patch"]}'
    assert str(refused.value).endswith(f"the rule to add: {expected}")


def test_a_rule_that_the_owner_labels_reaches_the_scoped_agent_and_stays(
    plane: ControlPlane, agent_kubeconfig: AgentKubeconfig
) -> None:
    agent_kubeconfig("scoped")
    wanted = {"verb": "patch", "group": "apps", "resource": "deployments", "namespace": "serving"}
    assert not may(plane, **wanted)
    plane.kubectl(
        "create", "clusterrole", "owner", "--verb=create,patch", "--resource=deployments.apps"
    )
    plane.kubectl("label", "clusterrole", "owner", "fleet-reconciler.dev/aggregate-to-agent=true")
    try:
        until(lambda: may(plane, **wanted), "the owner's rule reaches the aggregated role")
        aggregated = f"/apis/{RBAC}/v1/clusterroles/fleet-reconciler-fleet"
        before = plane.request("GET", aggregated)[1]
        plane.kubectl("apply", "--server-side", "-k", str(FORMS["scoped"]))
        assert plane.request("GET", aggregated)[1] == before
    finally:
        plane.kubectl("delete", "clusterrole", "owner")
    until(lambda: not may(plane, **wanted), "the rule is gone again")


def test_the_image_is_of_this_version() -> None:
    base = yaml.safe_load((DEPLOY / "base" / "kustomization.yaml").read_text())
    assert base["images"][0]["newTag"] == reconciler.__version__


def test_the_configuration_that_is_delivered_can_be_read() -> None:
    found = settings.read(DEPLOY / "base" / "config.yaml", {}, {})
    assert (str(found.site), found.url) == ("region/site", "https://git.invalid/fleet.git")


def _pods(plane: ControlPlane, namespace: str) -> list[dict[str, Any]]:
    found = plane.request("GET", PODS.format(namespace))[1]
    return [pod for pod in found["items"] if "deletionTimestamp" not in pod["metadata"]]


def _report() -> values.Report:
    situation = report.Situation(
        commit="a" * 40,
        applied="b" * 40,
        sync=values.Sync.FAILED,
        reason="ApplyFailed",
        message="an object was refused",
        objects=values.Counts(total=3, applied=2, failed=1, pruned=4, held=5),
        failed=(REFUSED,),
        drift_open=1,
        drift_corrected=2,
    )
    return report.make(situation, SITE, time=1_700_000_000, agent="fleet-reconciler 0")


def _event() -> bytes:
    said = event.body(
        event.of_report(_report(), "u-1"), component="test", time="2026-01-01T00:00:00Z"
    )
    assert orjson.loads(said)["involvedObject"]["kind"] == "Site"
    return said
