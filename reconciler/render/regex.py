"""Regular expressions of strangers, matched in time that only grows with text and pattern.

Go's matcher never backtracks, Python's does, and for some patterns for ever. So a pattern with
more than one repetition is run here, as a set of states that goes over the text once; simpler
ones, which cannot hurt, are Python's. Only whether there is a match is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from reconciler.render import posix

Matches = Callable[[str], bool]
Test = Callable[[str], bool]

_MOST_STATES = 5_000
_MOST_REPEATS = 1_000  # as in Go
_PATTERNS = 2_048
_TEXTS = 1_024
_WORDY = 300  # characters
_REPEATED = re.compile(r"(?<!\\)(?:\\\\)*[*+?{]")
_BOUNDS = re.compile(r"\{(\d+)(,?)(\d*)\}")
_FLAGS = re.compile(r"\?([imsU]*)(?:-([imsU]+))?([:)])")
_GOS_OWN = re.compile(r"\(\?[a-zA-Z-]+[:)]|\\z|(?:[$^]|\\[bB])[*+?{]")  # not Python's, or not there
_SPELLED = re.compile(r"\\(?:[QpP]|x\{)")  # Go's, and to be told to Python in other words
_ESCAPE = re.compile(r"\\(?:([0-7]{2}|.)|$)", re.DOTALL)
_ESCAPES = frozenset("aAbBdDfnpPQrsStvwWxz0")  # letters and digits that mean something in Go
_LOOKS = re.compile(r"\(\?(?:[=!#>(]|<[=!]|P[^<])")  # what Go has not
_CLASS = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|[^\]])*\]")
_PLAIN = "[&|~"  # in a class; Python means to give them a sense
_WORDS = {  # of Python's errors, as Go has them
    "missing ), unterminated subpattern": "missing closing )",
    "unbalanced parenthesis": "unexpected )",
    "nothing to repeat": "missing argument to repetition operator",
    "multiple repeat": "invalid nested repetition operator",
    "unterminated character set": "missing closing ]",
    "bad escape \\Z": "missing closing ]",  # our own end, within brackets
    "min repeat greater": "invalid repeat count",
    "bad character range": "invalid character class range",
}
_EDGES = ("\\b", "\\B", "\\A", "\\z")
_GROUP = re.compile(r"(?<!\\)\(\?<(?=\w+>)")  # Python wants a P


class Malformed(ValueError):
    """A pattern that cannot be read; of a long one the message has the beginning."""

    def __init__(self, message: str) -> None:
        super().__init__(message if len(message) <= _WORDY else f"{message[:_WORDY]}...`")


@lru_cache(_PATTERNS)
def matcher(pattern: str, tail: str = "") -> Matches:
    """Whether a pattern is found anywhere in a text. Raises Malformed.

    ``tail`` is ours and goes behind it; its repetitions cannot hurt by themselves.
    """
    if _SPELLED.search(pattern):
        pattern = _spelled(pattern)
    _refuse_pythons_own(pattern)
    if _GOS_OWN.search(pattern):
        return lru_cache(_TEXTS)(_Program(pattern + tail).search)
    python = _as_python(pattern + tail)
    if len(_REPEATED.findall(pattern)) <= (0 if tail else 1):
        search = python.search
        return lambda text: search(text) is not None
    return lru_cache(_TEXTS)(_Program(pattern + tail).search)


def _spelled(pattern: str) -> str:
    from reconciler.render import classes  # with all of Unicode, for the few who ask for it

    try:
        return classes.spelled(pattern)
    except classes.Unknown as unknown:
        words = f"invalid character class range: `{unknown}`"
        raise Malformed(f"error parsing regexp: {words}") from None


def whole(pattern: str) -> Matches:
    """Whether a pattern matches the whole of a text. Raises Malformed."""
    matcher(pattern)  # which must be one by itself: a parenthesis may not close ours
    return matcher(f"^(?:{pattern}", ")$")


def _refuse_pythons_own(pattern: str) -> None:
    """References back, looks ahead and the like: Python would take them. Raises Malformed."""
    for escape in _ESCAPE.finditer(pattern):
        found = escape[1]
        if found is None:
            raise Malformed("error parsing regexp: trailing backslash at end of expression: ``")
        if len(found) == 1 and found.isascii() and found.isalnum() and found not in _ESCAPES:
            raise Malformed(f"error parsing regexp: invalid escape sequence: `\\{found}`")
    bare = _CLASS.sub("_", _ESCAPE.sub("__", pattern))
    look = _LOOKS.search(bare)
    if look:
        raise Malformed(
            f"error parsing regexp: invalid or unsupported Perl syntax: `{look[0]}`: `{pattern}`"
        )


def _as_python(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Go's ``$`` is the very end; its classes are ASCII; it has names for classes."""
    try:
        named = posix.named(_GROUP.sub("(?P<", pattern))
    except posix.Unknown as unknown:
        words = f"invalid character class range: `{unknown}`: `{pattern}`"
        raise Malformed(f"error parsing regexp: {words}") from None
    try:
        return re.compile(_ends(named), re.ASCII | flags)
    except (re.error, RecursionError, OverflowError) as error:
        said = str(error)
        words = next((go for python, go in _WORDS.items() if said.startswith(python)), said)
        raise Malformed(f"error parsing regexp: {words}: `{pattern}`") from None


def _ends(pattern: str) -> str:
    """``$`` outside of brackets becomes ``\\Z``."""
    out, inside, skip = [], False, False
    for character in pattern:
        if skip:
            skip = False
        elif character == "\\":
            skip = True
        elif inside:
            inside = character != "]"
            if character in _PLAIN:
                out.append("\\")
        elif character == "[":
            inside = True
        elif character == "$":
            out.append("\\Z")
            continue
        out.append(character)
    return "".join(out)


class _Program:
    """States of a pattern. A state is a test of one character, a fork, or an anchor."""

    def __init__(self, pattern: str) -> None:
        self._tests: list[Test | None] = []
        self._next: list[list[int]] = []
        self._anchors: dict[int, str] = {}
        self._text = pattern
        self._at = 0
        self._flags: frozenset[str] = frozenset()
        start, end = self._alternatives(0)
        if self._at < len(pattern):
            raise Malformed(f"error parsing regexp: unexpected ): `{pattern}`")
        self._start = start
        self._final = self._state()
        self._next[end].append(self._final)

    # -- running -------------------------------------------------------------------

    def search(self, text: str) -> bool:
        current: set[int] = set()
        for index in range(len(text) + 1):
            self._enter(self._start, current, index, text)
            if self._final in current:
                return True
            if index == len(text):
                return False
            character, following = text[index], set[int]()
            for state in current:
                test = self._tests[state]
                if test is not None and test(character):
                    for other in self._next[state]:
                        self._enter(other, following, index + 1, text)
            current = following
        return False

    def _enter(self, state: int, states: set[int], index: int, text: str) -> None:
        """Add a state, and those behind it that need no character."""
        queue = [state]
        while queue:
            one = queue.pop()
            anchor = self._anchors.get(one)
            if one in states or (anchor and not _is_at(anchor, text, index)):
                continue
            states.add(one)
            if self._tests[one] is None:
                queue.extend(self._next[one])

    # -- parsing -------------------------------------------------------------------

    def _state(self, test: Test | None = None) -> int:
        if len(self._tests) >= _MOST_STATES:
            raise Malformed(f"error parsing regexp: expression too large: `{self._text[:60]}`")
        self._tests.append(test)
        self._next.append([])
        return len(self._tests) - 1

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _alternatives(self, depth: int) -> tuple[int, int]:
        if depth > 100:
            raise Malformed(f"error parsing regexp: nested too deeply: `{self._text[:60]}`")
        start, end = self._state(), self._state()
        while True:
            first, last = self._sequence(depth)
            self._next[start].append(first)
            self._next[last].append(end)
            if self._peek() != "|":
                return start, end
            self._at += 1

    def _sequence(self, depth: int) -> tuple[int, int]:
        first = last = self._state()
        while self._peek() not in ("", "|", ")"):
            begin = self._at
            atom = self._atom(depth)
            low, high = self._bounds()
            stop = self._at
            start, end = atom
            if (low, high) != (1, 1):
                copies = [atom]
                while len(copies) < max(low, high or 0, 1):
                    self._at = begin  # a copy is made by reading the atom again
                    copies.append(self._atom(depth))
                start, end = self._repeated(copies, low, high)
            self._at = stop
            self._next[last].append(start)
            last = end
        return first, last

    def _atom(self, depth: int) -> tuple[int, int]:
        character = self._peek()
        if character == "(":
            return self._group(depth)
        start = self._at
        if character in "^$":
            self._at += 1
            return self._anchor(f"m{character}" if "m" in self._flags else character)
        if character == "\\" and self._text[start : start + 2] in _EDGES:
            self._at += 2
            return self._anchor(self._text[start : start + 2])
        if character == "[":
            self._at = self._end_of_class()
        else:
            self._at += 2 if character == "\\" else 1
        state, end = self._state(self._test(self._text[start : self._at])), self._state()
        self._next[state].append(end)
        return state, end

    def _anchor(self, anchor: str) -> tuple[int, int]:
        """What needs no character, but a place; "" is anywhere."""
        state, end = self._state(), self._state()
        self._anchors[state] = anchor
        self._next[state].append(end)
        return state, end

    def _group(self, depth: int) -> tuple[int, int]:
        outside = self._flags
        self._at += 1
        if self._peek() == "?":
            named = re.compile(r"\?(?:P?<\w+>|:)").match(self._text, self._at)
            flags = None if named else _FLAGS.match(self._text, self._at)
            found = named or flags
            if found is None:
                raise Malformed(
                    f"error parsing regexp: invalid or unsupported Perl syntax: `{self._text}`"
                )
            self._at = found.end()
            if flags:
                self._flags = (self._flags | {*flags[1]}) - {*(flags[2] or "")}
                if flags[3] == ")":  # for the rest of the group that it stands in
                    return self._anchor("")
        inner = self._alternatives(depth + 1)
        if self._peek() != ")":
            raise Malformed(f"error parsing regexp: missing closing ): `{self._text}`")
        self._at += 1
        self._flags = outside
        return inner

    def _end_of_class(self) -> int:
        at = self._at + 1
        at += self._text.startswith("^", at)
        at += self._text.startswith("]", at)
        while at < len(self._text) and self._text[at] != "]":
            name = posix.NAME.match(self._text, at)
            at = name.end() if name else at + (2 if self._text[at] == "\\" else 1)
        return at + 1

    def _test(self, source: str) -> Test:
        flags = re.IGNORECASE if "i" in self._flags else 0
        match = _as_python(source, flags | (re.DOTALL if "s" in self._flags else 0)).fullmatch
        return lambda character: match(character) is not None

    def _bounds(self) -> tuple[int, int | None]:
        """How often the last atom comes; None is any number of times."""
        character = self._peek()
        found = _BOUNDS.match(self._text, self._at) if character == "{" else None
        if found:
            self._at = found.end()
            low = int(found[1])
            high = low if not found[2] else int(found[3]) if found[3] else None
            if max(low, high or 0) > _MOST_REPEATS or (high is not None and high < low):
                raise Malformed(f"error parsing regexp: invalid repeat count: `{self._text}`")
        elif character and character in "*+?":
            self._at += 1
            low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}[character]
        else:
            return 1, 1
        if self._peek() == "?":  # lazy: which match is longest does not matter here
            self._at += 1
        return low, high

    def _repeated(
        self, copies: list[tuple[int, int]], low: int, high: int | None
    ) -> tuple[int, int]:
        """An atom's copies in a row: those past ``low`` may be left out, the last be repeated."""
        first = begin = self._state()
        final, last = self._state(), None
        for number, (start, end) in enumerate(copies, start=1):
            if number > low:
                self._next[begin].append(final)
            if high == 0:
                break
            self._next[begin].append(start)
            begin, last = end, start
        self._next[begin].append(final)
        if high is None and last is not None:
            self._next[begin].append(last)
        return first, final


def _is_at(anchor: str, text: str, index: int) -> bool:
    """Whether what an anchor asks for holds before the character at ``index``."""
    before, after = text[index - 1 : index] if index else "", text[index : index + 1]
    if anchor in ("^", "\\A"):
        return not before
    if anchor in ("$", "\\z"):
        return not after
    if anchor == "m^":
        return before in ("", "\n")
    if anchor == "m$":
        return after in ("", "\n")
    return (_is_word(before) != _is_word(after)) == (anchor == "\\b")


def _is_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")
