"""Kinds that the API server keeps once and serves in two API groups, one made of the other.

As of 1.34 that is Event alone: a rule for the one group sees the objects of the other, with the
fields that they have there. In: an object as the server has it. Out: it in the other group.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.refs import Kind

_CORE, _NEW = "v1", "events.k8s.io/v1"
_TO_NEW = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "count": "deprecatedCount",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "reportingComponent": "reportingController",
}
_TO_CORE = {new: core for core, new in _TO_NEW.items()}
_REPORTER = {"reportingComponent": "", "reportingInstance": ""}  # the core group's are always there
_TWINS = (Kind("", "v1", "Event"), Kind("events.k8s.io", "v1", "Event"))


def twins(kind: Kind) -> tuple[Kind, ...]:
    """The kind in other groups that has the same objects."""
    return tuple(each for each in _TWINS if each != kind) if kind in _TWINS else ()


def converted(value: Mapping[str, Any], api_version: str) -> Mapping[str, Any]:
    """An object of a kind that has a twin, as ``api_version`` has it."""
    words = _TO_NEW if api_version == _NEW else _TO_CORE
    made = {words.get(key, key): each for key, each in value.items()}
    if api_version == _CORE:
        return {**_REPORTER, **made, "apiVersion": _CORE}
    empty = [key for key in ("reportingController", "reportingInstance") if made.get(key) == ""]
    return {**{k: v for k, v in made.items() if k not in empty}, "apiVersion": api_version}
