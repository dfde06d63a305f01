"""The object that policies see is the API server's, field by field, for the kinds of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reconciler.schema import defaults, resources
from tests.controlplane.plane import ControlPlane
from tests.policy import library
from tests.policy.differential import ours, server

POLICY = [
    {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "shows"},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": ["*"],
                        "apiVersions": ["*"],
                        "operations": ["CREATE"],
                        "resources": ["*"],
                    }
                ],
                "objectSelector": {"matchLabels": {"shown": "yes"}},
            },
            "variables": [
                {
                    "name": "rest",
                    "expression": "['status', 'template', 'data', 'type', 'rules', 'roleRef',"
                    " 'subjects', 'spec'].map(k,"
                    " k in object ? [dyn(k), dyn(object[k])] : [dyn(k)])",
                },
            ],
            "validations": [
                {
                    "expression": "false",
                    "messageExpression": "'%s'.format([{'rest': dyn(variables.rest),"
                    " 'labels': dyn(object.metadata.labels)}])",
                }
            ],
        },
    },
    {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "shows"},
        "spec": {"policyName": "shows", "validationActions": ["Deny"]},
    },
]


FIELD = {"fieldPath": "metadata.name"}


def _rich() -> dict[str, Any]:
    """A Pod's spec with most of what has defaults."""
    probe = {"httpGet": {"port": 80}}
    return {
        "serviceAccountName": "app",
        "nodeSelector": {},
        "tolerations": [],
        "containers": [
            {
                "name": "a",
                "image": "host:5000/b",
                "ports": [{"containerPort": 80}],
                "livenessProbe": {"grpc": {"port": 9}},
                "readinessProbe": probe,
                "startupProbe": {"tcpSocket": {"port": 1}, "periodSeconds": 3},
                "lifecycle": {"preStop": {"httpGet": {"port": 80}}},
                "env": [
                    {"name": "A", "value": ""},
                    {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                    {"name": "C", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
                ],
                "resources": {
                    "limits": {"cpu": 1, "memory": "1024Mi", "x.y/z": "1000m"},
                    "requests": {"cpu": "0.5", "memory": "1e3"},
                },
                "securityContext": {},
            },
            {"name": "b", "image": "b@sha256:" + "a" * 64, "args": [], "resources": {"limits": {}}},
            {"name": "c", "image": "c:1", "command": None},
        ],
        "initContainers": [{"name": "i", "image": "i:latest"}],
        "volumes": [
            {"name": "v0"},
            {"name": "v1", "secret": {"secretName": "s", "items": [{"key": "k", "path": "p"}]}},
            {"name": "v2", "configMap": {"name": "c"}},
            {
                "name": "v3",
                "downwardAPI": {
                    "items": [{"path": "p", "fieldRef": {"fieldPath": "metadata.name"}}]
                },
            },
            {"name": "v4", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
            {"name": "v5", "hostPath": {"path": "/x"}},
            {"name": "v6", "emptyDir": {"sizeLimit": "2048Mi"}},
            {"name": "v7", "persistentVolumeClaim": {"claimName": "c"}},
        ],
    }


def _nothings() -> dict[str, Any]:
    """A Pod's spec with what is written as nothing, and is something else to the server."""
    zeros = dict.fromkeys(
        ("timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"), 0
    )
    headers = [{"name": "a", "value": ""}]
    disk = {"diskName": "a", "diskURI": "https://host/x"}
    target = {"targetPortal": "1.2.3.4", "iqn": "iqn.2001-04.com.example:a.b", "lun": 0}
    io = {"gateway": "a", "system": "b", "secretRef": {"name": "x"}, "volumeName": "v"}
    return {
        "serviceAccountName": "app",
        "serviceAccount": "other",
        "nodeSelector": {"a": None},
        "dnsConfig": {"options": [{"name": "a", "value": ""}]},
        "containers": [
            {
                "name": "a",
                "image": "b:1",
                "livenessProbe": {"httpGet": {"port": 80, "httpHeaders": headers}, **zeros},
            }
        ],
        "volumes": [
            {"name": "a", "azureDisk": disk},
            {"name": "b", "iscsi": target},
            {"name": "c", "rbd": {"monitors": ["a"], "image": "x"}},
            {"name": "d", "scaleIO": io},
            {"name": "e", "csi": {"driver": "x", "readOnly": False, "fsType": ""}},
        ],
    }


def _odds() -> dict[str, Any]:
    """A Pod's spec with what Go writes where nothing is said, and leaves out where it is."""
    image = {"metadata": {"labels": {"a": "b"}}}
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1024Mi"}},
        "dataSource": {"kind": "PersistentVolumeClaim", "name": "x"},
    }
    amounts = ("+1Ei", "5.Ei", "1000E", "1e21", "1e300", "+5Ki", "12345678901234567890.5P")
    images = ("B", "b:", "h/b", "a.b/c:latest", "[::1]:80/b", "b@sha256:" + "a" * 64)
    return {
        "serviceAccountName": "app",
        "containers": [
            *(
                {"name": f"m{n}", "image": "b:1", "resources": {"requests": {"memory": each}}}
                for n, each in enumerate(amounts)
            ),
            *({"name": f"i{n}", "image": each} for n, each in enumerate(images)),
        ],
        "tolerations": [{"key": "", "operator": "Exists"}],
        "affinity": {
            "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}
        },
        "volumes": [
            {"name": "a", "flexVolume": {"driver": "d/x", "options": {}}},
            {"name": "b", "flexVolume": {"driver": "d/x", "options": {"a": ""}}},
            {"name": "c", "gcePersistentDisk": {"pdName": "x", "partition": 0}},
            {"name": "d", "projected": {}},
            {"name": "e", "ephemeral": {"volumeClaimTemplate": {**image, "spec": claim}}},
        ],
    }


def _cron_job(policy: dict[str, Any]) -> dict[str, Any]:
    pod = {"restartPolicy": "Never", "containers": [{"name": "a", "image": "b:1"}]}
    job = {"template": {"spec": pod}, "podFailurePolicy": policy}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": job}},
    }


def _others() -> Iterator[dict[str, Any]]:
    """The same of other kinds; objects without a name."""
    net, rbac = "networking.k8s.io/v1", "rbac.authorization.k8s.io/v1"
    service = {"service": {"name": "s", "port": {"number": 1}}}
    thing = {"resource": {"kind": "X", "name": "y"}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": thing}]
    labels = {"a": "b"}
    pods = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "b"}]}}
    many = {"selector": {"matchLabels": labels}, "template": pods}
    yield _cron_job({})
    conditions = [{"type": "DisruptionTarget"}]
    yield _cron_job({"rules": [{"action": "Ignore", "onPodConditions": conditions}]})
    yield {"apiVersion": net, "kind": "Ingress", "spec": {"defaultBackend": service, "rules": []}}
    yield {"apiVersion": net, "kind": "Ingress", "spec": {"defaultBackend": thing}}
    yield {"apiVersion": net, "kind": "Ingress", "spec": {"rules": [{"http": {"paths": paths}}]}}
    yield {"apiVersion": rbac, "kind": "Role", "rules": []}
    yield {"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {**many, "ordinals": {}}}
    yield {
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "spec": {"template": pods, "selector": {}},
    }


def _objects() -> Iterator[dict[str, Any]]:
    for pod in (_rich(), _nothings(), _odds(), {"containers": [{"name": "a", "image": "b"}]}):
        yield from library.workloads(pod)
    for name in library.NAMES:
        for trial in library.trials(name):
            if not trial.removed and trial.value["kind"] not in ("Pod",):
                yield dict(trial.value)
    head = {"name": "thing", "namespace": "serving"}
    for value in (
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {}},
        {"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "b"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": None, "b": "c"}},
        {"apiVersion": "v1", "kind": "Secret", "data": {"a": None, "b": "e\nA=="}},
        {"apiVersion": "v1", "kind": "ServiceAccount"},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "roleRef": {"kind": "Role", "name": "x", "apiGroup": ""},
            "subjects": [
                {"kind": "User", "name": "x", "apiGroup": ""},
                {"kind": "ServiceAccount", "name": "x", "namespace": "y", "apiGroup": ""},
            ],
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "spec": {"podSelector": {}},
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "spec": {"podSelector": {}, "egress": [{"ports": [{"port": 1}]}]},
        },
    ):
        yield {**value, "metadata": head}
    for value in _others():
        yield {**value, "metadata": head}
    yield {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "other"},
        "spec": {"finalizers": ["a.b/c"]},
    }


@pytest.fixture(scope="module")
def shows(plane: ControlPlane) -> Iterator[None]:
    plane.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", server.CRD)
    for space in library.spaces():
        plane.request("POST", "/api/v1/namespaces", space)
        name = space["metadata"]["name"]
        body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "app"}}
        plane.request("POST", f"/api/v1/namespaces/{name}/serviceaccounts", body)
    assert server.install(plane, POLICY) == {}
    server.install(plane, server.sentinel("defaults"))
    server.ready(plane, "defaults")
    yield
    server.remove(plane, [*POLICY, *server.sentinel("defaults")])


def test_objects_have_the_servers_defaults(
    plane: ControlPlane, shows: None, record_property: Callable[[str, object], None]
) -> None:
    judge = ours.Ours(ours.library(POLICY), library.spaces())
    wrong, count, uncertain = [], 0, 0
    for each in _objects():
        labels = {**each["metadata"].get("labels", {}), "shown": "yes"}
        value = {**each, "metadata": {**each["metadata"], "labels": labels}}
        sent = ours.canonical(value)
        theirs = server.send(plane, _path(sent), sent).message
        mine = judge.message(value)
        count += 1
        if (value["apiVersion"], value["kind"]) in defaults.GENERATED:
            uncertain += 1
        elif not theirs.endswith(mine) or not mine:
            wrong.append(f"{value['kind']}\n  ours   {mine}\n  theirs {theirs}")
    record_property(
        "told",
        f"{count} objects, {uncertain} of uncertain kinds: {len(wrong)} of the others differ",
    )
    assert not wrong, "\n".join(wrong[:5])


def _path(value: dict[str, Any]) -> str:
    version, space = value["apiVersion"], value["metadata"].get("namespace")
    root = "/api/v1" if version == "v1" else f"/apis/{version}"
    within = f"/namespaces/{space}" if space else ""
    return f"{root}{within}/{resources.plural(value['kind'])}"
