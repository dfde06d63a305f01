"""A whole tree: bases, the levels above them, and components beside."""

from __future__ import annotations

from random import Random

from tests.render.overlays.fields import generated, kustomization, named
from tests.render.overlays.objects import objects, thing
from tests.render.overlays.scene import Scene
from tests.render.overlays.text import Value, written

_COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}

_PATCHES = ("patches", "patchesStrategicMerge")


def tree(dice: Random) -> tuple[dict[str, str], str]:
    """Files by path, and the folder to build."""
    things = objects(dice)
    files: dict[str, str] = {}
    base = Scene(dice=dice, things=things, level=0)
    own = {"resources": [base.file("objects.yaml", *things)], **generated(base)}
    _settle(files, "base", base, {**own, **kustomization(base)})
    below = "base"
    for level in range(1, dice.randint(2, 4)):
        below = _level(files, Scene(dice=dice, things=things, level=level), below)
    return files, below


def _level(files: dict[str, str], scene: Scene, below: str) -> str:
    dice, level = scene.dice, scene.level
    own: Value = {dice.choice(["resources", "resources", "bases"]): [f"../{below}"]}
    if scene.chance(0.2):
        own.setdefault("resources", []).append(f"../{_other(files, scene)}")
    own |= {**kustomization(scene), **generated(scene), **named(scene)}
    parts = dice.choice([0, 0, 0, 1, 2])
    if parts:
        own["components"] = [f"../{_part(files, scene, number)}" for number in range(parts)]
    folder = f"level{level}"
    _settle(files, folder, scene, own)
    return folder


def _other(files: dict[str, str], scene: Scene) -> str:
    """A base of its own, whose objects no one else has."""
    dice, folder = scene.dice, f"other{scene.level}"
    own = Scene(dice=dice, things=[], level=scene.level)
    own.things = [
        thing(dice, "v1", "ConfigMap", folder, data={"a": "1"}),
        thing(dice, "v1", "Service", f"{folder}-svc", spec={"ports": [{"port": 80}]}),
    ]
    fields = {"resources": [own.file("own.yaml", *own.things)], **kustomization(own)}
    for field in _PATCHES:  # kustomize lays an openapi of a later sibling beside what they read
        fields.pop(field, None)
    _settle(files, folder, own, fields)
    return folder


def _part(files: dict[str, str], scene: Scene, number: int) -> str:
    """A component; the first may hold another."""
    folder = f"part{scene.level}-{number}"
    own = Scene(dice=scene.dice, things=scene.things, level=scene.level + 10 * (number + 1))
    fields = {**_COMPONENT, **kustomization(own), "namePrefix": f"c{number}-"}
    if number < 2 and scene.chance(0.2):
        fields["components"] = [f"../{_part(files, scene, number + 2)}"]
    _settle(files, folder, own, fields)
    return folder


def _settle(files: dict[str, str], folder: str, scene: Scene, own: Value) -> None:
    """Write a kustomization and what lies beside it."""
    files |= {f"{folder}/{name}": content for name, content in scene.files.items()}
    files[f"{folder}/kustomization.yaml"] = written(scene.dice, own)
