"""Regular expressions: the answers of Python's own, without its way to get lost."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import regex

_ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\.", "-", "[[:alpha:]]"])
_REPEATS = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{2,}", "{0,1}", "*?", "{0}"])
PATTERNS = st.recursive(
    _ATOMS,
    lambda inner: (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})")
        | st.tuples(inner, _REPEATS).map(lambda pair: f"(?:{pair[0]}){pair[1]}")
    ),
    max_leaves=8,
)


@given(PATTERNS, st.sampled_from(["{}", "^{}", "{}$", "^(?:{})$"]), st.text("ab1.-", max_size=6))
def test_a_match_is_found_where_python_finds_one(pattern: str, frame: str, text: str) -> None:
    framed = frame.format(pattern) if "{}" in frame else frame
    python = framed.replace("[[:alpha:]]", "[A-Za-z]").replace("$", r"\Z")
    assert regex.matcher(framed)(text) == bool(re.search(python, text))


def test_a_pattern_that_backtracks_for_ever_elsewhere_is_answered_at_once() -> None:
    assert not regex.matcher("^(?:(a+)+)$")("a" * 5_000 + "b")
    assert regex.matcher("^(?:" + "a?" * 40 + "a" * 40 + ")$")("a" * 40)


@pytest.mark.parametrize(
    "pattern", ["(", "a**", "[z-a]", "(a{0,1000}){0,1000}", "a{1001}b*", "(?x)a"]
)
def test_a_pattern_that_cannot_be_read_is_refused(pattern: str) -> None:
    with pytest.raises(regex.Malformed, match="error parsing regexp"):
        regex.matcher(pattern)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"(w)\1", r"invalid escape sequence: `\1`"),
        (r"web\Z", r"invalid escape sequence: `\Z`"),
        ("web\\", "trailing backslash at end of expression"),
        ("w(?=e)eb", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?<!w)eb", "invalid or unsupported Perl syntax: `(?<!`"),
        ("(", "missing closing )"),
        (")", "unexpected )"),
        ("[a", "missing closing ]"),
        ("[z-a]", "invalid character class range"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        ("a**", "invalid nested repetition operator"),
        ("*", "missing argument to repetition operator"),
        ("x{2,1}", "invalid repeat count"),
    ],
)
def test_what_go_would_refuse_is_refused_in_its_words(pattern: str, words: str) -> None:
    with pytest.raises(regex.Malformed) as caught:
        regex.whole(pattern)
    assert words in str(caught.value)


def test_the_error_of_a_long_pattern_is_short() -> None:
    with pytest.raises(regex.Malformed) as caught:
        regex.matcher("(" * 20_000 + "a" + ")" * 20_000)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("(?i)web.*x+", "my WEB-X", True),
        ("(?i)web.*x+", "my WE-X", False),
        ("^(?:(?i)web)$", "WEB", True),
        ("^(?:(?i:w)eb)$", "WEB", False),
        ("^(?:(?i:W)eb)$", "web", True),
        ("(?i)a(?-i)b", "Ab", True),
        ("(?i)a(?-i)b", "AB", False),
        (r"\bweb\b.*x*", "a web b", True),
        (r"\bweb\b.*x*", "aweb b", False),
        (r"a*\Bb*c", "abc", True),
        ("(?s)a.*b.*", "a\nb", True),
        ("^*web", "my web", True),
        (r"\b*web", "my web", True),
        ("^(?:(?<all>web))$", "web", True),
        ("^(?:[(?=]+)$", "(=?", True),
        ("^(?:[[a||b&&~]+)$", "[|&~", True),
        ("(?m)^b*$", "a\nbb", True),
        (r"\Aa*\z|q+", "aab", False),
        ("(?U)a+b*", "xa", True),
    ],
)
def test_flags_and_edges_are_gos(pattern: str, text: str, found: bool) -> None:
    assert regex.matcher(pattern)(text) is found


@pytest.mark.parametrize(
    ("pattern", "matched", "other"),
    [
        (r"\pL+", "aé", "a1"),
        (r"\p{Lu}a*", "Éaa", "éaa"),
        (r"\PL", "1", "a"),
        (r"\p{^L}", "1", "a"),
        (r"[\pL-]+", "a-b", "a_b"),
        (r"[^\PL]", "a", "1"),
        (r"\Q.a*\E", ".a*", "xaa"),
        (r"\Q(\Eb+", "(bb", "bb"),
        (r"\x{61}b", "ab", "xb"),
        (r"\x{10330}+", "\U00010330", "a"),
        (r"(\pN*\pL*)*", "1a", "-"),
        (r"\p{Greek}+", "\u03b1\u03a9", "a\u03b1"),
        (r"\P{Latin}+", "\u03b11", "a\u03b1"),
        (r"(?i)É\W?\x{17f}", "és", "eS"),
        (r"(?i)[[:^lower:]]", "1", "ab"),
        (r"[[:^digit:]\pN]", "1", "12"),
    ],
)
def test_what_go_alone_can_spell_means_the_same(pattern: str, matched: str, other: str) -> None:
    assert regex.whole(pattern)(matched)
    assert not regex.whole(pattern)(other)


@pytest.mark.parametrize("pattern", [r"\p{Foo}", r"\pX", r"[[:foo:]]"])
def test_a_class_that_is_not_known_is_refused(pattern: str) -> None:
    with pytest.raises(regex.Malformed, match="invalid character class range"):
        regex.whole(pattern)


def test_nothing_is_quoted_within_a_class() -> None:
    with pytest.raises(regex.Malformed):
        regex.whole(r"[\Qa\E]")


def test_many_classes_of_others_cost_little_and_what_is_too_large_is_refused() -> None:
    assert regex.matcher("[[:^digit:]]" * 1_000)("a" * 1_000)
    with pytest.raises(regex.Malformed, match="expression too large"):
        regex.matcher(r"\pL{1000}")


@pytest.mark.parametrize("opens", ["[", "(", "\\Q", "[[:", "[\\", "(?P<", "\\("])
def test_what_is_opened_very_often_is_read_once(opens: str) -> None:
    opened = opens * (30_000 // len(opens))
    with contextlib.suppress(regex.Malformed):  # in a time that only grows with its length
        regex.matcher(f"{opened}.")("a")
    with contextlib.suppress(regex.Malformed):
        regex.matcher(f"{opened}\\")("a")


@pytest.mark.parametrize("count", ["{1001}", "{99999999999}", "{1,999999999999}", "{99999999999,}"])
def test_what_is_repeated_too_often_is_refused_however_large_the_number(count: str) -> None:
    with pytest.raises(regex.Malformed, match="invalid repeat count"):
        regex.matcher(f"a{count}|.*")
    assert regex.matcher(rf"\Qa{count}\E|\{count}|[{count}]")("{")


def test_groups_cost_nothing_as_nobody_asks_for_them() -> None:
    """RE2 would note where each began, for each of its threads: gigabytes, where there are many."""
    program = regex.compiled("(?:a|b)*" + "()(?P<a>)(?<b>)" * 5_000)
    assert program.groups == 0
    assert program.search("ab")
