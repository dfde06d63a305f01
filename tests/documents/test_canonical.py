from __future__ import annotations

from typing import Any

import pytest

from reconciler.documents import canonical


def test_bodies_are_compact_with_sorted_keys() -> None:
    value = {"b": [1, None, True], "a": {"y": "é", "x": "<&>"}}
    assert canonical.body(value) == '{"a":{"x":"<&>","y":"é"},"b":[1,null,true]}'.encode()


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (1.0, b"1"),
        (-0.0, b"0"),
        (1e18, b"1000000000000000000"),
        (2.0**63, b"9223372036854776000"),
        (1.5, b"1.5"),
        (2**64, b"1.8446744073709552e+19"),
        (2**64 - 1, b"18446744073709551615"),
        (-(2**63), b"-9223372036854775808"),
    ],
)
def test_whole_numbers_are_integers(number: Any, written: bytes) -> None:
    assert canonical.body([{"a": number}]) == b'[{"a":' + written + b"}]"


def test_equal_objects_have_equal_digests() -> None:
    first = canonical.digest(canonical.body({"a": 1, "b": 2.0}))
    assert canonical.digest(canonical.body({"b": 2, "a": 1.0})) == first
    assert len(first) == 64


def test_what_json_cannot_carry_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(300):
        deep = [deep]
    for value in ([float("inf")], [float("nan")], deep, [deep, 1.0], {"a": b"x"}, "\ud800"):
        with pytest.raises(ValueError):
            canonical.body(value)
