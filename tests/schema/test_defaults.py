"""What the API server makes of what is written as nothing. A suite compares with a real one."""

from __future__ import annotations

from typing import Any

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
