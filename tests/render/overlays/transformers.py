"""Transformers and validators that stand in files."""

from __future__ import annotations

from typing import Any

from tests.render.overlays import patches, references
from tests.render.overlays.scene import Scene
from tests.render.overlays.text import Value


def transformers(scene: Scene) -> list[Value]:
    choices = [*_plain(scene), *_about_objects(scene)]
    return scene.dice.sample(choices, scene.dice.randint(1, 3))


def validators(scene: Scene) -> list[Value]:
    """They may only look; one in a few changes something, and is refused."""
    path = "spec/nowhere" if scene.chance(0.95) else "metadata/labels"
    fields = [{"path": path, "create": path == "metadata/labels"}]
    return [_made(scene, "LabelTransformer", labels={"seen": "v"}, fieldSpecs=fields)]


def _made(scene: Scene, kind: str, **fields: Any) -> Value:
    metadata = {"name": f"{kind.lower()}-{scene.level}"}
    return {"apiVersion": "builtin", "kind": kind, "metadata": metadata, **fields}


def _plain(scene: Scene) -> list[Value]:
    level, name = scene.level, [{"path": "metadata/name"}]
    labels = [{"path": "metadata/labels", "create": True}]
    notes = [{"path": "metadata/annotations", "create": True}]
    spaces = [{"path": "metadata/namespace", "create": True}]
    return [
        _made(scene, "PrefixTransformer", prefix=f"t{level}-", fieldSpecs=name),
        _made(scene, "SuffixTransformer", suffix="-t", fieldSpecs=name),
        _made(scene, "LabelTransformer", labels={"by": f"t{level}"}, fieldSpecs=labels),
        _made(scene, "AnnotationsTransformer", annotations={"by": "t"}, fieldSpecs=notes),
        _made(scene, "NamespaceTransformer", namespace="moved", fieldSpecs=spaces),
        _made(scene, "ImageTagTransformer", imageTag={"name": "nginx", "newTag": "8"}),
        _made(
            scene,
            "PatchTransformer",
            target={"kind": "Service"},
            patch=scene.inline([{"op": "add", "path": "/extra", "value": level}]),
        ),
        _made(
            scene,
            "ValueAddTransformer",
            value=f"v{level}",
            targets=[{"selector": {"kind": "Thing"}, "fieldPath": "spec/picture"}],
        ),
    ]


def _about_objects(scene: Scene) -> list[Value]:
    """Those that name an object, which has to be there."""
    of = scene.dice.choice(scene.things)
    made = [
        _made(scene, "ReplacementTransformer", replacements=[references.replacement(scene)]),
        _made(
            scene,
            "PatchStrategicMergeTransformer",
            patches=scene.inline(patches.merge(scene.dice, of)),
        ),
    ]
    counted = scene.thing("Deployment", "StatefulSet")
    if counted is not None:
        made.append(
            _made(
                scene,
                "ReplicaCountTransformer",
                replica={"name": counted["metadata"]["name"], "count": 5},
                fieldSpecs=[{"path": "spec/replicas", "kind": counted["kind"], "create": True}],
            )
        )
    return made
