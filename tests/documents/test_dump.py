from __future__ import annotations

from typing import Any

import pytest

from reconciler.documents import keys
from reconciler.documents.dump import dump, dump_all
from reconciler.model.errors import RenderError

LONG = "word " * 20
PLAIN = [
    "a",
    "a b",
    "a:b",
    "a#b",
    "-a",
    "?x",
    "x]",
    "a, b",
    "it's",
    'say "x"',
    "\\",
    "=",
    "<<",
    "_1",
    "0x",
    "1e",
    "1.2.3",
    "nULL",
    "é",
    "\u00a0",
    "http://host:80/path?x=1",
    "registry.local:5000/app:1.25",
]
SINGLE = [
    " ",
    " lead",
    "trail ",
    "a: b",
    "a:",
    "#x",
    "a #b",
    "- a",
    "-",
    "---",
    "--- x",
    "...",
    "? x",
    ":",
    *(first + "x" for first in "#,[]{}&*!|>%@`"),
]
DOUBLE = [
    "",
    "~",
    "null",
    "true",
    "yes",
    "No",
    "off",
    "y",
    "1",
    "010",
    "0o17",
    "0x1F",
    "0b11",
    "1_000",
    "-1",
    "+.5",
    "1e3",
    "08",
    "1:30",
    "190:20:30.5",
    ".inf",
    ".NaN",
    "2020-01-01",
    "2020-1-1 1:2:3",
    "18446744073709551615",
]
STRINGS: list[tuple[str, str]] = [
    *((text, text) for text in PLAIN),
    *((text, f"'{text}'") for text in SINGLE),
    *((text, f'"{text}"') for text in DOUBLE),
    ("'", "''''"),
    ("a\tb", '"a\\tb"'),
    ("a\r\nb", '"a\\r\\nb"'),
    ("\x00\x07\x1b\x1f", '"\\0\\a\\e\\x1F"'),
    ("😀", '"\\U0001F600"'),
    ("a\ufeffb", '"a\\uFEFFb"'),
    ("\ufeffa\u00a0", '"\\uFEFF\\x61\\_"'),
    ("\x85", "' '"),
    ("a \x85\x85 b", "|-\n  a\n  b"),
    ("a\nb", "|-\n  a\n  b"),
    ("a\nb\n", "|\n  a\n  b"),
    ("a\n\n", "|+\n  a\n"),
    ("\n", "|2+\n"),
    ("\n a", "|2-\n\n   a"),
    (" a\nb", "|2-\n   a\n  b"),
    ("a \nb", '"a \\nb"'),
    ("a\nb ", '"a\\nb "'),
    (LONG + "end", f"{('word ' * 16).strip()}\n  word word word word end"),
    (LONG, f"'{('word ' * 16).strip()}\n  word word word word '"),
    ("'" * 50 + " a", f"'{chr(39) * 100}\n  a'"),
    ("\t" + LONG, f'"\\t{("word " * 16).strip()}\n  word word word word "'),
    ("x" * 81 + "  y z", "x" * 81 + "  y\n  z"),
    ("\t" + "x" * 81 + "  y", '"\\t' + "x" * 81 + "\n  \\ y" + '"'),
    ("a\u2028 b", '"a\\L b"'),
    ("a\u2028b", "'a\u2028  b'"),
]
NUMBERS: list[tuple[Any, str]] = [
    (None, "null"),
    (True, "true"),
    (False, "false"),
    (0, "0"),
    (-(2**63), "-9223372036854775808"),
    (2**64 - 1, "18446744073709551615"),
    (2**64, "1.8446744073709552e+19"),
    (1.0, "1"),
    (-0.0, "0"),
    (1.5, "1.5"),
    (0.0001, "0.0001"),
    (0.00001, "1e-05"),
    (1.25e-7, "1.25e-07"),
    (123456.5, "123456.5"),
    (1234567.5, "1.2345675e+06"),
    (1e20, "1e+20"),
    (2.0**63, "9223372036854776000"),
    (1e21, "1e+21"),
    (5e-324, "5e-324"),
    ({}, "{}"),
    ([], "[]"),
]


@pytest.mark.parametrize(("text", "written"), STRINGS)
def test_a_string_is_written_as_kustomize_writes_it(text: str, written: str) -> None:
    assert f"a: {written}\n" == dump({"a": text})


@pytest.mark.parametrize(("value", "written"), NUMBERS)
def test_other_values_too(value: Any, written: str) -> None:
    assert f"a:\n- {written}\n" == dump({"a": [value]})


def test_lists_are_not_indented_and_what_is_in_them_is() -> None:
    value = {"a": [{"c": 1, "b": [{}, [1, [2]], []]}, "x"], "d": {"e": {}}}
    assert dump(value) == (
        "a:\n- b:\n  - {}\n  - - 1\n    - - 2\n  - []\n  c: 1\n- x\nd:\n  e: {}\n"
    )


def test_long_keys_and_keys_with_lines_have_the_long_form() -> None:
    value = {"k" * 129: 1, "a\nb": [1], "r\r": {"x": 1}, "s p" * 43: "t"}
    assert dump(value) == (
        "? |-\n  a\n  b\n: - 1\n"
        f"? {'k' * 129}\n: 1\n"
        '? "r\\r"\n: x: 1\n'
        f"? {'s ps ps ps ps ps ps ps ps ps ps ps ps ps ps ps ps ps ps ps ps ps ps ps ps ps ps'}\n"
        f"  {'ps ps ps ps ps ps ps ps ps ps ps ps ps ps ps ps p'}\n: t\n"
    )


def test_keys_are_in_natural_order() -> None:
    wanted = ["", " ", "_x", "9", "10", "A", "Z", "a", "a-b", "a.b", "a/b", "a_b", "a1", "a01"]
    wanted += ["a001b", "a2", "a10", "aB", "ab", "b", "x1y2", "x1y10", "é"]
    assert wanted == keys.in_order(reversed(wanted))


def test_a_number_is_compared_from_its_first_digit() -> None:
    assert keys.in_order(["a110", "a11", "a101", "a1"]) == ["a1", "a11", "a101", "a110"]
    assert keys.in_order(["v1.10", "v1.9", "v1"]) == ["v1", "v1.9", "v1.10"]


def test_keys_are_quoted_like_strings() -> None:
    value = {"y": 1, "1": 2, "a: b": 3, "null": 4, "x" * 128: 5}
    assert dump(value) == f'"1": 2\n\'a: b\': 3\n"null": 4\n{"x" * 128}: 5\n"y": 1\n'


def test_documents_are_joined_by_their_separator() -> None:
    assert dump_all([{"a": 1}, {"b": "x"}]) == "a: 1\n---\nb: x\n"
    assert dump_all([]) == ""


def test_a_string_is_folded_by_where_it_stands() -> None:
    value = {"a": {"b": ["x" * 30 + " " + "y" * 40 + " z"]}, "c": "x" * 30 + " " + "y" * 40 + " z"}
    deep = {"a" * 9: value["a"]}
    assert f"{'y' * 40} z\n" in dump(value)
    assert f"{'y' * 40} z\n" in dump(deep)
    assert f"{'y' * 40}\n" in dump({"a" * 20: {"b" * 20: value["c"]}})


def test_what_yaml_cannot_carry_is_refused() -> None:
    for value in (float("inf"), float("nan"), {1, 2}, b"x"):
        with pytest.raises(ValueError):
            dump({"a": value})


@pytest.mark.parametrize("character", ["\x7f", "\x80", "\x9f", "\ufffe", "\uffff"])
def test_a_character_that_kustomize_does_not_print_is_refused(character: str) -> None:
    with pytest.raises(RenderError, match="control characters are not allowed"):
        dump({"a": f"b{character}"})
