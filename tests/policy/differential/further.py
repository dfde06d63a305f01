"""More rows for ``test_matching``: what objects become in the API server, kind by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.policy.differential.matching import (
    DEPLOYMENTS,
    GROUP,
    WORDS,
    Row,
    Value,
    check,
    config,
    custom,
    deployment,
    match,
    rule,
    says,
    to,
)

_WRITTEN = (
    "5 +5 5. 05 005 5.0 5.00 +5.0 .5 0.5 +.5 1e0 1E0 1e1 1e2 1e3 1E3 1e4 1e5 1e6 12e6 "
    "12E6 1200e3 1.2e6 1.2e1 0.1e1 1e+3 1e-3 1E-3 1000m 1m 500m 1500m 10000m 1000u "
    "1000000u 500u 1n 1k 1000k 1500k 1.5k 0.5k 1M 1000M 1Ki 1024Ki 1536Ki 1.5Ki 0.5Ki "
    "1.5Gi 1024Mi 1000Mi 1024 1048576 1000 1000000 123456789 +1Ki 1.Ki 01Ki 1.0Ki +1k 01k "
    "1.k 0 0.0 00 +0 0m 0Ki 0e3 0k .0 0. 1e18 9223372036854775807 9223372036854775808 1E "
    "10E 1Ei 8Ei 16Ei 0.1Ki 0.0001Ki 1e-4 1.2345 1234.5678 100e-2 1000e-3 10e-1 1000e3 "
    "1e-0 1e00 1e03"
)
_AMOUNTS = _WRITTEN.split()
_POD: Value = {"containers": [{"name": "a", "image": "b"}]}
_SELECTOR = {"matchLabels": {"a": "b"}}
_LABELLED = {"labels": {"a": "b"}}


def _limited(kind: str) -> Value:
    """A container for each amount."""
    containers = [
        {"name": f"c{number}", "image": "b:1", "resources": {"limits": {kind: amount}}}
        for number, amount in enumerate(_AMOUNTS)
    ]
    return deployment(template={"metadata": _LABELLED, "spec": {"containers": containers}})


def _sized() -> Value:
    """A volume for each amount."""
    volumes = [
        {"name": f"v{number}", "emptyDir": {"sizeLimit": amount}}
        for number, amount in enumerate(_AMOUNTS)
    ]
    return deployment(template={"metadata": _LABELLED, "spec": {**_POD, "volumes": volumes}})


_OF_ALL = "object.spec.template.spec.containers.map(c, c.resources.limits.%s)"
_OF_VOLUMES = "object.spec.template.spec.volumes.map(v, v.emptyDir.sizeLimit)"
AMOUNTS = (
    Row(
        spec=to(DEPLOYMENTS) | says(f"'%s'.format([{_OF_ALL % 'cpu'}])"),
        objects=(_limited("cpu"),),
    ),
    Row(
        spec=to(DEPLOYMENTS) | says(f"'%s'.format([{_OF_ALL % 'memory'}])"),
        objects=(_limited("memory"),),
    ),
    Row(spec=to(DEPLOYMENTS) | says(f"'%s'.format([{_OF_VOLUMES}])"), objects=(_sized(),)),
    Row(
        spec=to(DEPLOYMENTS) | check(f"{_OF_ALL % 'memory'}.exists(m, m == '12e6') && false"),
        objects=(_limited("memory"),),
    ),
    Row(
        spec=to(DEPLOYMENTS) | check(f"{_OF_ALL % 'memory'}.exists(m, m == '12E6' || m == '+5')"),
        objects=(_limited("memory"),),
    ),
)


def thing(api: str, kind: str, name: str = "one", space: str = "match-prod", **more: Any) -> Value:
    metadata: Value = {"name": name} | ({"namespace": space} if space else {})
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **more}


def _app(kind: str, **spec: Any) -> Value:
    template = {"metadata": _LABELLED, "spec": _POD}
    return thing("apps/v1", kind, spec={"selector": _SELECTOR, "template": template, **spec})


def _cron(template: Value, **spec: Any) -> Value:
    return thing(
        "batch/v1", "CronJob", spec={"schedule": "@daily", "jobTemplate": template, **spec}
    )


def _rbac(kind: str, name: str = "one", space: str = "", **more: Any) -> Value:
    return thing("rbac.authorization.k8s.io/v1", kind, name, space, **more)


_NEVER = {"template": {"spec": {**_POD, "restartPolicy": "Never"}}}
_NETS = "networking.k8s.io/v1"
_CLAIM = {
    "metadata": {"name": "x"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}},
}
_BARE = {
    **_POD,
    "nodeSelector": {},
    "tolerations": [{"operator": "Exists", "value": ""}],
    "affinity": {},
    "hostAliases": [],
    "dnsConfig": {},
    "securityContext": {"runAsNonRoot": False, "runAsUser": 0},
    "shareProcessNamespace": False,
    "automountServiceAccountToken": False,
    "hostNetwork": True,
    "overhead": {},
    "volumes": [
        {"name": "v", "emptyDir": {"sizeLimit": "1000M", "medium": ""}},
        {"name": "w", "configMap": {"name": "x", "optional": False}},
        {"name": "h", "hostPath": {"path": "/x"}},
    ],
}
_RICH = {
    "restartPolicy": "",
    "containers": [
        {
            "name": "a",
            "image": "r:5000/b:latest",
            "command": [],
            "livenessProbe": {"exec": {"command": ["x"]}, "initialDelaySeconds": 0},
            "startupProbe": {"tcpSocket": {"port": "x"}},
            "lifecycle": {
                "postStart": {"httpGet": {"port": 1, "host": ""}},
                "preStop": {"sleep": {"seconds": 0}},
            },
            "securityContext": {
                "capabilities": {"add": [], "drop": ["ALL"]},
                "privileged": False,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "env": [
                {"name": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {
                    "name": "y",
                    "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": False}},
                },
            ],
            "envFrom": [{"configMapRef": {"name": "x"}, "prefix": ""}],
            "resources": {"claims": [], "limits": {}},
        }
    ],
}
_PEERS = [
    {"podSelector": {}},
    {"ipBlock": {"cidr": "10.0.0.0/8", "except": []}},
    {"namespaceSelector": {"matchLabels": {}}},
]
_OBJECTS = (
    _app("Deployment"),
    _app("Deployment", strategy={"rollingUpdate": {"maxSurge": 1}}),
    _app("Deployment", strategy={"type": "Recreate"}, paused=False, minReadySeconds=0),
    _app("Deployment", template={"metadata": {**_LABELLED, "annotations": {}}, "spec": _BARE}),
    _app("Deployment", template={"metadata": _LABELLED, "spec": _RICH}),
    _app("StatefulSet"),
    _app(
        "StatefulSet",
        updateStrategy={"type": "OnDelete"},
        ordinals={"start": 0},
        volumeClaimTemplates=[_CLAIM],
    ),
    _app(
        "StatefulSet",
        updateStrategy={"rollingUpdate": {"maxUnavailable": "10%"}},
        persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"},
        ordinals={"start": 2},
    ),
    _app("DaemonSet"),
    _app("DaemonSet", updateStrategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}),
    _app("DaemonSet", updateStrategy={"type": "OnDelete"}),
    _app("ReplicaSet", replicas=0, minReadySeconds=0),
    _cron({"spec": _NEVER}),
    _cron(
        {"metadata": _LABELLED, "spec": {**_NEVER, "completions": 2, "backoffLimit": 0}},
        timeZone="Etc/UTC",
        startingDeadlineSeconds=0,
        suspend=True,
        successfulJobsHistoryLimit=0,
    ),
    thing("policy/v1", "PodDisruptionBudget", spec={"minAvailable": 1, "selector": _SELECTOR}),
    thing(
        _NETS, "Ingress", spec={"defaultBackend": {"service": {"name": "x", "port": {"number": 1}}}}
    ),
    thing(_NETS, "NetworkPolicy", spec={"podSelector": {}, "policyTypes": ["Egress"]}),
    thing(
        _NETS,
        "NetworkPolicy",
        spec={
            "podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": []}]},
            "ingress": [{"from": _PEERS, "ports": [{"port": "x", "protocol": "UDP"}]}],
        },
    ),
    _rbac(
        "Role",
        space="match-prod",
        rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "resourceNames": []}],
    ),
    _rbac("ClusterRole", "match-a", rules=[{"nonResourceURLs": ["/x"], "verbs": ["get"]}]),
    _rbac(
        "ClusterRoleBinding",
        "match-b",
        roleRef={"kind": "ClusterRole", "name": "x"},
        subjects=[
            {"kind": "ServiceAccount", "name": "x", "namespace": "y"},
            {"kind": "Group", "name": "g"},
        ],
    ),
    thing(
        "storage.k8s.io/v1",
        "StorageClass",
        "match-s",
        "",
        provisioner="x/y",
        allowVolumeExpansion=False,
        mountOptions=[],
        parameters={"a": ""},
    ),
    thing("scheduling.k8s.io/v1", "PriorityClass", "match-p", "", value=0, globalDefault=False),
    thing("v1", "ServiceAccount", secrets=[], automountServiceAccountToken=False),
    thing("v1", "Secret", type="", data={"a": ""}, immutable=False),
    thing("v1", "ConfigMap", immutable=False, data={"a": ""}, binaryData={}),
    thing("v1", "PodTemplate", template={"metadata": _LABELLED, "spec": _POD}),
    thing("v1", "ReplicationController", spec={"template": {"metadata": _LABELLED, "spec": _POD}}),
    custom("Widget", spec={"a": None, "b": [], "c": {}, "d": "", "e": 0, "f": False, "g": 1.5}),
    custom("Limit", spec={"max": None}),
)
_PARTS = "['spec', 'data', 'rules', 'subjects', 'roleRef', 'type', 'parameters', 'value', 'status']"
_NOTED = "['annotations', 'finalizers', 'name', 'ownerReferences']"
MADE = tuple(
    Row(
        spec=to(rule("*", "*"))
        | says(f"'%s'.format([{keys}.map(k, k in {of} ? [dyn(k), dyn({of}[k])] : [])])"),
        objects=_OBJECTS,
    )
    for of, keys in (("object", _PARTS), ("object.metadata", _NOTED))
)

_SERVED: tuple[tuple[Value, tuple[Value, ...], str], ...] = (
    ({"apiVersion": "apps/v1beta1", "kind": "Deployment"}, (), WORDS),  # it names no binding
    ({"apiVersion": "v2", "kind": "ConfigMap"}, (), WORDS),
    ({"apiVersion": "apps/v1", "kind": "ConfigMap"}, (), WORDS),
    ({"apiVersion": f"{GROUP}/v3", "kind": "Widget"}, (), WORDS),
    ({"apiVersion": f"{GROUP}/v2", "kind": "Widget"}, (custom("Widget", "served"),), ""),
    ({"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler"}, (), ""),
)
SERVED = tuple(
    Row(
        spec={"paramKind": kind, **to(DEPLOYMENTS), **says("string(params.apiVersion)")},
        bindings=({"paramRef": {"name": "served", "parameterNotFoundAction": "Allow"}},),
        params=params,
        objects=(deployment(),),
        differs=(differs,),
    )
    for kind, params, differs in _SERVED
)

_BOTH = to(rule(on=("*",)), rule("apps", "deployments", on=("*",)))
_PROD = {"namespaceSelector": {"matchLabels": {"env": "prod"}}}


def _key(key: str, operator: str, *values: str) -> Value:
    words = {"key": key, "operator": operator}
    return {"matchExpressions": [{**words, "values": list(values)} if values else words]}


def _bound(*matches: Value) -> Row:
    return Row(
        spec=_BOTH,
        bindings=tuple({"matchResources": each} for each in matches),
        objects=(
            config(),
            config("two"),
            config(space="match-dev"),
            config(space="match-none"),
            config(labels={"q": "w"}),
            deployment(),
        ),
    )


BOUND = (
    _bound(_PROD),
    _bound({"namespaceSelector": _key("env", "NotIn", "prod")}),
    _bound({"namespaceSelector": _key("env", "DoesNotExist")}),
    _bound({"namespaceSelector": _key("env", "In", "dev", "x")}),
    _bound({**match(), **_PROD}),
    _bound(match(rule(resourceNames=["two"]))),
    _bound(match(rule(on=("UPDATE",)))),
    _bound(match(rule("*", "*", scope="Cluster"))),
    _bound({"excludeResourceRules": [rule(resourceNames=["one"])]}),
    _bound({"excludeResourceRules": [rule("*", "*", scope="Namespaced")]}),
    _bound(match(rule("", "configmaps", "v2"))),
    _bound(match(rule("apps", "*"), objectSelector={"matchLabels": {"q": "w"}})),
    _bound({"objectSelector": _key("q", "NotIn", "w")}),
    _bound({"objectSelector": _key("q", "Exists")}),
    _bound({}),
    _bound(_PROD, {"namespaceSelector": {"matchLabels": {"env": "dev"}}}),
    _bound({"namespaceSelector": {"matchLabels": {"env": "prod"}, **_key("tier", "Exists")}}),
    _bound(match(rule("apps", "deployments/*"), rule("", "pods"))),
    _bound(match(rule("", "*"), excludeResourceRules=[rule(on=("CREATE",))])),
)

PARTS: Mapping[str, tuple[Row, ...]] = {
    "kept": (*AMOUNTS, *MADE),
    "served": (*SERVED, *BOUND),
}
