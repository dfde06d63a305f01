from __future__ import annotations

import pytest

from reconciler.schema import kubernetes


@pytest.mark.parametrize(
    ("group", "kind", "cluster"),
    [
        ("", "Node", True),
        ("", "Pod", False),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", True),
        ("apps", "Deployment", False),
        ("policy", "PodSecurityPolicy", None),
        ("example.com", "Node", None),
    ],
)
def test_scopes_are_those_of_the_api_server(group: str, kind: str, cluster: bool | None) -> None:
    assert kubernetes.is_cluster_scoped(group, kind) is cluster
