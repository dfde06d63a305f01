"""From the API server's JSON to the vocabulary. Pure.

In comes what ``orjson.loads`` made of an object, out go ``values.Live`` and plain values.
Nothing of what comes in is trusted to have the type that it should have: a field of another
type counts as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from reconciler.model import values
from reconciler.model.refs import ObjectRef


def mapping(value: object) -> Mapping[str, Any]:
    """``value`` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """``value`` if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """``value`` if it is a string, else ``""``."""
    return value if isinstance(value, str) else ""


def live_of(obj: Mapping[str, Any]) -> values.Live:
    """An object's metadata, of a whole object or of a metadata-only one that was ``named``."""
    metadata = mapping(obj.get("metadata"))
    api_version = text(obj.get("apiVersion"))
    generation = metadata.get("generation")
    return values.Live(
        ref=ObjectRef(
            api_version.rpartition("/")[0],
            text(obj.get("kind")),
            text(metadata.get("namespace")),
            text(metadata.get("name")),
        ),
        api_version=api_version,
        uid=text(metadata.get("uid")),
        resource_version=text(metadata.get("resourceVersion")),
        generation=generation if isinstance(generation, int) else 0,
        deleting=bool(metadata.get("deletionTimestamp")),
        labels={
            key: value
            for key, value in mapping(metadata.get("labels")).items()
            if isinstance(value, str)
        },
        managed=tuple(_entry(mapping(e)) for e in sequence(metadata.get("managedFields"))),
    )


def _entry(entry: Mapping[str, Any]) -> values.ManagedEntry:
    return values.ManagedEntry(
        manager=text(entry.get("manager")),
        operation=text(entry.get("operation")),
        subresource=text(entry.get("subresource")),
        api_version=text(entry.get("apiVersion")),
        time=text(entry.get("time")),
        fields=_canonical(mapping(entry.get("fieldsV1"))),
    )


def _canonical(fields: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        # Nested deeper than orjson writes (254): no manifest of ours is, and one entry of a
        # foreigner must not end the watch of its kind.
        return b"{}"
