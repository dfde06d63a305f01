"""Names of characters between the brackets of a pattern (``[[:digit:]]``), which Python has not."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import groupby

NAME = re.compile(r"\[:(\^?)(\w+):\]")
_OPENS = re.compile(r"\[\^?\]?")
_NAMED = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}


class Unknown(ValueError):
    """There is no such name."""


def named(pattern: str) -> str:
    """The names of characters within brackets told in Python's words. Raises Unknown."""
    if "[:" not in pattern:
        return pattern
    out, at, inside = [], 0, False
    while at < len(pattern):
        name = NAME.match(pattern, at) if inside else None
        if name is not None:
            if name[2] not in _NAMED:
                raise Unknown(name[0])
            part = name[0]
            out.append(_in_class(name))
        else:
            opens = None if inside else _OPENS.match(pattern, at)
            part = opens[0] if opens else pattern[at : at + (2 if pattern[at] == "\\" else 1)]
            inside = (inside or opens is not None) and part != "]"
            out.append(part)
        at += len(part)
    return "".join(out)


def _in_class(name: re.Match[str]) -> str:
    """A name for characters, or for all others, as what stands for it between brackets."""
    inside = _NAMED[name[2]]
    return _others(inside) if name[1] else inside


@lru_cache
def _others(inside: str) -> str:
    """The characters that are not in a class of ASCII."""
    is_inside = re.compile(f"[{inside}]").match
    runs = groupby(range(128), lambda code: is_inside(chr(code)) is None)
    spelled = (
        f"\\x{run[0]:02x}-\\x{run[-1]:02x}" for out, codes in runs if out for run in [[*codes]]
    )
    return "".join(spelled) + "\\x80-\\U0010ffff"
