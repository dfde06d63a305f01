"""The control plane of the tests is a real one, and ends with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.controlplane.plane import ControlPlane
from tests.controlplane.processes import until


def test_controllers_make_pods_of_deployments(plane: ControlPlane) -> None:
    plane.kubectl("create", "deployment", "made", "--image=image.invalid/x")
    pods = "/api/v1/namespaces/default/pods?labelSelector=app%3Dmade"
    until(lambda: plane.request("GET", pods)[1].get("items"), "the Deployment's pod is made")
    plane.kubectl("delete", "deployment", "made")


def test_a_service_account_without_rules_may_do_nothing(
    plane: ControlPlane, tmp_path: Path
) -> None:
    login = plane.kubeconfig(tmp_path / "k", token=plane.token("default", "default"))
    with pytest.raises(AssertionError, match=r"system:serviceaccount:default:default.*cannot list"):
        plane.kubectl("get", "pods", kubeconfig=login)


def test_every_request_is_audited_once(plane: ControlPlane) -> None:
    path = "/api/v1/namespaces/default/configmaps/audited"
    plane.request("GET", path)
    (request,) = [request for request in plane.audit(verb="get") if request.uri == path]
    assert (request.user, request.status, request.resource) == ("admin", 404, "configmaps")


def test_the_api_server_comes_back_with_what_it_had(plane: ControlPlane) -> None:
    token = plane.token("default", "default")
    body = {"metadata": {"name": "kept"}, "data": {"x": "1"}}
    assert plane.request("POST", "/api/v1/namespaces/default/configmaps", body)[0] == 201
    plane.kill_api_server()
    with pytest.raises(OSError, match="refused"):
        plane.request("GET", "/readyz")
    plane.start_api_server()
    assert plane.request("DELETE", "/api/v1/namespaces/default/configmaps/kept")[0] == 200
    assert token != plane.token("default", "default")
