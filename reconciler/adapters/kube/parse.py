"""What is peculiar to the API server's answers: names, versions, bookmarks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.objects import live_of, mapping, sequence, text
from reconciler.model.refs import Kind

__all__ = [
    "ends_initial_events",
    "live_of",
    "mapping",
    "named",
    "resource_version",
    "sequence",
    "text",
]

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


def named(kind: Kind, obj: Mapping[str, Any]) -> dict[str, Any]:
    """The object under its own kind.

    Items of a list carry none, and metadata-only answers call themselves PartialObjectMetadata.
    """
    return {**obj, "apiVersion": kind.api_version, "kind": kind.kind}


def resource_version(obj: Mapping[str, Any]) -> str:
    """``metadata.resourceVersion`` of an object, a list or a bookmark."""
    return text(mapping(obj.get("metadata")).get("resourceVersion"))


def ends_initial_events(obj: Mapping[str, Any]) -> bool:
    """Whether this bookmark closes the initial list of a watch."""
    annotations = mapping(mapping(obj.get("metadata")).get("annotations"))
    return annotations.get(INITIAL_EVENTS_END) == "true"
