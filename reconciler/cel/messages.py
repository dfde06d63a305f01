"""The engine's errors in the API server's words, as far as the two say the same thing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

NO_OVERLOAD = "no such overload"
_CODE = re.compile(r"[A-Z_]+: ")
_Say = Callable[[re.Match[str]], str]


def _same(text: str) -> _Say:
    return lambda _: text


_TYPES = {"int64": "int", "uint64": "uint"}


def _types(text: str) -> str:
    return ", ".join(_TYPES.get(each, each) for each in text.split(", "))


_WORDS: Mapping[str, _Say] = {
    r'Key not found in map : "(.*)"': lambda found: f"no such key: {found[1]}",
    r"Key not found in map : (.*)": lambda found: f"no such key: {found[1]}",
    r"No matching overloads found : ([a-zA-Z][\w.]*)\((.*)\)": lambda found: (
        f"{NO_OVERLOAD}: {found[1]}({_types(found[2])})"
    ),
    r"No matching overloads found : .*": _same(NO_OVERLOAD),
    r"Index error: index=(-?\d+) size=\d+": lambda found: f"index out of bounds: {found[1]}",
    r"divide by zero": _same("division by zero"),
    r"modulus by zero": _same("modulus by zero"),
    r"integer overflow": _same("integer overflow"),
    r"unsigned integer overflow": _same("unsigned integer overflow"),
    r"Applying SELECT to non-message type": _same(NO_OVERLOAD),
    r"No value with name \"(.*)\" found in Activation": lambda found: (
        f"no such attribute(s): {found[1]}"
    ),
}
_TABLE = tuple((re.compile(pattern, re.DOTALL), say) for pattern, say in _WORDS.items())


def told(text: str) -> str:
    """The server's words for one of the engine's errors."""
    bare = _CODE.sub("", text, count=1) if _CODE.match(text) else text
    for pattern, say in _TABLE:
        found = pattern.fullmatch(bare)
        if found:
            return say(found)
    return bare
