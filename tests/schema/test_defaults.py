"""What the API server makes of what is written as nothing. A suite compares with a real one."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.schema import defaults


def deployment(**pod: Any) -> dict[str, Any]:
    """The defaulted Pod spec of a Deployment's template."""
    value = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": pod}}}
    made, doubt = defaults.defaulted(value, None)
    assert not doubt
    found: dict[str, Any] = made["spec"]["template"]["spec"]
    return found


def test_a_probes_zeros_are_its_defaults() -> None:
    probe = {"tcpSocket": {"port": 1}, "periodSeconds": 0, "timeoutSeconds": 0}
    spec = deployment(containers=[{"name": "a", "livenessProbe": probe}])
    found = spec["containers"][0]["livenessProbe"]
    assert (found["periodSeconds"], found["timeoutSeconds"]) == (10, 1)


def test_the_newer_name_of_the_service_account_is_both() -> None:
    spec = deployment(serviceAccountName="one", serviceAccount="other")
    assert spec["serviceAccount"] == spec["serviceAccountName"] == "one"


def test_a_null_in_a_map_is_kept_as_nothing() -> None:
    value = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": None, "b": "c"}}
    assert defaults.defaulted(value, None)[0]["data"] == {"a": "", "b": "c"}


def test_bytes_are_written_without_line_breaks() -> None:
    value = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "e\nA=="}}
    assert defaults.defaulted(value, None)[0]["data"] == {"a": "eA=="}


def test_a_limit_may_have_any_name() -> None:
    bounds = {"limits": {"value": "1"}}
    value = {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": {"containers": [{"name": "a", "resources": bounds}]},
    }
    made = defaults.defaulted(value, None)[0]["spec"]["containers"][0]["resources"]
    assert made["requests"] == {"value": "1"}


@pytest.mark.parametrize("spec", ["x", 3, [[]], {"template": "x"}, {"template": 3}])
def test_a_spec_of_another_type_is_left_to_the_server(spec: object) -> None:
    for api_version, kind in defaults.KINDS:
        value = {"apiVersion": api_version, "kind": kind, "spec": spec}
        assert defaults.defaulted(value, None)[0]["kind"] == kind


def test_a_tolerations_empty_key_is_no_key() -> None:
    spec = deployment(tolerations=[{"key": "", "operator": "Exists"}])
    assert spec["tolerations"] == [{"operator": "Exists"}]


@pytest.mark.parametrize(
    ("image", "policy"),
    [("b", "Always"), ("h:5000/b", "Always"), ("b:1", "IfNotPresent"), ("B", "IfNotPresent")],
)
def test_an_image_that_nobody_can_read_has_no_tag(image: str, policy: str) -> None:
    spec = deployment(containers=[{"name": "a", "image": image}])
    assert spec["containers"][0]["imagePullPolicy"] == policy


def test_empty_rules_are_none() -> None:
    value = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"rules": []}}
    assert "rules" not in defaults.defaulted(value, None)[0]["spec"]
