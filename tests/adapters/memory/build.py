"""Shapes and entries for the tests of the pure parts."""

from __future__ import annotations

from typing import Any

from reconciler.adapters.memory.entries import APPLY, UPDATE, Entry, Writer
from reconciler.adapters.memory.fields import FieldSet
from reconciler.schema import typed
from reconciler.schema.typed import Shape

TEXT = {"type": "string"}


def shape(**properties: Any) -> Shape:
    """Of a map with these fields, as OpenAPI has them."""
    made = typed.custom({"type": "object", "properties": properties})
    assert made.map is not None
    return made


def keyed(*keys: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": list(keys),
        "items": {"type": "object", "properties": dict.fromkeys(keys, TEXT) | properties},
    }


def named_items(**properties: Any) -> dict[str, Any]:
    return keyed("name", **properties)


UNIQUE = {"type": "array", "x-kubernetes-list-type": "set", "items": TEXT}
PLAIN = {"type": "array", "items": TEXT}
TEXTS = {"type": "object", "additionalProperties": TEXT}
FREE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def paths(*texts: str) -> FieldSet:
    """``a/b`` is the field b of a; a word with a colon stands for itself."""
    return frozenset(
        tuple(word if ":" in word else f"f:{word}" for word in text.split("/")) for text in texts
    )


def writer(manager: str, operation: str = APPLY, *, time: str = "t1") -> Writer:
    return Writer(manager=manager, operation=operation, subresource="", api_version="v1", time=time)


def entry(manager: str, *texts: str, operation: str = APPLY, time: str = "t0") -> Entry:
    return writer(manager, operation, time=time).entry(paths(*texts))


def updater(manager: str, *texts: str, time: str = "t0") -> Entry:
    return entry(manager, *texts, operation=UPDATE, time=time)
