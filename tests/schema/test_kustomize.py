from __future__ import annotations

import pytest

from reconciler.schema import kustomize
from reconciler.schema.openapi import Shape

POD = ("spec", "template", "spec")


def shape_at(api_version: str, kind: str, *path: str) -> Shape | None:
    shape = kustomize.shapes().of(api_version, kind)
    for name in path:
        if shape is not None:
            shape = shape.elements() if name == "[]" else shape.field(name)
    return shape


@pytest.mark.parametrize(
    ("api_version", "kind", "path", "keys"),
    [
        ("apps/v1", "Deployment", (*POD, "containers"), ("name",)),
        (
            "apps/v1",
            "Deployment",
            (*POD, "containers", "[]", "ports"),
            ("containerPort", "protocol"),
        ),
        ("apps/v1", "StatefulSet", (*POD, "volumes"), ("name",)),
        ("batch/v1", "CronJob", ("spec", "jobTemplate", *POD, "hostAliases"), ("ip",)),
        ("v1", "Service", ("spec", "ports"), ("port", "protocol")),
        ("v1", "Pod", ("spec", "containers", "[]", "volumeMounts"), ("mountPath",)),
        ("v1", "ServiceAccount", ("secrets",), ("name",)),
        ("v1", "ConfigMap", ("metadata", "finalizers"), ()),
        ("v1", "ConfigMap", ("metadata", "ownerReferences"), ("uid",)),
    ],
)
def test_lists_that_are_merged_have_their_keys(
    api_version: str, kind: str, path: tuple[str, ...], keys: tuple[str, ...]
) -> None:
    shape = shape_at(api_version, kind, *path)
    assert shape is not None and shape.merges
    assert keys == shape.keys


@pytest.mark.parametrize(
    ("api_version", "kind", "path"),
    [
        ("apps/v1", "Deployment", (*POD, "tolerations")),
        ("apps/v1", "Deployment", (*POD, "containers", "[]", "args")),
        ("v1", "ServiceAccount", ("imagePullSecrets",)),
        ("example.com/v1", "Thing", ()),
        ("apps/v1beta1", "Deployment", ()),
    ],
)
def test_other_lists_and_kinds_have_none(
    api_version: str, kind: str, path: tuple[str, ...]
) -> None:
    shape = shape_at(api_version, kind, *path)
    assert shape is None or not shape.merges


@pytest.mark.parametrize(
    ("api_version", "kind", "cluster"),
    [
        ("v1", "Namespace", True),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", True),
        ("rbac.authorization.k8s.io/v1", "Role", False),
        ("policy/v1beta1", "PodSecurityPolicy", True),
        ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", False),  # since 1.30
        ("example.com/v1", "Namespace", False),
    ],
)
def test_scopes_are_those_that_kustomize_knows(api_version: str, kind: str, cluster: bool) -> None:
    assert cluster == kustomize.is_cluster_scoped(api_version, kind)


def test_kinds_have_their_legacy_order() -> None:
    kinds = ["ValidatingWebhookConfiguration", "Pod", "CronJob", "Service", "Namespace"]
    assert kinds[::-1] == sorted(kinds, key=kustomize.kind_rank)
    assert kustomize.kind_rank("Thing") == 0


def test_field_specs_are_those_of_a_configuration_file() -> None:
    specs = kustomize.field_specs()
    assert {name: len(rows) for name, rows in specs.items()} == {
        "commonAnnotations": 9,
        "commonLabels": 32,
        "images": 6,
        "namePrefix": 1,
        "nameReference": 16,
        "nameSuffix": 1,
        "namespace": 3,
        "replicas": 4,
        "templateLabels": 10,
        "varReference": 72,
    }
    assert specs["replicas"][0] == {"path": "spec/replicas", "create": True, "kind": "Deployment"}
    secrets = next(row for row in specs["nameReference"] if row["kind"] == "Secret")
    assert {"path": "spec/tls/secretName", "kind": "Ingress"} in secrets["fieldSpecs"]
