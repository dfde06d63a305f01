"""Where the engine is kinder than Go, an expression errs or is refused all the same."""

from __future__ import annotations

import pytest

from reconciler.cel.environment import Compiler
from reconciler.cel.errors import CompileError, EvaluationError
from reconciler.cel.scope import Scope


def value(text: str, **fields: object) -> object:
    program = Compiler(params=False).compile(text, "bool")
    return program.value(Scope({}, {"object": fields, "oldObject": None}))


def test_durations_are_64_bits_of_nanoseconds() -> None:
    text = "duration(object.a) > duration('1h')"
    assert value(text, a="2562047h47m") is True
    with pytest.raises(EvaluationError, match="type conversion error"):
        value(text, a="2562048h")


@pytest.mark.parametrize(
    ("text", "fine", "long"),
    [
        ("duration(object.a) + duration(object.a) > duration('1h')", "2h", "2562047h"),
        (
            "timestamp(object.a) - timestamp('0001-01-01T00:00:00Z') > duration('1h')",
            "0002-01-01T00:00:00Z",
            "9999-01-01T00:00:00Z",
        ),
    ],
)
def test_sums_of_times_overflow(text: str, fine: str, long: str) -> None:
    assert value(text, a=fine) is True
    with pytest.raises(EvaluationError, match="overflow"):
        value(text, a=long)


def test_sums_of_durations_within_each_other_end() -> None:
    with pytest.raises(CompileError, match="too many sums"):
        value(f"{' + '.join(['duration(object.a)'] * 12)} > duration('1h')", a="1h")


def test_a_minute_has_no_leap_second() -> None:
    text = "timestamp(object.a) > timestamp('2000-01-01T00:00:00Z')"
    assert value(text, a="2016-12-31T23:59:59Z") is True
    with pytest.raises(EvaluationError, match="type conversion error"):
        value(text, a="2016-12-31T23:59:60Z")


@pytest.mark.parametrize("pattern", ["(?P<é>a)", "(" * 1001 + "a" + ")" * 1001])
def test_patterns_that_go_does_not_take_are_errors(pattern: str) -> None:
    with pytest.raises(EvaluationError, match="error parsing regexp"):
        value("'a'.matches(object.r)", r=pattern)


@pytest.mark.parametrize("text", ["'uid' in request.userInfo", "object.a in request"])
def test_the_requests_parts_are_no_maps(text: str) -> None:
    with pytest.raises(CompileError, match="@in"):
        value(text, a="b")


@pytest.mark.parametrize(
    "text",
    ["object" + ".a" * 40 + " == 1", "(" * 40 + "true" + ")" * 40, "[" * 32 + "]" * 32 + " == []"],
)
def test_an_expression_that_is_nested_too_deep_is_told_as_such(text: str) -> None:
    with pytest.raises(CompileError, match="nested too deep: about 30 levels"):
        Compiler(params=False).compile(text, "bool")


def test_variables_that_are_inlined_count_as_levels() -> None:
    compiler = Compiler(params=False)
    sums = " + 1u" * 25
    compiler.add_variable("a", f"uint(object.a){sums}")
    with pytest.raises(CompileError, match="nested too deep: about 30 levels"):
        compiler.add_variable("b", f"variables.a{sums}")
