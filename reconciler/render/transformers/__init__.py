"""The transformers, in the order in which a level runs them. Each has a module of its own.

To add one: write a module like ``images`` and give it a row in STAGES (a kustomization's
field) and one in KINDS (a file under ``transformers:``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.render import hashes
from reconciler.render.context import Context
from reconciler.render.items import Step
from reconciler.render.transformers import (
    affixes,
    common_annotations,
    images,
    json_patches,
    labels,
    namespace,
    patches,
    replacements,
    replicas,
    strategic_patches,
    value_add,
)

FromField = Callable[[Any, Context], Iterator[Step]]
FromFile = Callable[[dict[str, Any], Context], Step]


class Stage:
    """Runs where one of ``fields`` is set; ``field`` is the one that it is configured by."""

    __slots__ = ("configure", "fields", "kind")

    def __init__(self, kind: str, configure: FromField, *fields: str) -> None:
        self.kind = kind
        self.configure = configure
        self.fields = fields

    @property
    def field(self) -> str:
        return self.fields[0]


STAGES = (
    Stage("PatchStrategicMergeTransformer", strategic_patches.from_field, "patchesStrategicMerge"),
    Stage("PatchTransformer", patches.from_field, "patches"),
    Stage("NamespaceTransformer", namespace.from_field, "namespace"),
    Stage("PrefixTransformer", affixes.prefix_from_field, "namePrefix"),
    Stage("SuffixTransformer", affixes.suffix_from_field, "nameSuffix"),
    Stage("LabelTransformer", labels.from_field, "labels"),
    Stage("LabelTransformer", labels.common_from_field, "commonLabels", "labels"),
    Stage("AnnotationsTransformer", common_annotations.from_field, "commonAnnotations"),
    Stage("PatchJson6902Transformer", json_patches.from_field, "patchesJson6902"),
    Stage("ReplicaCountTransformer", replicas.from_field, "replicas"),
    Stage("ImageTagTransformer", images.from_field, "images"),
    Stage("ReplacementTransformer", replacements.from_field, "replacements"),
)

KINDS: Mapping[str, FromFile] = {
    "PatchStrategicMergeTransformer": strategic_patches.from_file,
    "PatchTransformer": patches.from_file,
    "NamespaceTransformer": namespace.from_file,
    "PrefixTransformer": affixes.prefix_from_file,
    "SuffixTransformer": affixes.suffix_from_file,
    "PrefixSuffixTransformer": affixes.both_from_file,
    "LabelTransformer": labels.from_file,
    "AnnotationsTransformer": common_annotations.from_file,
    "PatchJson6902Transformer": json_patches.from_file,
    "ReplicaCountTransformer": replicas.from_file,
    "ImageTagTransformer": images.from_file,
    "ReplacementTransformer": replacements.from_file,
    "ValueAddTransformer": value_add.from_file,
    "HashTransformer": lambda words, context: hashes.suffixed,
}
