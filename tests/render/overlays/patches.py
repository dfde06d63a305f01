"""Patches of all forms: strategic merges and JSON patches, inline and in files."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from tests.render.overlays.scene import Scene, group, identity, paths
from tests.render.overlays.text import Value


def patches(scene: Scene) -> list[Value]:
    return [_patch(scene) for _ in range(scene.dice.randint(1, 3))]


def strategic(scene: Scene) -> list[str]:
    """``patchesStrategicMerge``."""
    made = [merge(scene.dice, scene.dice.choice(scene.things)) for _ in range(2)]
    if scene.chance(0.5):
        return [scene.file("merges.yaml", *made)]
    return [scene.inline(made[0]), scene.file("merge.yaml", made[1])]


def json_6902(scene: Scene) -> list[Value]:
    """``patchesJson6902``."""
    of = scene.dice.choice(scene.things)
    target: Value = {**group(of), "kind": of["kind"], "name": of["metadata"]["name"]}
    if scene.chance(0.2):
        target = {"kind": of["kind"], "name": ".*"}
    return [{"target": target, **_body(scene, "operations.yaml", _operations(scene.dice, of))}]


def _patch(scene: Scene) -> Value:
    dice = scene.dice
    of = dice.choice(scene.things)
    if scene.chance(0.1):
        return _renaming(scene, of)
    if scene.chance(0.3):
        target = {"kind": of["kind"]}
        if scene.chance(0.5):
            target["name"] = of["metadata"]["name"]
        name = f"operations-{dice.randint(0, 99)}.yaml"
        exact = "name" in target
        return {"target": target, **_body(scene, name, _operations(dice, of, exact=exact))}
    entry: Value = _body(scene, f"merge-{dice.randint(0, 99)}.yaml", merge(dice, of))
    if scene.chance(0.3):
        entry["target"] = {
            "kind": of["kind"],
            "name": dice.choice([of["metadata"]["name"], "w.*", ".*"]),
        }
    elif scene.chance(0.1):
        entry["target"] = {"labelSelector": dice.choice(["app=web", "app in (a, web)", "!tier"])}
        entry["patch"] = scene.inline({**identity(of), "extra": 1})
        entry.pop("path", None)
    return entry


def _body(scene: Scene, name: str, content: Any) -> Value:
    if scene.chance(0.3):
        return {"path": scene.file(name, content)}
    return {"patch": scene.inline(content)}


def _renaming(scene: Scene, of: Value) -> Value:
    """A patch that changes an object's name or kind, where it is allowed to."""
    name, kind = of["metadata"]["name"], of["kind"]
    patch: Value = identity(of)
    options: Value = {}
    if scene.chance(0.6):
        patch["metadata"] = {"name": f"{name}-new{scene.level}"}
        options["allowNameChange"] = scene.chance(0.8)
    other = "StatefulSet" if kind == "Deployment" else "Other"
    if scene.chance(0.5) and not (other == "Other" and "template" in of.get("spec", ())):
        patch["kind"] = other
        options["allowKindChange"] = scene.chance(0.8)
    return {
        "patch": scene.inline(patch),
        "target": {"kind": kind, "name": name},
        "options": options or {"allowNameChange": True},
    }


def _operations(dice: Random, of: Value, *, exact: bool = True) -> list[Value]:
    made = [
        {"op": "add", "path": f"/extra{number}", "value": dice.choice([1, "1", [None, True], {}])}
        for number in range(dice.randint(1, 2))
    ]
    if exact and dice.random() < 0.4:
        made.append(_precise(dice, of))
    return made


def _precise(dice: Random, of: Value) -> Value:
    """An operation on something that the object has, unless a patch before took it away."""
    kept = ("apiVersion", "kind", "metadata")
    found = [(at, value) for at, value in paths(of) if at[0] not in kept]
    if not found:
        return {"op": "add", "path": "/data", "value": {"a": "1"}}
    at, value = dice.choice(found)
    path = "/" + "/".join(part.replace("/", "~1") for part in at)
    return dice.choice(
        [
            {"op": "replace", "path": path, "value": value},
            {"op": "test", "path": path, "value": value},
            {"op": "copy", "from": path, "path": "/copied"},
            {"op": "add", "path": path, "value": value},
        ]
    )


def merge(dice: Random, of: Value) -> Value:
    """A strategic merge patch for an object."""
    patch: Value = identity(of)
    if dice.random() < 0.4:
        patch["metadata"]["labels"] = dice.choice([{"app": "z"}, {"app": None}, {"new": "2"}])
    if "template" in of.get("spec", {}):
        spec = {"containers": [_container(dice)]}
        patch["spec"] = {"template": {"spec": spec}, "replicas": dice.choice([None, 7])}
    elif of["kind"] == "Thing":
        patch["spec"] = {"list": [{"name": dice.choice("ab"), "more": 1}]}
    elif of["kind"] == "Service":
        patch["spec"] = {"ports": dice.choice([[{"port": 80, "name": "x"}], [{"port": 81}], None])}
    elif of["kind"] == "ConfigMap":
        patch["data"] = {dice.choice("abc"): dice.choice(["n", None, "two\nlines\n"])}
    if dice.random() < 0.01:
        return {**identity(of), "$patch": "delete"}
    return patch


def _container(dice: Random) -> Value:
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
