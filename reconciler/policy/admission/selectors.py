"""Kubernetes' label selectors over labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def matches(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Whether the labels fit; an empty selector fits all. The selector has its proper shape."""
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    return all(_fits(each, labels) for each in selector.get("matchExpressions") or ())


def _fits(requirement: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key, operator = requirement["key"], requirement["operator"]
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    among = key in labels and labels[key] in (requirement.get("values") or ())
    return among if operator == "In" else not among


def keys(selector: Mapping[str, Any]) -> set[str]:
    """The labels that it asks for."""
    expressions = selector.get("matchExpressions") or ()
    return {*(selector.get("matchLabels") or {}), *(each["key"] for each in expressions)}
