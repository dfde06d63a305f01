"""JSON merge patches (RFC 7386) and JSON patches (RFC 6902). Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jsonpatch
import jsonpointer

from reconciler.adapters.memory import refusals

Change = Callable[[dict[str, Any]], dict[str, Any]]


def merged(target: Any, patch: Any) -> Any:
    """``target`` with a merge patch applied: null removes."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def patched(target: dict[str, Any], patch: Any) -> Any:
    """``target`` with a JSON patch applied. Raises ClusterRefused (Invalid)."""
    try:
        return jsonpatch.apply_patch(target, patch)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        # The error's own words may quote a secret's value.
        words = f"the JSON patch does not apply ({type(error).__name__})"
        raise refusals.invalid(words) from None


PATCHES: Mapping[str, Callable[[dict[str, Any], Any], Any]] = {"merge": merged, "json": patched}
