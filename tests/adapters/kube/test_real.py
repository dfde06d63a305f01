"""Single requests to a real API server, each way that it says no included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.adapters import kube
from reconciler.model import errors, rendered
from reconciler.model.refs import Kind, ObjectRef
from reconciler.status import event
from tests.adapters.kube import build
from tests.adapters.kube.build import CONFIG_MAP, DEPLOYMENT, NAMESPACE, SECRET
from tests.controlplane.plane import ControlPlane
from tests.controlplane.processes import until

EVENT = Kind("", "v1", "Event")
WIDGET = Kind("real.test", "v1", "Widget")


def edit(plane: ControlPlane, ref: ObjectRef, patch: dict[str, Any]) -> None:
    """A merge patch to a ConfigMap, by somebody else."""
    path = f"/api/v1/namespaces/{ref.namespace}/configmaps/{ref.name}?fieldManager=somebody"
    status, answer = plane.request("PATCH", path, patch, "application/merge-patch+json")
    assert status == 200, answer


def deployment(name: str, namespace: str, **labels: str) -> rendered.Manifest:
    pod = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": "image.invalid/x"}]},
    }
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": pod}
    return build.manifest(DEPLOYMENT, name, namespace=namespace, spec=spec)


def test_the_version_is_the_servers(cluster: kube.KubeCluster, plane: ControlPlane) -> None:
    assert cluster.version() == plane.request("GET", "/version")[1]["gitVersion"]


def test_an_apply_makes_the_object_and_a_second_one_writes_nothing(
    cluster: kube.KubeCluster, namespace: str
) -> None:
    manifest = build.config_map("a", namespace, x="1")
    first = cluster.apply(manifest, force=False)
    assert (first.ref, first.uid != "") == (manifest.ref, True)
    assert [(e.manager, e.operation) for e in first.managed] == [("fleet-reconciler", "Apply")]
    assert cluster.apply(manifest, force=True) == first


def test_an_unforced_apply_names_field_and_manager_that_it_collides_with(
    cluster: kube.KubeCluster, plane: ControlPlane, namespace: str
) -> None:
    manifest = build.config_map("a", namespace, x="1")
    cluster.apply(manifest, force=False)
    edit(plane, manifest.ref, {"data": {"x": "2"}})
    with pytest.raises(errors.ClusterRefused) as refused:
        cluster.apply(manifest, force=False)
    (cause,) = refused.value.causes
    assert (refused.value.reason, cause.field, cause.manager) == ("Conflict", ".data.x", "somebody")
    cluster.apply(manifest, force=True)
    found = cluster.read(CONFIG_MAP, namespace, "a")
    assert found is not None
    assert found["data"] == {"x": "1"}


def test_reading_what_is_not_there_is_none(cluster: kube.KubeCluster, namespace: str) -> None:
    assert cluster.read(CONFIG_MAP, namespace, "absent") is None
    assert cluster.read(CONFIG_MAP, "no-such-namespace", "absent") is None


def test_a_kind_that_is_not_served_is_unknown(cluster: kube.KubeCluster) -> None:
    for kind in (Kind("no.such.group", "v1", "Thing"), Kind("apps", "v1", "Thing")):
        with pytest.raises(errors.ClusterRefused) as refused:
            cluster.namespaced(kind)
        assert refused.value.reason == "KindUnknown"


def test_scopes_are_the_servers(cluster: kube.KubeCluster) -> None:
    assert cluster.namespaced(CONFIG_MAP)
    assert cluster.namespaced(DEPLOYMENT)
    assert not cluster.namespaced(NAMESPACE)


def test_select_finds_whole_objects_by_label(cluster: kube.KubeCluster, namespace: str) -> None:
    for name, pick in (("a", "yes"), ("b", "no"), ("c", "yes")):
        cluster.apply(
            build.manifest(
                CONFIG_MAP, name, namespace=namespace, labels={"pick": pick}, data={"n": name}
            ),
            force=False,
        )
    found = cluster.select(CONFIG_MAP, namespace, "pick=yes")
    assert [(obj["kind"], obj["data"]["n"]) for obj in found] == [
        ("ConfigMap", "a"),
        ("ConfigMap", "c"),
    ]


@pytest.mark.parametrize(
    ("patch", "body"),
    [
        ("merge", {"data": {"x": None}}),
        ("json", [{"op": "remove", "path": "/data/x"}]),
    ],
)
def test_replace_takes_out_what_apply_cannot(
    patch: str, body: Any, cluster: kube.KubeCluster, plane: ControlPlane, namespace: str
) -> None:
    manifest = build.config_map("a", namespace, y="1")
    cluster.apply(manifest, force=False)
    edit(plane, manifest.ref, {"data": {"x": "intruder"}})
    cluster.replace(CONFIG_MAP, namespace, "a", orjson.dumps(body), patch)
    found = cluster.read(CONFIG_MAP, namespace, "a")
    assert found is not None
    assert found["data"] == {"y": "1"}


def test_an_event_is_created_under_a_name_of_the_servers(
    cluster: kube.KubeCluster, namespace: str
) -> None:
    about = ObjectRef("", "ConfigMap", namespace, "a")
    words = event.Words(
        about=about,
        kind=CONFIG_MAP,
        namespace=namespace,
        warning=True,
        reason="Testing",
        message="a sentence",
    )
    body = event.body(words, component="fleet-reconciler", time="2026-01-01T00:00:00Z")
    live = cluster.create(EVENT, namespace, body)
    assert live.ref.name.startswith("fleet-reconciler-")
    (found,) = cluster.select(EVENT, namespace, "")
    assert (found["reason"], found["type"]) == ("Testing", "Warning")


def test_a_delete_takes_only_the_object_with_that_uid(
    cluster: kube.KubeCluster, namespace: str
) -> None:
    live = cluster.apply(build.config_map("a", namespace), force=False)
    assert not cluster.delete(CONFIG_MAP, namespace, "a", "of-an-earlier-one")
    assert cluster.read(CONFIG_MAP, namespace, "a")
    assert cluster.delete(CONFIG_MAP, namespace, "a", live.uid)
    assert cluster.read(CONFIG_MAP, namespace, "a") is None
    assert not cluster.delete(CONFIG_MAP, namespace, "a", live.uid)


def test_an_object_that_is_being_deleted_says_so(cluster: kube.KubeCluster, namespace: str) -> None:
    manifest = build.manifest(
        CONFIG_MAP, "a", namespace=namespace, metadata={"finalizers": ["test.invalid/hold"]}
    )
    live = cluster.apply(manifest, force=False)
    assert cluster.delete(CONFIG_MAP, namespace, "a", live.uid)
    assert cluster.apply(manifest, force=True).deleting
    cluster.replace(CONFIG_MAP, namespace, "a", b'{"metadata":{"finalizers":null}}', "merge")


def test_a_status_is_applied_apart_from_its_object(
    cluster: kube.KubeCluster, namespace: str
) -> None:
    cluster.apply(deployment("d", namespace, app="d"), force=False)
    status = build.manifest(
        DEPLOYMENT, "d", namespace=namespace, labels={}, status={"observedGeneration": 7}
    )
    live = cluster.apply(status, force=True, subresource="status")
    assert "status" in [entry.subresource for entry in live.managed]


def broken(namespace: str) -> dict[str, tuple[rendered.Manifest, str]]:
    """What the server refuses, and the reason that we give."""
    large = "x" * ((1 << 20) + 1)
    service = Kind("", "v1", "Service")
    ports_ = [{"port": 99999}]
    return {
        "missing namespace": (build.config_map("a", "no-such-namespace"), "NamespaceNotFound"),
        "unknown group": (
            build.manifest(Kind("no.such", "v1", "A"), "a", namespace=namespace),
            "KindUnknown",
        ),
        "schema": (build.config_map("a", namespace, x=7), "SchemaError"),
        "unknown field": (
            build.manifest(CONFIG_MAP, "a", namespace=namespace, dat={}),
            "SchemaError",
        ),
        "validation": (
            build.manifest(service, "a", namespace=namespace, spec={"ports": ports_}),
            "Invalid",
        ),
        "data over 1 MiB": (build.config_map("a", namespace, x=large), "Invalid"),
        "body over 3 MiB": (build.config_map("a", namespace, x=large * 4), "TooLarge"),
    }


@pytest.mark.parametrize("case", broken(""))
def test_each_refusal_has_its_reason(case: str, cluster: kube.KubeCluster, namespace: str) -> None:
    manifest, reason = broken(namespace)[case]
    with pytest.raises(errors.ClusterRefused) as refused:
        cluster.apply(manifest, force=True)
    assert refused.value.reason == reason


def test_an_immutable_field_is_named(cluster: kube.KubeCluster, namespace: str) -> None:
    cluster.apply(deployment("d", namespace, app="d"), force=False)
    with pytest.raises(errors.ClusterRefused) as refused:
        cluster.apply(deployment("d", namespace, app="other"), force=True)
    assert refused.value.reason == "Invalid"
    assert "spec.selector" in [cause.field for cause in refused.value.causes]


def test_a_terminating_namespace_is_told_from_a_lack_of_rights(
    cluster: kube.KubeCluster, plane: ControlPlane
) -> None:
    held = {"metadata": {"name": "held"}}
    keeper = build.manifest(
        CONFIG_MAP, "keeper", namespace="held", metadata={"finalizers": ["test.invalid/hold"]}
    )
    assert plane.request("POST", "/api/v1/namespaces", held)[0] == 201
    cluster.apply(keeper, force=False)
    plane.request("DELETE", "/api/v1/namespaces/held")
    with pytest.raises(errors.ClusterRefused) as refused:
        cluster.apply(build.config_map("late", "held"), force=False)
    assert refused.value.reason == "NamespaceTerminating"
    cluster.replace(CONFIG_MAP, "held", "keeper", b'{"metadata":{"finalizers":null}}', "merge")
    until(lambda: cluster.read(NAMESPACE, "", "held") is None, "the namespace ends")


def test_a_refused_secret_is_not_quoted(cluster: kube.KubeCluster, namespace: str) -> None:
    secret = build.manifest(
        SECRET, "s", namespace=namespace, type="kubernetes.io/tls", data={"tls.crt": "aHVzaA=="}
    )
    with pytest.raises(errors.ClusterRefused) as refused:
        cluster.apply(secret, force=False)
    assert "aHVzaA" not in f"{refused.value}{refused.value.causes}"
    not_base64 = build.manifest(SECRET, "s", namespace=namespace, data={"key": "hush!"})
    with pytest.raises(errors.ClusterRefused) as refused:
        cluster.apply(not_base64, force=False)
    assert "hush" not in f"{refused.value}{refused.value.causes}"


def test_a_kind_is_served_soon_after_its_definition_and_checks_its_fields(
    cluster: kube.KubeCluster, namespace: str
) -> None:
    small = build.manifest(WIDGET, "w", namespace=namespace, spec={"size": 1})
    with pytest.raises(errors.ClusterRefused) as refused:
        cluster.apply(small, force=False)
    assert refused.value.reason == "KindUnknown"
    cluster.apply(build.crd(WIDGET.group, "widgets", WIDGET.kind), force=False)
    until(lambda: _takes(cluster, small), "the custom resource is taken")
    misspelt = build.manifest(WIDGET, "w", namespace=namespace, spec={"sise": 1})
    with pytest.raises(errors.ClusterRefused, match="sise"):
        cluster.apply(misspelt, force=True)


def test_a_token_file_that_was_wrong_works_once_it_is_right(
    plane: ControlPlane, agent_kubeconfig: Callable[[str], Path], tmp_path: Path, namespace: str
) -> None:
    agent_kubeconfig("cluster")
    token = tmp_path / "token"
    token.write_text("of nobody")
    login = plane.kubeconfig(tmp_path / "kubeconfig", token_file=str(token))
    cluster = kube.connect(str(login), "")
    with pytest.raises(errors.ClusterUnavailable, match="401"):
        cluster.read(CONFIG_MAP, namespace, "a")
    token.write_text(plane.token("fleet-system", "fleet-reconciler"))
    assert cluster.read(CONFIG_MAP, namespace, "a") is None
    cluster.close()


def test_a_server_that_was_away_is_found_again(
    cluster: kube.KubeCluster, plane: ControlPlane, namespace: str
) -> None:
    manifest = build.config_map("a", namespace, x="1")
    live = cluster.apply(manifest, force=False)
    plane.kill_api_server()
    try:
        with pytest.raises(errors.ClusterUnavailable, match="not reached"):
            cluster.apply(manifest, force=False)
    finally:
        plane.start_api_server()
    assert cluster.apply(manifest, force=False) == live


def _takes(cluster: kube.KubeCluster, manifest: rendered.Manifest) -> bool:
    try:
        return bool(cluster.apply(manifest, force=False).uid)
    except errors.ClusterRefused as error:
        assert error.reason == "KindUnknown"
        return False
