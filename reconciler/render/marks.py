"""The annotations that kustomize keeps its books in, as far as they may come from outside.

We keep those books in the Item. A file that brings such annotations along (the output of a
tool that builds on kustomize, say) has them read here, and none of them is ever printed.
"""

from __future__ import annotations

from typing import Any

from reconciler.render.ids import Former
from reconciler.render.items import Item
from reconciler.render.scalars import text

_INTERNAL = "internal.config.kubernetes.io/"
NAMES, SPACES, KINDS = (
    _INTERNAL + name for name in ("previousNames", "previousNamespaces", "previousKinds")
)
PREFIXES, SUFFIXES = _INTERNAL + "prefixes", _INTERNAL + "suffixes"
NEEDS_HASH, BEHAVIOR = _INTERNAL + "needsHashSuffix", _INTERNAL + "generatorBehavior"
LOCAL = "config.kubernetes.io/local-config"
ORIGIN = "config.kubernetes.io/origin"
TRANSFORMATIONS = "alpha.config.kubernetes.io/transformations"

NEVER_PRINTED = frozenset(
    [
        *(NAMES, SPACES, KINDS, PREFIXES, SUFFIXES, NEEDS_HASH, BEHAVIOR),
        *(
            _INTERNAL + name
            for name in ("allowNameChange", "allowKindChange", "refBy", "path", "index", "id")
        ),
        _INTERNAL + "seqindent",
        _INTERNAL + "annotations-migration-resource-id",
        *("config.kubernetes.io/path", "config.kubernetes.io/index", "config.k8s.io/id"),
        _INTERNAL + "helm-generated",
    ]
)


def absorbed(item: Item) -> Item:
    """The item with what such annotations say."""
    annotations = annotations_of(item.value)
    if not any(key.startswith(_INTERNAL) for key in annotations):
        return item
    found = {key: text(value) for key, value in annotations.items()}
    books = item.books._replace(
        hashed=found.get(NEEDS_HASH) == "enabled",
        behavior=found.get(BEHAVIOR, ""),
        prefixes=_words(found, PREFIXES),
        suffixes=_words(found, SUFFIXES),
    )
    names, spaces, kinds = (_words(found, key) for key in (NAMES, SPACES, KINDS))
    same = len(names) == len(spaces) == len(kinds)
    former = tuple(map(Former, kinds, names, spaces)) if same else ()
    return Item(item.value, item.origin, former, books)


def annotations_of(value: dict[str, Any]) -> dict[str, Any]:
    metadata = value.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return annotations if isinstance(annotations, dict) else {}


def _words(found: dict[str, str], key: str) -> tuple[str, ...]:
    return tuple(found[key].split(",")) if found.get(key) else ()
