"""The objects of a base, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from tests.render.overlays.text import Raw, Value

NAMES = ("web", "db", "cache", "web-api")
SPACES = ("", "", "", "shop", "default")
IMAGES = ("nginx", "nginx:1.7", "reg.io:5000/a/b:2", "busybox@sha256:abc", "docker.io/nginx:1")
# As people write them without quotes; JSON has no such numbers, or others.
SPELLED = ("1.10", "1.0", "True", "0x1F", "1e3", "010", "2001-01-01", "~", "", "8080", "yes")
# Data of a ConfigMap into which replacements lead; all of a key's hold the same fields.
TEXTS: Mapping[str, tuple[str, ...]] = {
    "app.json": (
        '{"host": "h-1", "port": 80, "list": [{"name": "p", "v": "x"}, {"name": "q", "v": "y"}]}',
        '{\n  "port": 80,\n  "list": [{"name": "p", "v": "a&b"}],\n  "host": "<h>"\n}\n',
        '{"list":[{"v":"x","name":"p"}],"host":"h","port":8080}',
    ),
    "app.yaml": (
        "host: h-1\nport: 80\nlist:\n- name: p\n  v: x\n- name: q\n  v: y\n",
        "list:\n  - name: p\n    v: 'x'\nport: 80\nhost: \"h\"",
        "# all of it\nhost: h # where\nport: 80\nlist: [{name: p, v: x}]\n",
        "---\nport: 8080\nhost: a b c\nlist:\n- {name: p, v: 1}\n",
    ),
    "plain": ("host-1.example.com", "two\nlines\n"),
}


def thing(dice: Random, api_version: str, kind: str, name: str, **fields: Any) -> Value:
    metadata: Value = {"name": name}
    space = dice.choice(SPACES)
    if space and kind not in ("Namespace", "ClusterRole", "ClusterRoleBinding"):
        metadata["namespace"] = space
    if dice.random() < 0.5:
        keys = dice.sample(["app", "tier", "x/y"], 2)
        metadata["labels"] = {key: dice.choice(["a", "1", "true"]) for key in keys}
    if dice.random() < 0.3:
        metadata["annotations"] = {"note": dice.choice(["v", "1", "", "two\nlines", "x" * 90])}
        if dice.random() < 0.3:
            metadata["annotations"]["odd"] = Raw(dice.choice(SPELLED))
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def container(dice: Random, name: str) -> Value:
    made: Value = {"name": name, "image": dice.choice(IMAGES)}
    if dice.random() < 0.6:
        made["env"] = [
            {"name": key, "value": dice.choice(["1", "yes", "0x1"])}
            for key in dice.sample("ABC", dice.randint(1, 3))
        ]
        made["args"] = ["--of", dice.choice(["$(V1)", "x-$(V2)", "$$(V1)"])]
    if dice.random() < 0.5:
        kind = dice.choice(["configMapKeyRef", "secretKeyRef"])
        reference = {kind: {"name": dice.choice(["settings", "keys", "cm"]), "key": "k"}}
        made.setdefault("env", []).append({"name": "REF", "valueFrom": reference})
    if dice.random() < 0.5:
        made["ports"] = [
            {"containerPort": port, **dice.choice([{}, {"protocol": "TCP"}, {"protocol": "UDP"}])}
            for port in dice.sample([80, 443, 53], dice.randint(1, 3))
        ]
    if dice.random() < 0.3:
        made["resources"] = {"limits": {"cpu": dice.choice([1, "100m", 0.5])}}
    return made


def pod(dice: Random) -> Value:
    names = dice.sample(["main", "side", "log"], dice.randint(1, 3))
    spec: Value = {"containers": [container(dice, name) for name in names]}
    if dice.random() < 0.5:
        spec["volumes"] = [
            {"name": "v", "configMap": {"name": dice.choice(["settings", "cm"])}},
            {"name": "w", "emptyDir": {}},
            {"name": "s", "secret": {"secretName": "keys"}},
        ][: dice.randint(1, 3)]
    if dice.random() < 0.4:
        spec["serviceAccountName"] = dice.choice(["default", "worker"])
    return spec


def objects(dice: Random) -> list[Value]:
    made: list[Value] = []
    for name in dice.sample(NAMES, dice.randint(1, 3)):
        kind = dice.choice(["Deployment", "Deployment", "StatefulSet", "DaemonSet", "Job"])
        template: Value = {"metadata": {"labels": {"app": name}}, "spec": pod(dice)}
        spec: Value = {"template": template}
        if kind != "Job":
            spec["selector"] = {"matchLabels": {"app": name}}
        if dice.random() < 0.5:
            spec["replicas"] = dice.randint(0, 3)
        version = "batch/v1" if kind == "Job" else "apps/v1"
        made.append(thing(dice, version, kind, name, spec=spec))
        ports = [{"port": 80, "targetPort": dice.choice(["http", 8080])}]
        made.append(
            thing(dice, "v1", "Service", name, spec={"selector": {"app": name}, "ports": ports})
        )
    made += _settings(dice) + _rights(dice)
    dice.shuffle(made)
    return made[: dice.randint(3, len(made))]


def _rights(dice: Random) -> list[Value]:
    account = {
        "kind": "ServiceAccount",
        "name": "worker",
        "namespace": dice.choice(["shop", "default"]),
    }
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "role"}
    rbac = "rbac.authorization.k8s.io/v1"
    return [
        thing(dice, "v1", "ServiceAccount", "worker"),
        thing(dice, rbac, "ClusterRole", "role", rules=[]),
        thing(dice, rbac, "ClusterRoleBinding", "bind", roleRef=role, subjects=[account]),
        thing(dice, "v1", "Namespace", "shop"),
    ]


def _settings(dice: Random) -> list[Value]:
    spec = {
        "containers": [container(dice, "x")],
        "list": [{"name": "a"}],
        "n": None,
        "settings": {"name": "cm"},
        "tags": {"a": "b"},
        "picture": "nginx:1",
        "text": "$(V1)/$(V2) $$(V1)",
        "version": Raw(dice.choice(SPELLED)),
    }
    return [
        thing(dice, "v1", "ConfigMap", "cm", data={"a": "1", "b": dice.choice(["x", "l\nm\n"])}),
        thing(
            dice, "v1", "ConfigMap", "texts", data={key: dice.choice(TEXTS[key]) for key in TEXTS}
        ),
        thing(dice, "example.com/v1", "Thing", "thing", spec=spec),
    ]
