"""The bound of what an evaluation may cost: from the data that it reaches, and never too low."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.cel import cost
from reconciler.cel.environment import Compiler
from reconciler.cel.errors import TooCostly
from reconciler.cel.extent import MOST, Extent, Sizes, joined
from reconciler.cel.scope import Program, Scope


def program(text: str, **variables: str) -> tuple[Program, Compiler]:
    compiler = Compiler(params=True)
    for name, each in variables.items():
        compiler.add_variable(name, each)
    return compiler.compile(text, "bool"), compiler


def bound(text: str, value: Any, **variables: str) -> int:
    found, _ = program(text, **variables)
    return found.bound.close({"object": Extent.of(value)}, Sizes.of([value]))


def test_only_what_is_reached_counts() -> None:
    value = {"few": [1, 2], "many": list(range(5_000))}
    few = bound("object.few.all(x, x > 0)", value)
    assert few < 100 < bound("object.many.all(x, x > 0)", value)
    found, _ = program("object.few.all(x, x > 0)")
    assert found.bound.rough(Sizes.of([value])) > few


def test_a_loop_within_a_loop_costs_the_product() -> None:
    value = {"l": list(range(100))}
    once = bound("object.l.all(x, x > 0)", value)
    twice = bound("object.l.all(x, object.l.all(y, x > y))", value)
    assert 50 < twice / once < 200


def test_loops_whose_variables_have_one_name_are_told_apart() -> None:
    value = {"l": ["a,b"] * 10}
    text = "object.l.map(e, e.split(',').map(e, e.trim()).filter(e, e != '')).all(e, e != [])"
    assert 0 < bound(text, value) < cost.EXPRESSION


def test_text_that_grows_is_counted_before_it_is_made() -> None:
    grown = "object.s" + ".replace('', object.s)" * 8 + ".size() > 0"
    assert bound(grown, {"s": "x" * 1_000}) > cost.EXPRESSION
    found, compiler = program(grown)
    with pytest.raises(TooCostly, match="may cost up to"):
        found.value(Scope(compiler.variables, {"object": {"s": "x" * 1_000}}))


def test_variables_that_double_end() -> None:
    names = {"v0": "object.l + object.l"}
    for number in range(1, 40):
        names[f"v{number}"] = f"variables.v{number - 1} + variables.v{number - 1}"
    found = bound("variables.v39.all(x, x > 0)", {"l": [1, 2, 3]}, **names)
    assert cost.EXPRESSION < found <= MOST


def test_a_variable_is_paid_for_once_and_what_is_left_counts() -> None:
    found, compiler = program(
        "variables.v.all(x, x > 0)", v="object.l.map(x, x + 1)", w="object.l.map(x, x + 2)"
    )
    scope = Scope(compiler.variables, {"object": {"l": list(range(1, 1_000))}}, budget=100_000)
    assert found.value(scope) is True
    with pytest.raises(TooCostly):
        for _ in range(100):
            found.value(scope)


def test_a_loop_past_the_engines_own_bound_says_which() -> None:
    found, compiler = program("object.l.all(x, true) && object.l.all(x, true)")
    with pytest.raises(TooCostly, match=r"object\.l.* takes more than 10000 iterations") as error:
        found.value(Scope(compiler.variables, {"object": {"l": [0] * 9_000}}))
    assert error.value.text == found.text


def test_what_may_be_either_is_as_large_as_the_larger() -> None:
    one, other = Extent.of([1, 2, 3]), Extent.of("text", ["a" * 9])
    both = joined((one, other, one))
    assert (both.count, both.text, both.entries().text) == (3, 4, 9)
    anything = Extent.any(Sizes(collection=4, text=8, total=16))
    assert joined((anything, anything)) is anything
    assert joined((anything, one)).field("x").field("y").count == 4
