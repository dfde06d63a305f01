"""Merge patches and JSON patches."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.adapters.memory import patches
from reconciler.model import errors


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
        ({}, {"a": None}, {}),
    ],
)
def test_a_merge_patch_is_as_rfc_7386_says(target: Any, patch: Any, result: Any) -> None:
    before = dict(target)
    assert patches.merged(target, patch) == result
    assert target == before


@pytest.mark.parametrize(
    "patch",
    [
        [{"op": "test", "path": "/a", "value": 2}],
        [{"op": "remove", "path": "/b"}],
        [{"op": "replace", "path": "/a/b/c", "value": 1}],
        [{"op": "move", "path": "/a"}],
        [{"path": "/a"}],
        {"op": "add"},
        ["add"],
        7,
    ],
)
def test_a_json_patch_that_does_not_apply_is_invalid(patch: Any) -> None:
    with pytest.raises(errors.ClusterRefused) as raised:
        patches.patched({"a": 1}, patch)
    assert (raised.value.reason, raised.value.status) == ("Invalid", 422)
