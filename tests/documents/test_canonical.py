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


ODD = (0.0, -0.0, 1.0, 1.5, -2.25, 1e16, 1e21, 1.5e300, 5e-324, 1e-7, -3e-9, 2**64, -(2**63) - 1)
PLAIN = (0, -1, 2**64 - 1, True, None, "1.5", "x:1.0", "a,1e21]", "1e5", "1.0}", "null", "e1,")


@pytest.mark.parametrize("value", [*ODD, *PLAIN])
def test_a_number_is_written_alike_wherever_it_stands(value: Any) -> None:
    """It is looked for in what was written, and must be found at its ends and in the middle."""
    written = canonical.body(value)
    assert canonical.body([value]) == b"[" + written + b"]"
    assert canonical.body([value, "x"]) == b"[" + written + b',"x"]'
    assert canonical.body({"a": {"b": value}, "c": value}) == (
        b'{"a":{"b":' + written + b'},"c":' + written + b"}"
    )


def test_a_whole_float_is_written_as_an_integer_on_its_own() -> None:
    assert canonical.body(1.0) == b"1"
