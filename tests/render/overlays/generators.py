"""ConfigMaps and Secrets that are generated, by fields and by files."""

from __future__ import annotations

from tests.render.overlays.scene import Scene
from tests.render.overlays.text import Value


def config_map(scene: Scene) -> Value:
    """``settings``, which the base makes and each level may add to."""
    level = scene.level
    made: Value = {"name": "settings", "literals": [f"k={level}", f"l{level}=1"]}
    if level:
        made["behavior"] = scene.dice.choice(["merge", "replace"])
    if scene.chance(0.3):
        made["options"] = {"labels": {"g": "1"}, "disableNameSuffixHash": scene.chance(0.5)}
    if scene.chance(0.2):
        scene.files["env.txt"] = f"# of level {level}\nE{level}=v=w\nk2=x y\n"
        made["envs"] = ["env.txt"]
    if scene.chance(0.2):
        scene.files["file.txt"] = scene.dice.choice(["one", "one\ntwo\n", "a: [b\n", "tab\there\n"])
        made["files"] = [scene.dice.choice(["file.txt", "as.txt=file.txt"])]
    return made


def secret(scene: Scene) -> Value:
    made: Value = {"name": "keys", "literals": ["k=p", "x=" + "y" * 100]}
    if scene.chance(0.3):
        made["type"] = "example.com/secret"
    return made


def options(scene: Scene) -> Value:
    """``generatorOptions``."""
    made: Value = {
        "labels": {"from": f"o{scene.level}"},
        "annotations": {"opt": "1"},
        "disableNameSuffixHash": scene.chance(0.5),
        "immutable": scene.chance(0.5),
    }
    names = scene.dice.sample(list(made), scene.dice.randint(1, 3))
    return {name: made[name] for name in names}


def files(scene: Scene) -> list[Value]:
    """``generators``."""
    return [
        {
            "apiVersion": "builtin",
            "kind": kind,
            "metadata": {"name": f"{name}-{scene.level}"},
            "literals": [f"a={scene.level}", "b=yes"],
        }
        for kind, name in (("ConfigMapGenerator", "made"), ("SecretGenerator", "hidden"))
    ]
