"""Regular expressions by RE2, whose language is Go's: linear time, whatever the pattern.

What cannot be read is told in Go's words (https://pkg.go.dev/regexp/syntax#ErrorCode), as that
is what kustomize and the API server print, and what people search for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re2

Matches = Callable[[str], bool]

_PATTERNS = 256  # with what was learned from texts: each up to _MOST_MEMORY
_ANSWERS = 16_384
_SHORT = 512  # characters of a text whose answer is remembered
_MOST_MEMORY = 1 << 20  # bytes of a compiled pattern
_MOST_REPEATS = 1_000
_WORDY = 300  # characters
_GROUPS = 240  # within each other; Go takes 1,000 levels, of which one group may be four
_SIMPLE = re.compile(r"[A-Za-z0-9_./:@-]*")  # means the same to Python, and cannot hurt
_GROUP_NAME = re.compile(r"\(\?P?<([^=!>][^>]*)>")
_NAME = re.compile(r"[A-Za-z0-9_]+")
# A class that is not closed ends with the text: what follows is no matter then.
_PIECE = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\(?:x\{\w*\}|.)?|\[\^?\]?(?:\[:\^?\w+:\]|\\.?|[^\]\\])*\]?"
    r"|\{(?P<low>\d+)(?:,(?P<high>\d*))?\}|.",
    re.DOTALL | re.ASCII,
)
_WORDS = {  # of RE2's errors, as Go has them
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid repetition size": "invalid repeat count",
    "invalid named capture group": "invalid named capture",
    "pattern too large": "expression too large",
}


class Malformed(ValueError):
    """A pattern that cannot be read; of a long one the message has the beginning."""

    def __init__(self, words: str, part: str) -> None:
        message = f"error parsing regexp: {words}: `{part}`"
        super().__init__(message if len(message) <= _WORDY else f"{message[:_WORDY]}...`")


def matcher(pattern: str, before: str = "", behind: str = "") -> Matches:
    """Whether a pattern is found anywhere in a text. Raises Malformed.

    ``before`` and ``behind`` are ours, to hold it: Python and Go must read them alike, but for
    ``$``, which is the very end.
    """
    if _SIMPLE.fullmatch(pattern):  # most are; for the few others RE2 is loaded
        find = re.compile(f"{before}{pattern}{behind.replace('$', chr(92) + 'Z')}").search
        return lambda text: find(text) is not None
    framed = f"{before}{pattern}{behind}"
    compiled(framed)
    return partial(_is_found_again, framed)


def _is_found_again(pattern: str, text: str) -> bool:
    return (_is_found if len(text) <= _SHORT else _is_found.__wrapped__)(pattern, text)


@lru_cache(_ANSWERS)
def _is_found(pattern: str, text: str) -> bool:
    return compiled(pattern).search(text) is not None


def whole(pattern: str) -> Matches:
    """Whether a pattern matches the whole of a text. Raises Malformed."""
    matcher(pattern)  # which must be one by itself: a parenthesis may not close ours
    return matcher(pattern, "^(?:", ")$")


@lru_cache(_PATTERNS)
def compiled(pattern: str) -> re2._Regexp:
    """A pattern as RE2 has it. Raises Malformed."""
    engine, options = _engine()
    try:
        program = engine.compile(pattern, options)
    except engine.error as error:
        raise _malformed(error.args[0] if error.args else b"", pattern) from None
    nameless = _checked(pattern)
    return program if nameless == pattern else engine.compile(nameless, options)


@cache
def _engine() -> tuple[Any, Any]:
    import re2  # some milliseconds, which a start without patterns does not spend

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MOST_MEMORY
    options.never_capture = True  # groups cost time and memory, and nobody asks for them
    return re2, options


def _checked(pattern: str) -> str:
    """The pattern without the names of groups, which would be captured for them.

    Raises Malformed for what RE2 takes and Go does not.
    """
    depth, end, parts = 0, 0, list[str]()
    for piece in _PIECE.finditer(pattern):
        if piece[0] == "\\C":  # a byte
            raise Malformed("invalid escape sequence", "\\C")
        if piece[0] == "(":
            depth += 1
            name = _GROUP_NAME.match(pattern, piece.start())
            if name and not _NAME.fullmatch(name[1]):  # RE2 takes letters of any script
                raise Malformed("invalid named capture", name[0])
            if name:
                parts.append(pattern[end : piece.end()])
                end = name.end()
        elif piece[0] == ")":
            depth -= 1
        elif _is_large(piece):  # which RE2 takes for a text
            raise Malformed("invalid repeat count", piece[0])
        if depth > _GROUPS:
            raise Malformed("expression nests too deeply", pattern)
    return "".join(parts) + pattern[end:]


def _is_large(piece: re.Match[str]) -> bool:
    """Whether it is how often something comes, and more often than Go allows."""
    counts = [count for count in (piece["low"], piece["high"]) if count]
    return any(len(count) > 4 and int(count[:9]) > _MOST_REPEATS for count in counts)


def _malformed(said: bytes | str, pattern: str) -> Malformed:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    if text.startswith("trailing"):
        return Malformed("trailing backslash at end of expression", "")
    known = next((words for words in _WORDS if text.startswith(words)), None)
    words, _, part = text.partition(": ")
    return Malformed(_WORDS[known] if known else words, part or pattern)
