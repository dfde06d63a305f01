"""Objects of many kinds for the contract suite, small but whole."""

from __future__ import annotations

from typing import Any

LABEL = "fleet-reconciler.dev/site"
LABELS = {LABEL: "north.one"}

GROUP = "contract.example"


def obj(
    api_version: str, kind: str, name: str, namespace: str = "", **fields: Any
) -> dict[str, Any]:
    """An object with our label."""
    metadata: dict[str, Any] = {"name": name, "labels": dict(LABELS)}
    if namespace:
        metadata["namespace"] = namespace
    metadata |= fields.pop("metadata", {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def namespace(name: str) -> dict[str, Any]:
    return obj("v1", "Namespace", name)


def config_map(home: str, name: str = "cm", **data: str) -> dict[str, Any]:
    return obj("v1", "ConfigMap", name, home, data=data or {"key": "value"})


def secret(home: str, name: str = "secret") -> dict[str, Any]:
    return obj("v1", "Secret", name, home, data={"token": "YQ=="})


def service(home: str, name: str = "web") -> dict[str, Any]:
    ports = [{"port": 80, "name": "http"}, {"port": 53, "protocol": "UDP", "name": "dns"}]
    return obj("v1", "Service", name, home, spec={"selector": {"app": "web"}, "ports": ports})


def pod_spec() -> dict[str, Any]:
    main = {
        "name": "main",
        "image": "app:1",
        "args": ["--one", "--two"],
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "ports": [{"containerPort": 8080}, {"containerPort": 53, "protocol": "UDP"}],
    }
    return {"containers": [main, {"name": "side", "image": "side:1"}]}


def template(name: str) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": name}}, "spec": pod_spec()}


def deployment(home: str, name: str = "web") -> dict[str, Any]:
    spec = {
        "replicas": 2,
        "selector": {"matchLabels": {"app": name}},
        "template": template(name),
    }
    return obj("apps/v1", "Deployment", name, home, spec=spec)


def stateful_set(home: str, name: str = "db") -> dict[str, Any]:
    spec = {
        "serviceName": name,
        "replicas": 1,
        "selector": {"matchLabels": {"app": name}},
        "template": template(name),
    }
    return obj("apps/v1", "StatefulSet", name, home, spec=spec)


def daemon_set(home: str, name: str = "node") -> dict[str, Any]:
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template(name)}
    return obj("apps/v1", "DaemonSet", name, home, spec=spec)


def cron_job(home: str, name: str = "nightly") -> dict[str, Any]:
    pod = {"containers": [{"name": "main", "image": "app:1"}], "restartPolicy": "Never"}
    spec = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}}
    return obj("batch/v1", "CronJob", name, home, spec=spec)


def ingress(home: str, name: str = "front") -> dict[str, Any]:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return obj(
        "networking.k8s.io/v1",
        "Ingress",
        name,
        home,
        spec={"rules": [{"host": "a.example", "http": {"paths": [path]}}]},
    )


def network_policy(home: str, name: str = "closed") -> dict[str, Any]:
    spec = {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"]}
    return obj("networking.k8s.io/v1", "NetworkPolicy", name, home, spec=spec)


def budget(home: str, name: str = "budget") -> dict[str, Any]:
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    return obj("policy/v1", "PodDisruptionBudget", name, home, spec=spec)


def autoscaler(home: str, name: str = "scaler") -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"minReplicas": 1, "maxReplicas": 3, "scaleTargetRef": target}
    return obj("autoscaling/v2", "HorizontalPodAutoscaler", name, home, spec=spec)


def account(home: str, name: str = "robot") -> dict[str, Any]:
    return obj("v1", "ServiceAccount", name, home, automountServiceAccountToken=False)


def role(home: str, name: str = "reader") -> dict[str, Any]:
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
    return obj("rbac.authorization.k8s.io/v1", "Role", name, home, rules=[rule])


def role_binding(home: str, name: str = "reader") -> dict[str, Any]:
    return obj(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        name,
        home,
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        subjects=[{"kind": "ServiceAccount", "name": "robot", "namespace": home}],
    )


def model(home: str, name: str = "llama", **spec: Any) -> dict[str, Any]:
    """A custom resource of the kind that ``definition`` defines."""
    return obj(f"{GROUP}/v1", "Model", name, home, spec=spec or {"size": 7})


def definition(kind: str = "Model", *, scope: str = "Namespaced") -> dict[str, Any]:
    text = {"type": "string"}
    spec = {
        "type": "object",
        "properties": {
            "size": {"type": "integer"},
            "url": text,
            "cameras": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": text, "rate": {"type": "integer"}},
                },
            },
            "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": text},
            "steps": {"type": "array", "items": text},
            "extra": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
    status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": spec, "status": status}}
    plural = f"{kind.lower()}s"
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    return obj(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        f"{plural}.{GROUP}",
        spec={
            "group": GROUP,
            "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [version],
        },
    )
