"""Regular expressions by RE2, whose language is Go's: linear time, whatever the pattern."""

from __future__ import annotations

import functools
import re

import re2

_GROUPS = 240  # within each other; Go takes 1,000 levels, of which one group may be four
_GROUP_NAME = re.compile(r"(?<!\\)(?:\\\\)*\(\?P?<([^=!>][^>]*)>")
_BYTE = re.compile(r"(?<!\\)(?:\\\\)*\\C")  # a byte to RE2, and nothing to Go
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 8 << 20  # bytes of a compiled pattern


@functools.lru_cache(256)
def compiled(pattern: str) -> re2._Regexp:
    """Raises ValueError."""
    if _BYTE.search(pattern):
        raise ValueError("error parsing regexp: invalid escape sequence: `\\C`")
    if found := next((each for each in _GROUP_NAME.finditer(pattern) if _is_odd(each[1])), None):
        raise ValueError(f"error parsing regexp: invalid named capture: `{found[0]}`")
    if _depth(pattern) > _GROUPS:
        raise ValueError("error parsing regexp: expression nests too deeply")
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        words = error.args[0] if error.args else b""
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        raise ValueError(f"error parsing regexp: {text}") from None


def _is_odd(name: str) -> bool:
    """Names of groups are ASCII words to Go; RE2 takes letters of any script."""
    return not re.fullmatch(r"[A-Za-z0-9_]+", name)


def _depth(pattern: str) -> int:
    """How many groups stand within each other at most, or a few more."""
    depth = most = 0
    for sign in re.sub(r"\\.", "", pattern, flags=re.S):
        depth += (sign == "(") - (sign == ")" and depth > 0)
        most = max(most, depth)
    return most


def matches(text: str, pattern: str) -> bool:
    """Whether it matches anywhere; a pattern is compiled once. Raises ValueError."""
    return compiled(pattern).search(text) is not None


def find(text: str, pattern: str) -> str:
    """The first match, ``""`` where there is none. Raises ValueError."""
    found = compiled(pattern).search(text)
    return str(found.group(0)) if found else ""


def find_all(text: str, pattern: str, most: int = -1) -> list[str]:
    """Matches that do not overlap, at most ``most`` unless that is below 0. Raises ValueError.

    As in Go, an empty match right after another match is none.
    """
    found: list[str] = []
    end = -1
    for match in compiled(pattern).finditer(text):
        if 0 <= most <= len(found):
            break
        start, stop = match.span(0)
        if start == stop == end:
            continue
        found.append(str(match.group(0)))
        end = stop
    return found
