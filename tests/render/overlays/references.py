"""Values that go from one object to others: replacements and vars."""

from __future__ import annotations

from typing import Any

import yaml

from tests.render.overlays.scene import Scene, group, paths
from tests.render.overlays.text import Value

# Fields that the texts of a ConfigMap hold, by the type of what stands there.
_IN_TEXT: dict[type, tuple[str, ...]] = {
    str: (
        r"data.app\.json.host",
        "data.[app.json].list.[name=p].v",
        r"data.app\.yaml.host",
        "data.[app.yaml].list.0.v",
        r"data.app\.yaml.list.*.v",
        r"data.app\.json.list.0.name",
        r"data.app\.yaml.list.[name=p].v",
    ),
    int: (r"data.app\.json.port", r"data.app\.yaml.port"),
}
_BY_STAR = (  # for pods
    ("spec.template.spec.containers.*.image", str),
    ("spec.template.spec.containers.[name=main].image", str),
    ("spec.template.spec.containers.*.env.*.value", str),
    ("spec.template.spec.containers.[name=.*].name", str),
)
# kustomize keeps notes of its own there, and copies them.
_INNER = (("metadata",), ("metadata", "annotations"))
# Other mappings and lists stay one with their copies: who changes one later changes both.
_WHOLE = (("data",), ("spec", "list"))
# Who is written over here often becomes another's double, which is refused.
_IDENTITY = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))
_CREATED = (
    "metadata.annotations.rep%d",
    "metadata.labels.app%d",
    "made.deep%d.down",
    "made.list%d.[name=n].v",
)


def variable(scene: Scene) -> Value | None:
    """A var for an object that is there."""
    of = scene.thing("ServiceAccount", "ConfigMap", "Service")
    if of is None:
        return None
    objref = {"kind": of["kind"], "name": of["metadata"]["name"], "apiVersion": of["apiVersion"]}
    made: Value = {"name": f"V{scene.level}", "objref": objref}
    fields = ["metadata.name", "kind", *(["data.a"] if "a" in of.get("data", ()) else [])]
    if "namespace" in of["metadata"]:
        fields.append("metadata.namespace")
    if scene.chance(0.6):
        made["fieldref"] = {"fieldpath": scene.dice.choice(fields)}
    return made


def replacements(scene: Scene) -> list[Value]:
    made = [replacement(scene) for _ in range(scene.dice.randint(1, 2))]
    if scene.chance(0.2):
        value: Any = made if scene.chance(0.5) else made[0]
        return [{"path": scene.file("replacement.yaml", value)}]
    return made


def replacement(scene: Scene) -> Value:
    if scene.chance(0.15):
        value: Any = scene.dice.choice(["given", "x/y", "a-b"])
        made: Value = {"sourceValue": value}
    else:
        of = scene.dice.choice(scene.things)
        made, value = _source(scene, of)
    made["targets"] = [_target(scene, value) for _ in range(scene.dice.randint(1, 2))]
    return made


def _source(scene: Scene, of: Value) -> tuple[Value, Any]:
    """The words for a source, and roughly what they give."""
    source: Value = {"kind": of["kind"], "name": of["metadata"]["name"]}
    if scene.chance(0.3):
        source |= group(of)
    if scene.chance(0.2):
        return {"source": source}, of["metadata"]["name"]
    sought = (str, str, int, dict, list)
    kind = scene.dice.choice(sought)
    found = [(at, value) for at, value in paths(of) if type(value) is kind and _may_go(at, value)]
    at, value = scene.dice.choice(found or [(("metadata", "name"), of["metadata"]["name"])])
    source["fieldPath"] = _path(scene, at)
    if isinstance(value, str) and scene.chance(0.3):
        delimiter = scene.dice.choice(["-", ":", ".", "/"])
        parts = value.split(delimiter)
        index = scene.dice.randrange(len(parts)) if scene.chance(0.97) else len(parts)
        source["options"] = {"delimiter": delimiter, "index": index}
    return {"source": source}, value


def _may_go(at: tuple[str, ...], value: Any) -> bool:
    """Text that reads as something else comes out otherwise once a patch is laid over it."""
    if isinstance(value, dict | list):
        return at in _WHOLE
    return isinstance(value, int) or (bool(value) and isinstance(yaml.safe_load(value), str))


def _path(scene: Scene, at: tuple[str, ...]) -> str:
    """The path in one of its spellings."""
    if any("." in part for part in at) and scene.chance(0.5):
        return ".".join(f"[{part}]" if "." in part else part for part in at)
    return ".".join(part.replace(".", r"\.") for part in at)


def _target(scene: Scene, value: Any) -> Value:
    of = scene.dice.choice(scene.things)
    precise = scene.chance(0.6)
    select: Value = {"kind": of["kind"]}
    if precise:
        select |= {"name": of["metadata"]["name"], **(group(of) if scene.chance(0.3) else {})}
    if isinstance(value, int) and scene.chance(0.5) and not (precise and _fields(scene, of, value)):
        return _NUMBERED
    options, plain = _options(scene, value), isinstance(value, str) and value.isalnum()
    if precise and (isinstance(value, int) or not options["create"]):
        found = _fields(scene, of, value)
        fields = [scene.dice.choice(found) if found else _created(scene)]
        options = {**options, "create": fields[0] not in found}
    elif scene.chance(0.95):
        fields, options = [_created(scene)], {**options, "create": True}
    else:
        fields = ["metadata.name"] if plain else [_created(scene)]
        options |= {"create": not plain}
        options.pop("delimiter", None)
    if scene.chance(0.15) and not precise:
        select = scene.dice.choice(
            [{"labelSelector": "app"}, {"name": "[wd].*"}, {"version": "v1"}]
        )
        fields, options = [_created(scene)], {"create": True}
    made: Value = {"select": select, "fieldPaths": fields, "options": options}
    if scene.chance(0.3):
        made["reject"] = [_rejected(scene)]
    if not options or (options == {"create": False} and scene.chance(0.5)):
        del made["options"]
    return made


_NUMBERED = {"select": {"kind": "Service"}, "fieldPaths": ["spec.ports.0.port"]}


def _created(scene: Scene) -> str:
    """A field that is rarely there, but for other replacements that make it, too."""
    return scene.dice.choice(_CREATED) % scene.dice.randint(0, 3)


def _options(scene: Scene, value: Any) -> Value:
    options: Value = {"create": scene.chance(0.4)}
    if isinstance(value, str | int) and scene.chance(0.3):
        options |= {
            "delimiter": scene.dice.choice(["-", "/", ":"]),
            "index": scene.dice.choice([-1, 0, 1, 5]),
        }
    return options


def _fields(scene: Scene, of: Value, value: Any) -> list[str]:
    """Paths into an object that the value fits."""
    kind = type(value)
    wanted = (str,) if kind is str else (kind, str) if kind is int else (kind,)
    found = [
        _path(scene, at)
        for at, old in paths(of)
        if type(old) in wanted and at not in _INNER and at not in _IDENTITY
    ]
    if "app.json" in of.get("data", ()):
        found = list(_IN_TEXT.get(kind, ())) or found
    elif "template" in of.get("spec", ()) and scene.chance(0.7):
        found = [path for path, leaf in _BY_STAR if leaf is kind] or found
    return found


def _rejected(scene: Scene) -> Value:
    of = scene.dice.choice(scene.things)
    return scene.dice.choice(
        [
            {"name": of["metadata"]["name"]},
            {"kind": of["kind"], "name": of["metadata"]["name"]},
            {"labelSelector": "app=a"},
            {"namespace": "shop"},
        ]
    )
