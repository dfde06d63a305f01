"""What an unquoted word means: in comes a scalar's text, out goes a plain Python value.

Dialects, as kustomize has two readers. RESOURCE is for resources and strategic merge
patches (``yes`` is a string), CONFIG for kustomization files and JSON patches (``yes`` is
true). OBJECT is RESOURCE for what is no patch, where null does not mean "delete"; MANIFEST
also tells BLANK from null, and PATCH takes any key, also twice; both have Words. All read
``010`` and ``0o10`` as 8, ``1_000`` as 1000, ``1.0`` as 1 and 2**64 as a float. Called by
``load``; ``dump`` asks which strings need quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

INT64_MIN = -(2**63)
UINT64_MAX = 2**64 - 1

FIRST = frozenset("+-0123456789.yYnNtTfFoO~")  # no other character begins a non-string
_INTEGER = re.compile(
    r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([-+]?[01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))"
)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_POINT = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:([Tt])|\ +)([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,]([0-9]+))?"
    r"(Z|[-+][0-9]{2}:[0-9]{2})?)?"
)
_LONGEST_INTEGER = 80  # characters; 64 binary digits with sign and prefix fit


class Blank:
    """The type of BLANK."""

    def __repr__(self) -> str:
        return "BLANK"


class Word(str):
    """An unquoted word among strings, as it is written; ``value`` is what it is elsewhere."""

    def __new__(cls, text: str, value: Any) -> Word:
        made = super().__new__(cls, text)
        made.value = value
        return made

    value: Any


class NoString(str):
    """A key that was no string, as it is written; only PATCH has such."""

    __slots__ = ()


class Doubled(NoString):
    """A key that stands once more; equal to nothing, so that both are kept. Only PATCH has such."""

    __slots__ = ()
    __eq__ = object.__eq__
    __hash__ = object.__hash__


BLANK = Blank()  # null where nothing is written: a strategic merge drops it, and keeps ``null``
BRACED = Blank()  # the same between braces: printed as "" where no merge comes by


class Unsupported(ValueError):
    """``.inf``, ``.nan`` or a time zone of 24 hours: YAML has them, JSON has not."""


class Scalars(NamedTuple):
    """A dialect. ``words`` are the unquoted words that are not strings."""

    words: Mapping[str, Any]
    timestamp: Callable[[str], str | None]
    strict: bool  # duplicate keys and keys that are not strings are errors; annotations are text
    hollow: bool = False  # null annotations are text too, and nothing between braces is ""
    any_key: bool = False  # keys that are not strings are taken as they are written
    spelled: frozenset[str] = frozenset()  # of an object's metadata: maps whose words are Words;
    # where there are such, other scalars remember how they are written, too (``styles``)


def _words(true: str, false: str) -> Mapping[str, bool | None]:
    nulls: dict[str, bool | None] = dict.fromkeys(["", "~", "null", "Null", "NULL"])
    return MappingProxyType(
        nulls | dict.fromkeys(true.split(), True) | dict.fromkeys(false.split(), False)
    )


def number(value: float) -> int | float:
    """A float as Go's JSON carries it: whole ones become integers while 64 bits hold them."""
    if not value.is_integer():
        return value
    from decimal import Decimal

    whole = int(Decimal(repr(value)))  # its shortest digits: 2**63 is 9223372036854776000
    return whole if INT64_MIN <= whole <= UINT64_MAX else value


def integer(text: str) -> int | None:
    """Read an integer that 64 bits hold, signed or not; None for anything else."""
    match = _INTEGER.fullmatch(text) if len(text) <= _LONGEST_INTEGER else None
    if match is None:
        return None
    sign, hexadecimal, binary, octal, decimal = match.groups()
    if binary and binary[0] in "+-" and (sign or text[1] == "B"):
        return None
    for digits, base in ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10)):
        if digits is not None:
            value = int(f"{sign}{digits}", base)
            highest = UINT64_MAX if not sign else UINT64_MAX // 2
            return value if INT64_MIN <= value <= highest else None
    return None


def real(text: str) -> int | float | None:
    """Read a decimal float; None for anything else, or where it overflows."""
    if not _FLOAT.fullmatch(text):
        return None
    value = float(text)
    return None if value in (float("inf"), float("-inf")) else number(value)


def timestamp(text: str) -> str | None:
    """A date or time in RFC 3339, as kustomize prints it (``2020-1-1`` gets a time)."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    year, month, day, letter, hour, minute, second, fraction, zone = match.groups()
    if bool(letter) != bool(zone) and hour is not None:  # a T wants a zone, a space forbids one
        return None
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= _days(int(year), int(month))):
        return None
    if hour and not (int(hour) < 24 and int(minute) < 60 and int(second) < 60):
        return None
    if zone and zone != "Z" and (int(zone[1:3]) > 24 or int(zone[4:]) > 59):
        return None
    digits = (fraction or "")[:9].rstrip("0")
    clock = f"{int(hour or 0):02}:{int(minute or 0):02}:{int(second or 0):02}"
    point = f".{digits}" if digits else ""
    place = "Z" if zone in (None, "Z", "+00:00", "-00:00") else zone
    return f"{year}-{int(month):02}-{int(day):02}T{clock}{point}{place}"


def _printed(text: str) -> str | None:
    stamp = timestamp(text)
    if stamp is not None and stamp[-6:-3] in ("+24", "-24"):
        raise Unsupported(text)
    return stamp


_BASED = re.compile("[-+]?0[xXoObB]")
_NO_OCTAL = re.compile("[-+]?0[0-9_]*[89]")


def is_spelled_as_float(text: str) -> bool:
    """Whether YAML calls a number a float: ``1.0`` and ``1e3``, whole as they are, and ``08``."""
    if _BASED.match(text):
        return False
    return any(sign in text for sign in ".eE") or _NO_OCTAL.match(text) is not None


def resolve(text: str, scalars: Scalars) -> Any:
    """The value of an unquoted scalar. Raises Unsupported for what JSON cannot carry."""
    if text and text[0] not in FIRST:
        return text
    words = scalars.words
    if text in words:
        return words[text]
    if text[0] not in "+-.0123456789":
        return text
    if text in _NO_NUMBERS:
        raise Unsupported(text)
    if text[0] == ".":  # here an underscore counts between digits alone
        value = real(text.replace("_", "")) if _POINT.fullmatch(text) else None
        return text if value is None else value
    stamp = scalars.timestamp(text)
    if stamp is not None:
        return stamp
    plain = text.replace("_", "")
    if scalars.strict and plain[:2] == "0o" and plain[2:3] in ("+", "-"):
        plain = f"{plain[2]}0o{plain[3:]}"
    for read in (integer, real):
        value = read(plain)
        if value is not None:
            return value
    return text


def _days(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _as_written(text: str) -> str | None:
    return text if timestamp(text) else None


_NO_NUMBERS = frozenset(
    sign + word
    for words, signs in (
        ((".inf", ".Inf", ".INF"), ("", "+", "-")),
        ((".nan", ".NaN", ".NAN"), ("",)),
    )
    for word in words
    for sign in signs
)
_TRUE = "true True TRUE"
_FALSE = "false False FALSE"

RESOURCE = Scalars(words=_words(_TRUE, _FALSE), timestamp=_printed, strict=True)
OBJECT = RESOURCE._replace(hollow=True)
MANIFEST = OBJECT._replace(
    words=MappingProxyType({**OBJECT.words, "": BLANK}), spelled=frozenset(("annotations",))
)
PATCH = RESOURCE._replace(any_key=True, spelled=frozenset(("annotations", "labels")))
CONFIG = Scalars(
    words=_words(f"{_TRUE} y Y yes Yes YES on On ON", f"{_FALSE} n N no No NO off Off OFF"),
    timestamp=_as_written,
    strict=False,
)
