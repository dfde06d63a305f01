"""A kustomization's own fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.render.overlays import generators, patches, references, schemas, transformers
from tests.render.overlays.scene import Scene
from tests.render.overlays.text import Value

Make = Callable[[Scene], Any]


def kustomization(scene: Scene) -> Value:
    """Fields, each with its own chance; one whose value comes out empty is left out."""
    own: Value = {}
    for chance, field, make in _FIELDS:
        if scene.chance(chance) and (value := make(scene)):
            own[field] = value
    return own


def generated(scene: Scene) -> Value:
    """What the base makes, and each level above may add to."""
    own: Value = {}
    if scene.level == 0 or scene.chance(0.3):
        own["configMapGenerator"] = [generators.config_map(scene)]
    if scene.level == 0:
        own["secretGenerator"] = [generators.secret(scene)]
    if scene.chance(0.2):
        own["generatorOptions"] = generators.options(scene)
    return own


def named(scene: Scene) -> Value:
    """What names a thing for the whole tree, or is known but once: no component has it."""
    own: Value = {}
    if scene.chance(0.2) and (made := references.variable(scene)):
        own["vars"] = [made]
    for chance, field, make in _BESIDE:
        if scene.chance(chance):
            own[field] = make(scene)
    return own


def _labels(scene: Scene) -> list[Value]:
    made = []
    for number in range(scene.dice.randint(1, 2)):
        key = scene.dice.choice(["app", "env", f"lab{scene.level}"])
        entry: Value = {"pairs": {key: f"v{scene.level}{number}"}}
        entry |= scene.dice.choice([{}, {"includeSelectors": True}, {"includeTemplates": True}])
        if scene.chance(0.3):
            field = {"path": scene.dice.choice(["spec/marks", "metadata/marks"]), "create": True}
            entry["fields"] = [{**field, **scene.dice.choice([{}, {"kind": "Service"}])}]
        made.append(entry)
    return made


def _image(scene: Scene) -> Value:
    return scene.dice.choice(
        [
            {"name": "nginx", "newTag": "9"},
            {"name": "reg.io:5000/a/b", "newName": "mirror/b"},
            {"name": "busybox", "digest": "sha256:ffff"},
            {"name": ".*nginx", "newName": "other"},
            {"name": "nginx", "tagSuffix": "-slim"},
        ]
    )


def _replicas(scene: Scene) -> list[Value]:
    of = scene.thing("Deployment", "StatefulSet")
    count = scene.dice.choice([0, 2, 9])
    return [{"name": of["metadata"]["name"], "count": count}] if of else []


def _order(scene: Scene) -> Value:
    order = scene.dice.choice(["fifo", "legacy", "legacy"])
    if order == "fifo" or scene.chance(0.5):
        return {"order": order}
    first = scene.dice.choice([[], ["Thing"], ["Namespace", "Thing"], ["Service", "Namespace"]])
    last = scene.dice.choice([[], ["Deployment"], ["ConfigMap", "Secret"]])
    return {"order": order, "legacySortOptions": {"orderFirst": first, "orderLast": last}}


def _metadata(scene: Scene) -> list[str]:
    every = ["originAnnotations", "transformerAnnotations", "managedByLabel"]
    return scene.dice.sample(every, scene.dice.randint(1, 3))


_FIELDS: tuple[tuple[float, str, Make], ...] = (
    (0.25, "namespace", lambda scene: scene.dice.choice(["shop", "prod"])),
    (0.3, "namePrefix", lambda scene: f"p{scene.level}-"),
    (0.2, "nameSuffix", lambda scene: f"-s{scene.level}"),
    (0.2, "commonLabels", lambda s: s.dice.choice([{"env": f"l{s.level}"}, {"app": "common"}])),
    (0.3, "labels", _labels),
    (0.3, "commonAnnotations", lambda scene: {"ann": f"x{scene.level}"}),
    (0.4, "images", lambda scene: [_image(scene) for _ in range(scene.dice.randint(1, 2))]),
    (0.5, "patches", patches.patches),
    (0.15, "patchesStrategicMerge", patches.strategic),
    (0.15, "patchesJson6902", patches.json_6902),
    (0.25, "replicas", _replicas),
    (0.35, "replacements", references.replacements),
    (0.1, "sortOptions", _order),
    (0.15, "buildMetadata", _metadata),
)
_BESIDE: tuple[tuple[float, str, Make], ...] = (
    (0.15, "crds", lambda scene: [scene.file("crds.json", schemas.CRDS)]),
    (0.15, "openapi", lambda scene: {"path": scene.file("openapi.json", schemas.OPENAPI)}),
    (0.15, "configurations", lambda s: [s.file("configuration.yaml", schemas.CONFIGURATION)]),
    (0.2, "transformers", lambda s: [s.file("transformers.yaml", *transformers.transformers(s))]),
    (0.15, "generators", lambda s: [s.file("generators.yaml", *generators.files(s))]),
    (0.1, "validators", lambda s: [s.file("validators.yaml", *transformers.validators(s))]),
)
