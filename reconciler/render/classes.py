"""Spellings of Go's expressions that Python has not, as ones that it has: in and out a pattern.

``\\pL`` and ``\\p{Lu}`` become the ranges of a class, ``\\Q...\\E`` and ``\\x{61}`` what they
stand for. Called by ``regex``, for the few patterns that hold one.
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from functools import cache

_TOKEN = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|\Z)"
    r"|\\x\{(?P<code>[0-9a-fA-F]{1,8})\}"
    r"|\\(?P<sign>[pP])(?:\{(?P<not>\^?)(?P<long>\w+)\}|(?P<short>\w))"
    r"|\[:\w+:\]|(?P<open>\[\^?\]?)|(?P<close>\])|\\.|.",
    re.DOTALL,
)
_SUBCATEGORIES = {
    "L": "ultmo",
    "M": "nce",
    "N": "dlo",
    "P": "cdseifo",
    "S": "mcko",
    "Z": "slp",
    "C": "cfos",
}
_CATEGORIES = {major + minor for major, minors in _SUBCATEGORIES.items() for minor in ("", *minors)}


class Unknown(ValueError):
    """A class that is not known; ``str()`` is how it was written."""


def spelled(pattern: str) -> str:
    """The same in Python's words. Raises Unknown."""
    out, inside = [], False
    for token in _TOKEN.finditer(pattern):
        words = token[0]
        if token["quoted"] is not None and not inside:
            words = "".join(map(_literal, token["quoted"]))
        elif token["code"]:
            words = _code(token)
        elif token["sign"]:
            words = _class(token, inside=inside)
        elif token["open"]:
            inside = True
        elif token["close"]:
            inside = False
        out.append(words)
    return "".join(out)


def _code(token: re.Match[str]) -> str:
    code = int(token["code"], 16)
    if code > sys.maxunicode:
        raise Unknown(token[0])
    return _literal(chr(code))


def _class(token: re.Match[str], *, inside: bool) -> str:
    name = token["long"] or token["short"]
    if name not in _CATEGORIES:
        raise Unknown(token[0])
    wanted = (token["sign"] == "p") != bool(token["not"])
    ranges = _ranges(name, wanted=wanted)
    return ranges if inside else f"[{ranges}]"


@cache
def _ranges(name: str, *, wanted: bool) -> str:
    """The characters that are, or are not, of a category, as a class without its brackets."""
    found, start = [], None
    for code in range(sys.maxunicode + 2):
        is_in = code <= sys.maxunicode and _has(code, name) == wanted
        if is_in and start is None:
            start = code
        elif not is_in and start is not None:
            found.append(f"{_literal(chr(start))}-{_literal(chr(code - 1))}")
            start = None
    return "".join(found)


def _has(code: int, name: str) -> bool:
    category = unicodedata.category(chr(code))
    return category.startswith(name) and category != "Cn"


def _literal(character: str) -> str:
    """One character that means itself, in a class too."""
    return f"\\{character}" if character in string.punctuation else character
