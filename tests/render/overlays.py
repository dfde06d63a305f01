"""Random trees of a base and overlays, in which features meet as nobody thought of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any

Value = dict[str, Any]

NAMES = ("web", "db", "cache", "web-api")
SPACES = ("", "", "", "shop", "default")
IMAGES = ("nginx", "nginx:1.7", "reg.io:5000/a/b:2", "busybox@sha256:abc", "docker.io/nginx:1")
CRDS = {
    "example.com/v1.Thing": {
        "Schema": {
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {"type": "object"},
                "spec": {"$ref": "example.com/v1.Spec"},
            }
        }
    },
    "example.com/v1.Spec": {
        "Schema": {
            "properties": {
                "settings": {
                    "x-kubernetes-object-ref-api-version": "v1",
                    "x-kubernetes-object-ref-kind": "ConfigMap",
                    "x-kubernetes-object-ref-name-key": "name",
                },
                "tags": {"x-kubernetes-label-selector": ""},
            }
        }
    },
}
OPENAPI = {
    "definitions": {
        "v1.Thing": {
            "type": "object",
            "properties": {
                "spec": {
                    "type": "object",
                    "properties": {
                        "list": {
                            "type": "array",
                            "items": {"type": "object"},
                            "x-kubernetes-patch-merge-key": "name",
                            "x-kubernetes-patch-strategy": "merge",
                        }
                    },
                }
            },
            "x-kubernetes-group-version-kind": [
                {"group": "example.com", "kind": "Thing", "version": "v1"}
            ],
        }
    }
}
CONFIGURATION = {
    "nameReference": [
        {
            "kind": "ConfigMap",
            "version": "v1",
            "fieldSpecs": [{"kind": "Thing", "path": "spec/settings/name"}],
        }
    ],
    "commonLabels": [{"kind": "Thing", "path": "spec/tags", "create": True}],
    "images": [{"kind": "Thing", "path": "spec/picture"}],
    "varReference": [{"kind": "Thing", "path": "spec/text"}],
    "namespace": [{"kind": "Thing", "path": "spec/space", "create": True}],
}
COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}


def tree(dice: Random) -> tuple[dict[str, str], str]:
    """Files by path, and the folder to build. JSON is YAML too."""
    things = objects(dice)
    files = {"base/objects.yaml": _text(things)}
    base = {"resources": ["objects.yaml"], **kustomization(dice, things, 0)}
    files["base/kustomization.yaml"] = json.dumps(base)
    folder = "base"
    for level in range(1, dice.randint(2, 3)):
        own = {"resources": [f"../{folder}"], **kustomization(dice, things, level)}
        if dice.random() < 0.3:
            part = kustomization(dice, things, level + 10)
            part.pop("configMapGenerator", None)
            files[f"part{level}/kustomization.yaml"] = json.dumps(
                {**COMPONENT, **part, "namePrefix": "c-"}
            )
            own["components"] = [f"../part{level}"]
        folder = f"level{level}"
        files |= {f"{folder}/{name}": text for name, text in beside(dice, own, level).items()}
        files[f"{folder}/kustomization.yaml"] = json.dumps(own)
    return files, folder


def beside(dice: Random, own: Value, level: int) -> dict[str, str]:
    """Settings that stand in files of their own, which ``own`` is made to name."""
    choices: tuple[tuple[str, Any, str], ...] = (
        ("crds", ["crds.json"], json.dumps(CRDS)),
        ("openapi", {"path": "openapi.json"}, json.dumps(OPENAPI)),
        ("configurations", ["configuration.yaml"], json.dumps(CONFIGURATION)),
        ("transformers", ["transformers.yaml"], _text(_transformers(dice, level))),
        ("generators", ["generators.yaml"], _text(_generators(level))),
    )
    files = {}
    for field, value, text in choices:
        if dice.random() < 0.25:
            own[field] = value
            name = value["path"] if isinstance(value, dict) else value[0]
            files[name] = text
    if dice.random() < 0.3:
        own["vars"] = [_variable(dice, level)]
    return files


def _variable(dice: Random, level: int) -> Value:
    kind, name, version = dice.choice(
        [("ServiceAccount", "worker", "v1"), ("ConfigMap", "cm", "v1"), ("Service", "web", "v1")]
    )
    made: Value = {
        "name": f"V{level}",
        "objref": {"kind": kind, "name": name, "apiVersion": version},
    }
    if dice.random() < 0.4:
        made["fieldref"] = {"fieldpath": dice.choice(["metadata.namespace", "data.a", "kind"])}
    return made


def _transformers(dice: Random, level: int) -> list[Value]:
    def made(kind: str, **fields: Any) -> Value:
        metadata = {"name": f"{kind.lower()}-{level}"}
        return {"apiVersion": "builtin", "kind": kind, "metadata": metadata, **fields}

    choices = [
        made("PrefixTransformer", prefix=f"t{level}-", fieldSpecs=[{"path": "metadata/name"}]),
        made("SuffixTransformer", suffix="-t", fieldSpecs=[{"path": "metadata/name"}]),
        made(
            "LabelTransformer",
            labels={"by": f"t{level}"},
            fieldSpecs=[{"path": "metadata/labels", "create": True}],
        ),
        made(
            "AnnotationsTransformer",
            annotations={"by": "t"},
            fieldSpecs=[{"path": "metadata/annotations", "create": True}],
        ),
        made(
            "NamespaceTransformer",
            namespace="moved",
            fieldSpecs=[{"path": "metadata/namespace", "create": True}],
        ),
        made("ImageTagTransformer", imageTag={"name": "nginx", "newTag": "8"}),
        made(
            "ReplicaCountTransformer",
            replica={"name": "web", "count": 5},
            fieldSpecs=[{"path": "spec/replicas", "kind": "Deployment", "create": True}],
        ),
        made(
            "PatchTransformer",
            target={"kind": "Service"},
            patch=json.dumps([{"op": "add", "path": "/extra", "value": level}]),
        ),
    ]
    return dice.sample(choices, dice.randint(1, 3))


def _generators(level: int) -> list[Value]:
    return [
        {
            "apiVersion": "builtin",
            "kind": kind,
            "metadata": {"name": f"{name}-{level}"},
            "literals": [f"a={level}", "b=yes"],
        }
        for kind, name in (("ConfigMapGenerator", "made"), ("SecretGenerator", "hidden"))
    ]


def _text(things: list[Value]) -> str:
    return "\n---\n".join(map(json.dumps, things)) + "\n"


# -- objects -----------------------------------------------------------------------


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
    account = {
        "kind": "ServiceAccount",
        "name": "worker",
        "namespace": dice.choice(["shop", "default"]),
    }
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "role"}
    rbac = "rbac.authorization.k8s.io/v1"
    made += [
        thing(dice, "v1", "ConfigMap", "cm", data={"a": "1", "b": dice.choice(["x", "l\nm\n"])}),
        thing(dice, "v1", "ServiceAccount", "worker"),
        thing(dice, rbac, "ClusterRole", "role", rules=[]),
        thing(dice, rbac, "ClusterRoleBinding", "bind", roleRef=role, subjects=[account]),
        thing(dice, "v1", "Namespace", "shop"),
        thing(
            dice,
            "example.com/v1",
            "Thing",
            "thing",
            spec={
                "containers": [container(dice, "x")],
                "list": [{"name": "a"}],
                "n": None,
                "settings": {"name": "cm"},
                "tags": {"a": "b"},
                "picture": "nginx:1",
                "text": "$(V1)/$(V2) $$(V1)",
            },
        ),
    ]
    dice.shuffle(made)
    return made[: dice.randint(3, len(made))]


# -- kustomizations ------------------------------------------------------------------


def kustomization(dice: Random, things: list[Value], level: int) -> Value:
    own: Value = {}
    for chance, field, value in (
        (0.3, "namespace", dice.choice(["shop", "prod"])),
        (0.3, "namePrefix", f"p{level}-"),
        (0.2, "nameSuffix", f"-s{level}"),
        (0.3, "commonLabels", dice.choice([{"env": f"l{level}"}, {"app": "common"}])),
        (0.4, "labels", [_labels(dice, level)]),
        (0.3, "commonAnnotations", {"ann": f"x{level}"}),
        (0.4, "images", [_image(dice) for _ in range(dice.randint(1, 2))]),
        (0.7, "patches", [_patch(dice, dice.choice(things)) for _ in range(dice.randint(1, 3))]),
        (0.2, "replacements", [_replacement(dice, things)]),
        (0.1, "sortOptions", {"order": dice.choice(["fifo", "legacy"])}),
        (0.1, "buildMetadata", ["originAnnotations", "transformerAnnotations"]),
    ):
        if dice.random() < chance:
            own[field] = value
    if level == 0 or dice.random() < 0.3:
        own["configMapGenerator"] = [_generator(dice, level)]
    if level == 0:
        own["secretGenerator"] = [{"name": "keys", "literals": ["k=p", "x=" + "y" * 100]}]
    return own


def _labels(dice: Random, level: int) -> Value:
    pairs = {dice.choice(["app", "env", f"lab{level}"]): f"v{level}"}
    return {
        "pairs": pairs,
        **dice.choice([{}, {"includeSelectors": True}, {"includeTemplates": True}]),
    }


def _image(dice: Random) -> Value:
    return dice.choice(
        [
            {"name": "nginx", "newTag": "9"},
            {"name": "reg.io:5000/a/b", "newName": "mirror/b"},
            {"name": "busybox", "digest": "sha256:ffff"},
            {"name": ".*nginx", "newName": "other"},
        ]
    )


def _generator(dice: Random, level: int) -> Value:
    made: Value = {"name": "settings", "literals": [f"k={level}", f"l{level}=1"]}
    if level:
        made["behavior"] = dice.choice(["merge", "replace"])
    if dice.random() < 0.3:
        made["options"] = {"labels": {"g": "1"}, "disableNameSuffixHash": dice.random() < 0.5}
    return made


def _patch(dice: Random, of: Value) -> Value:
    if dice.random() < 0.3:
        operations = [
            {"op": "add", "path": f"/extra{number}", "value": dice.choice([1, "1", [None, True]])}
            for number in range(dice.randint(1, 2))
        ]
        return {"target": {"kind": of["kind"]}, "patch": json.dumps(operations)}
    metadata = {key: of["metadata"][key] for key in ("name", "namespace") if key in of["metadata"]}
    patch: Value = {"apiVersion": of["apiVersion"], "kind": of["kind"], "metadata": metadata}
    if dice.random() < 0.4:
        metadata["labels"] = {dice.choice(["app", "new"]): dice.choice(["z", None, "2"])}
    if "template" in of.get("spec", {}):
        spec = {"containers": [_container_patch(dice)]}
        patch["spec"] = {"template": {"spec": spec}, "replicas": dice.choice([None, 7])}
    elif of["kind"] == "Thing":
        patch["spec"] = {"list": [{"name": dice.choice("ab"), "more": 1}]}
    elif of["kind"] == "Service":
        patch["spec"] = {"ports": dice.choice([[{"port": 80, "name": "x"}], [{"port": 81}], None])}
    entry: Value = {"patch": json.dumps(patch)}
    if dice.random() < 0.3:
        entry["target"] = {"kind": of["kind"], "name": dice.choice([metadata["name"], "w.*", ".*"])}
    return entry


def _container_patch(dice: Random) -> Value:
    patch: Value = {"name": dice.choice(["main", "side", "extra"])}
    choices: Mapping[str, list[Any]] = {
        "image": ["patched:1", None],
        "env": [
            [{"name": "A", "value": "p"}, {"name": "Z", "value": "n"}],
            [{"name": "B", "$patch": "delete"}],
            [{"$patch": "replace"}, {"name": "Q", "value": "1"}],
            None,
        ],
        "ports": [[{"containerPort": 80, "name": "w"}], [{"containerPort": 53, "protocol": "UDP"}]],
        "resources": [{"limits": {"cpu": None}}, {"$patch": "replace", "limits": {"x": "1"}}],
    }
    for field, values in choices.items():
        if dice.random() < 0.4:
            patch[field] = dice.choice(values)
    return patch


def _replacement(dice: Random, things: list[Value]) -> Value:
    source, target = dice.choice(things), dice.choice(things)
    options: Value = {"create": True}
    if dice.random() < 0.4:
        options |= {"delimiter": "-", "index": dice.choice([-1, 0, 1, 5])}
    return {
        "source": {"kind": source["kind"], "name": source["metadata"]["name"]},
        "targets": [
            {
                "select": {"kind": target["kind"]},
                "fieldPaths": [dice.choice(["metadata.annotations.rep", "metadata.labels.app"])],
                "options": options,
            }
        ],
    }
