"""A made-up fleet to time renderers with: 3 bases, 20 regions, any number of sites.

A site is 43 objects: what the bases hold, patched by its region and by itself, with labels,
images, replicas and two ConfigMaps of its own. Written by ``write``; ``objects`` writes a single
site of many objects over one base.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Object = dict[str, Any]

REGIONS = 20
SHARED = ("cart", "catalog", "edge", "ledger", "search")  # of these the first two scale
_RBAC = "rbac.authorization.k8s.io/v1"
_HOST = "images.example.org/store"
_OWN = "apiVersion: fleet-reconciler.dev/v1alpha1\nkind: "


def write(root: Path, sites: int) -> list[str]:
    """Write the fleet below ``root``; the sites as REGION/SITE. A site never depends on others."""
    _save(root / "fleet.yaml", _OWN + "Fleet\nname: bench\n")
    for name, base in (("core", _core()), ("apps", _apps()), ("watch", _watch())):
        _base(root / "bases" / name, *base)
    for number in range(REGIONS):
        _region(root / "bases" / f"region-{number:02}", f"region-{number:02}")
    names = []
    for number in range(sites):
        region, site = f"region-{number % REGIONS:02}", f"site-{number:05}"
        _site(root / "sites" / region / site, region, site, random.Random(number))
        names.append(f"{region}/{site}")
    return names


def objects(root: Path, count: int) -> Path:
    """Write one site of that many objects over one base; its folder."""
    things: list[Object] = []
    for number in range(count // 4):
        name = f"part-{number}"
        things += [_workload("Deployment", name), _service(name)]
        things += [
            _object("v1", "ConfigMap", name, data={"level": "info", "part": str(number)}),
            _object("v1", "ServiceAccount", name),
        ]
    _base(root / "base", {"all": things}, {})
    _kustomization(
        root / "site",
        resources=["../base"],
        namespace="big",
        namePrefix="big-",
        labels=[{"pairs": {"size": str(count)}, "includeSelectors": False}],
        commonAnnotations={"example.org/owner": "bench"},
        images=[{"name": f"{_HOST}/part-1", "newTag": "2.0.0"}],
        replicas=[{"name": "part-2", "count": 3}],
        patches=[
            {
                "patch": json.dumps(_limits("Deployment", "part-3", "512Mi")),
            },
            {
                "patch": json.dumps([{"op": "add", "path": "/spec/paused", "value": False}]),
                "target": {"kind": "Deployment", "name": "part-[0-9]*1"},
            },
        ],
    )
    return root / "site"


def change(root: Path, site: str) -> None:
    """Another number in one site's file."""
    path = root / "sites" / site / "site.env"
    path.write_text(path.read_text() + "CHANGED=1\n")


# -- objects -----------------------------------------------------------------------


def _object(api_version: str, kind: str, name: str, **fields: Any) -> Object:
    labels, namespace = fields.pop("labels", None), fields.pop("namespace", None)
    metadata: Object = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = labels
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def _pod(name: str, account: str = "runner") -> Object:
    settings = {"configMapKeyRef": {"name": "common", "key": "MODE"}}
    password = {"secretKeyRef": {"name": "passwords", "key": "door"}}
    return {
        "serviceAccountName": account,
        "initContainers": [
            {"name": "ready", "image": f"{_HOST}/ready:0.4.1", "args": ["--until", "common"]}
        ],
        "containers": [
            {
                "name": name,
                "image": f"{_HOST}/{name}:1.0.0",
                "env": [
                    {"name": "SELF", "value": name},
                    {"name": "MODE", "valueFrom": settings},
                    {"name": "DOOR", "valueFrom": password},
                ],
                "envFrom": [{"configMapRef": {"name": "common"}}],
                "ports": [
                    {"name": "web", "containerPort": 8000},
                    {"name": "stats", "containerPort": 9100},
                ],
                "readinessProbe": {"httpGet": {"path": "/-/ready", "port": "web"}},
                "resources": {
                    "limits": {"memory": "192Mi"},
                    "requests": {"cpu": "50m", "memory": "96Mi"},
                },
                "volumeMounts": [{"name": "common", "mountPath": "/etc/common"}],
            }
        ],
        "volumes": [
            {"name": "common", "configMap": {"name": "common"}},
            {"name": "scratch", "emptyDir": {}},
        ],
    }


def _workload(kind: str, name: str, **spec: Any) -> Object:
    return _object(
        "apps/v1",
        kind,
        name,
        labels={"app": name, "layer": "store"},
        spec={
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": _pod(name)},
            **spec,
        },
    )


def _service(name: str, **spec: Any) -> Object:
    ports = [{"name": "web", "port": 80, "targetPort": "web"}, {"name": "stats", "port": 9100}]
    fields = {"selector": {"app": name}, "ports": ports, **spec}
    return _object("v1", "Service", name, labels={"app": name}, spec=fields)


def _account(name: str) -> Object:
    return _object("v1", "ServiceAccount", name, namespace="store")


def _grant(prefix: str, role: str, account: str, *resources: str) -> list[Object]:
    rule = {"apiGroups": [""], "resources": list(resources), "verbs": ["get", "list", "watch"]}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": f"{prefix}Role", "name": role}
    subject = {"kind": "ServiceAccount", "name": account, "namespace": "store"}
    return [
        _object(_RBAC, f"{prefix}Role", role, rules=[rule]),
        _object(_RBAC, f"{prefix}RoleBinding", role, roleRef=reference, subjects=[subject]),
    ]


Files = dict[str, list[Object]]


def _core() -> tuple[Files, Object]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "tills", "singular": "till", "kind": "Till"}
    definition = {"group": "store.example.org", "scope": "Namespaced", "names": names}
    net = "networking.k8s.io/v1"
    inside = {"from": [{"podSelector": {"matchLabels": {"layer": "store"}}}]}
    limit = {"type": "Container", "default": {"cpu": "500m"}}
    return {
        "space": [_object("v1", "Namespace", "store")],
        "accounts": [_account("runner"), _account("copier")],
        "rights": [
            *_grant("", "runner", "runner", "configmaps", "secrets"),
            *_grant("Cluster", "copier", "copier", "nodes"),
        ],
        "limits": [
            _object("v1", "ResourceQuota", "store", spec={"hard": {"pods": "80"}}),
            _object("v1", "LimitRange", "store", spec={"limits": [limit]}),
        ],
        "network": [
            _object(
                net, "NetworkPolicy", "none", spec={"podSelector": {}, "policyTypes": ["Ingress"]}
            ),
            _object(net, "NetworkPolicy", "store", spec={"podSelector": {}, "ingress": [inside]}),
        ],
        "till": [
            _object(
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                "tills.store.example.org",
                spec={**definition, "versions": [version]},
            ),
            _object("store.example.org/v1", "Till", "till", spec={"drawers": 2, "coin": "EUR"}),
        ],
    }, {}


def _apps() -> tuple[Files, Object]:
    files: Files = {name: [_workload("Deployment", name, replicas=1), _service(name)]
                    for name in SHARED}  # fmt: skip
    load = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 75}}
    for name in SHARED[:2]:
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        files[name] += [
            _object(
                "autoscaling/v2",
                "HorizontalPodAutoscaler",
                name,
                spec={
                    "scaleTargetRef": target,
                    "minReplicas": 1,
                    "maxReplicas": 3,
                    "metrics": [{"type": "Resource", "resource": load}],
                },
            ),
            _object(
                "policy/v1",
                "PodDisruptionBudget",
                name,
                spec={"maxUnavailable": 1, "selector": {"matchLabels": {"app": name}}},
            ),
        ]
    disk = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}
    files["rows"] = [
        _workload(
            "StatefulSet",
            "rows",
            serviceName="rows",
            replicas=1,
            volumeClaimTemplates=[{"metadata": {"name": "disk"}, "spec": disk}],
        ),
        _service("rows", clusterIP="None"),
    ]
    night = {"template": {"spec": {**_pod("sweep", "copier"), "restartPolicy": "Never"}}}
    files["sweep"] = [
        _object(
            "batch/v1",
            "CronJob",
            "sweep",
            spec={"schedule": "40 2 * * *", "jobTemplate": {"spec": night}},
        )
    ]
    backend = {"service": {"name": "edge", "port": {"name": "web"}}}
    route = {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}
    files["entry"] = [
        _object(
            "networking.k8s.io/v1",
            "Ingress",
            "edge",
            spec={"rules": [{"host": "store.example.org", "http": route}]},
        )
    ]
    return files, {
        "configMapGenerator": [
            {"name": "common", "literals": ["MODE=quiet", "COIN=EUR"], "files": ["switches.txt"]}
        ],
        "secretGenerator": [{"name": "passwords", "literals": ["door=open-sesame"]}],
    }


def _watch() -> tuple[Files, Object]:
    monitoring = "monitoring.coreos.com/v1"
    alert = {"alert": "Dark", "expr": 'up{layer="store"} == 0', "for": "5m"}
    return {
        "probe": [
            _account("probe"),
            *_grant("Cluster", "probe", "probe", "nodes", "pods"),
            _workload("DaemonSet", "probe"),
        ],
        "funnel": [_workload("Deployment", "funnel", replicas=1), _service("funnel")],
        "monitors": [
            *(
                _object(
                    monitoring,
                    "ServiceMonitor",
                    name,
                    spec={
                        "selector": {"matchLabels": {"app": name}},
                        "endpoints": [{"port": "stats", "interval": "20s"}],
                    },
                )
                for name in SHARED[:2]
            ),
            _object(
                monitoring,
                "PrometheusRule",
                "store",
                spec={"groups": [{"name": "store", "rules": [alert]}]},
            ),
        ],
    }, {"labels": [{"pairs": {"app.kubernetes.io/part-of": "watch"}}]}


# -- overlays ------------------------------------------------------------------------


def _base(folder: Path, files: Files, more: Object) -> None:
    for name, things in files.items():
        _save(folder / f"{name}.yaml", "---\n".join(map(_yaml, things)))
    _save(folder / "switches.txt", "basket=on\nclub=off\noffline.hours=4\n")
    names = [f"{name}.yaml" for name in files]
    _kustomization(folder, namespace="store", resources=names, **more)


def _region(folder: Path, name: str) -> None:
    env = {"name": "probe", "env": [{"name": "REGION", "value": name}]}
    spec = {"template": {"spec": {"containers": [env]}}}
    patch = _object("apps/v1", "DaemonSet", "probe", spec=spec)
    _save(folder / "probe.yaml", _yaml(patch))
    _kustomization(
        folder,
        resources=[f"../{base}" for base in ("core", "apps", "watch")],
        labels=[{"pairs": {"example.org/region": name}, "includeTemplates": True}],
        commonAnnotations={"example.org/team": f"team-{name}"},
        configMapGenerator=[
            {"name": "common", "behavior": "merge", "literals": [f"REGION={name}"]}
        ],
        patches=[{"path": "probe.yaml"}],
    )


def _site(folder: Path, region: str, site: str, dice: random.Random) -> None:
    tag = f"1.{dice.randrange(8)}.{dice.randrange(16)}"
    host = f"{site}.store.example.org"
    _save(folder / "site.yaml", _OWN + "SiteSettings\n")
    _save(folder / "edge.yaml", _yaml(_limits("Deployment", "edge", f"{dice.choice((2, 3))}00Mi")))
    operations: list[Object] = [
        {"op": "replace", "path": "/spec/rules/0/host", "value": host},
        {"op": "add", "path": "/spec/tls", "value": [{"hosts": [host], "secretName": "tls"}]},
    ]
    _save(folder / "entry.yaml", "".join(f"- {json.dumps(step)}\n" for step in operations))
    _save(folder / "site.env", f"SITE={site}\nTILLS={dice.randrange(1, 30)}\n")
    place = {"op": "add", "path": "/spec/template/spec/nodeSelector",
             "value": {"example.org/site": site}}  # fmt: skip
    _kustomization(
        folder,
        resources=[f"../../../bases/{region}"],
        namespace=site,
        labels=[{"pairs": {"example.org/site": site}, "includeSelectors": False}],
        images=[
            {"name": f"{_HOST}/edge", "newTag": tag},
            {"name": f"{_HOST}/cart", "newName": f"near.example.org/{region}/cart", "newTag": tag},
            {"name": f"{_HOST}/rows", "newTag": "16.9"},
        ],
        replicas=[
            {"name": "edge", "count": dice.randrange(1, 4)},
            {"name": "cart", "count": dice.randrange(1, 4)},
        ],
        configMapGenerator=[
            {
                "name": "common",
                "behavior": "merge",
                "literals": [f"MODE={dice.choice(('quiet', 'loud'))}"],
            },
            {"name": "site", "envs": ["site.env"]},
        ],
        patches=[
            {"path": "edge.yaml"},
            {"path": "entry.yaml", "target": {"kind": "Ingress", "name": "edge"}},
            {
                "patch": f"- {json.dumps(place)}\n",
                "target": {"kind": "Deployment|StatefulSet", "labelSelector": "layer=store"},
            },
        ],
    )


def _limits(kind: str, name: str, memory: str) -> Object:
    resources = {"limits": {"memory": memory}, "requests": {"memory": None}}
    spec = {"template": {"spec": {"containers": [{"name": name, "resources": resources}]}}}
    return _object("apps/v1", kind, name, spec=spec)


# -- files -------------------------------------------------------------------------


def _kustomization(folder: Path, **fields: Any) -> None:
    head = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    _save(folder / "kustomization.yaml", _yaml(head | fields))


def _yaml(value: Mapping[str, Any]) -> str:
    """In block style, as people write it."""
    import yaml

    return yaml.safe_dump(value, sort_keys=False)


def _save(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
