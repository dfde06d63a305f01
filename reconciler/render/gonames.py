"""What kustomize calls the parts of a kustomization in its messages: its Go types.

A field that is of the wrong type is told by the struct that holds it and the way there, on which
an embedded struct counts: ``ConfigMapArgs.configMapGenerator.GeneratorArgs.name``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ROOT = "Kustomization"
CONFIGURATION = "TransformerConfig"  # as the first of the names: of a file of ``configurations``

# The structs of a struct's fields.
_BELOW: Mapping[str, Mapping[str, str]] = {
    ROOT: {
        "configMapGenerator": "ConfigMapArgs",
        "generatorOptions": "GeneratorOptions",
        "helmGlobals": "HelmGlobals",
        "imageTags": "Image",
        "images": "Image",
        "labels": "Label",
        "metadata": "ObjectMeta",
        "patches": "Patch",
        "patchesJson6902": "Patch",
        "replacements": "ReplacementField",
        "replicas": "Replica",
        "secretGenerator": "SecretArgs",
        "sortOptions": "SortOptions",
        "vars": "Var",
    },
    CONFIGURATION: {
        **dict.fromkeys(("namePrefix", "nameSuffix", "namespace", "images"), "FieldSpec"),
        **dict.fromkeys(("commonLabels", "labels", "templateLabels"), "FieldSpec"),
        **dict.fromkeys(("commonAnnotations", "varReference", "replicas"), "FieldSpec"),
        "nameReference": "NameBackReferences",
    },
    "ConfigMapArgs": {"options": "GeneratorOptions"},
    "NameBackReferences": {"fieldSpecs": "FieldSpec"},
    "Label": {"fields": "FieldSpec"},
    "Patch": {"options": "PatchArgs", "target": "Selector"},
    "ReplacementField": {"source": "SourceSelector", "targets": "TargetSelector"},
    "SecretArgs": {"options": "GeneratorOptions"},
    "SortOptions": {"legacySortOptions": "LegacySortOptions"},
    "SourceSelector": {"options": "FieldOptions"},
    "TargetSelector": {"options": "FieldOptions", "reject": "Selector", "select": "Selector"},
    "Var": {"fieldref": "FieldSelector", "objref": "Target"},
}
_GENERATOR = {
    **dict.fromkeys(("behavior", "name", "namespace", "options"), ("GeneratorArgs",)),
    **dict.fromkeys(("env", "envs", "files", "literals"), ("GeneratorArgs", "KvPairSources")),
}
_KIND = dict.fromkeys(("group", "version", "kind"), ("Gvk",))
_ID = {
    **dict.fromkeys(("group", "version", "kind"), ("ResId", "Gvk")),
    **dict.fromkeys(("name", "namespace"), ("ResId",)),
}
# The embedded structs that a struct's fields are of.
_WITHIN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    ROOT: dict.fromkeys(("apiVersion", "kind"), ("TypeMeta",)),
    "ConfigMapArgs": _GENERATOR,
    "FieldSpec": _KIND,
    "NameBackReferences": _KIND,
    "ReplacementField": dict.fromkeys(("source", "sourceValue", "targets"), ("Replacement",)),
    "SecretArgs": _GENERATOR,
    "Selector": _ID,
    "SourceSelector": _ID,
    "Target": _KIND,
}
_NAMED = {  # types of their own, where others are plain strings and integers
    "count": "int64",
    "order": "types.SortOrder",
    "patchesStrategicMerge": "types.PatchStrategicMerge",
}
_POINTERS = ("reject", "targets")  # lists of pointers
_SLICES = {"types.FieldSpec": "types.FsSlice", "types.NameBackReferences": "types.NbrSlice"}


def field(words: Sequence[str]) -> str:
    """A field's name, by the names that lead to it."""
    root, words = _root(words)
    struct, owner, way = root, root, list[str]()
    for word in words:
        owner = struct
        way += [*_WITHIN.get(struct, {}).get(word, ()), word]
        struct = _BELOW.get(struct, {}).get(word, struct)
    return ".".join((owner, *way))


def struct(words: Sequence[str]) -> str:
    """The type of the mapping that the names lead to."""
    name, words = _root(words)
    for word in words:
        name = _BELOW.get(name, {}).get(word, word)
    return f"types.{name}"


def scalar(kind: str, words: Sequence[str]) -> str:
    """The type of the scalar that the names lead to; ``kind`` is what it mostly is."""
    return _NAMED.get(words[-1], kind) if words else kind


def json(value: Any) -> str:
    """What Go's JSON calls a value that does not fit."""
    return next((name for kind, name in _JSON if isinstance(value, kind)), "object")


_JSON: tuple[tuple[Any, str], ...] = (
    (bool, "bool"),
    (str, "string"),
    (int | float, "number"),
    (list, "array"),
)


def several(item: str, words: Sequence[str]) -> str:
    """The type of the list that the names lead to."""
    if words and words[0] == CONFIGURATION and item in _SLICES:
        return _SLICES[item]
    return f"[]*{item}" if words and words[-1] in _POINTERS else f"[]{item}"


def _root(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The type of the whole file, and the names of fields below it."""
    return (CONFIGURATION, words[1:]) if words and words[0] == CONFIGURATION else (ROOT, words)
