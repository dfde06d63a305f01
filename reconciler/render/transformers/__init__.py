"""The transformers, in the order in which a level runs them. Each has a module of its own.

To add one: write a module like ``images`` and give it a row in FIELDS (a kustomization's
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

FIELDS: Mapping[str, tuple[str, FromField]] = {
    "patchesStrategicMerge": ("PatchStrategicMergeTransformer", strategic_patches.from_field),
    "patches": ("PatchTransformer", patches.from_field),
    "namespace": ("NamespaceTransformer", namespace.from_field),
    "namePrefix": ("PrefixTransformer", affixes.prefix_from_field),
    "nameSuffix": ("SuffixTransformer", affixes.suffix_from_field),
    "labels": ("LabelTransformer", labels.from_field),
    "commonLabels": ("LabelTransformer", labels.common_from_field),
    "commonAnnotations": ("AnnotationsTransformer", common_annotations.from_field),
    "patchesJson6902": ("PatchJson6902Transformer", json_patches.from_field),
    "replicas": ("ReplicaCountTransformer", replicas.from_field),
    "images": ("ImageTagTransformer", images.from_field),
    "replacements": ("ReplacementTransformer", replacements.from_field),
}

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
