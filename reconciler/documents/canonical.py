"""A value's canonical bytes and their digest: equal for equal objects, whoever wrote them."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any

import orjson

from reconciler.documents import styles
from reconciler.documents.scalars import INT64_MIN, UINT64_MAX, number

_SORTED = orjson.OPT_SORT_KEYS
_FLOATS = (float, styles.Real)


def body(value: Any) -> bytes:
    """Compact JSON with sorted keys; whole floats as integers, as Go writes them.

    Raises ValueError for what JSON cannot carry: infinities, and nesting past 250 levels.
    """
    try:
        data = _fitted(orjson.dumps(value, option=_SORTED, default=float))
        if not _may_be_unusual(data):
            return data
    except TypeError:  # an integer that is too wide, or what is no JSON at all
        data = b""
    try:
        return orjson.dumps(_normal(value), option=_SORTED) if not data or _unusual(value) else data
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None


_ESCAPES = [(word.encode(), f"\\u{ord(word):04x}".encode()) for word in "<>&\u2028\u2029"]


def go_json(value: Any) -> bytes:
    """Compact JSON with sorted keys as Go's encoding/json writes it: safe within HTML."""
    data = orjson.dumps(value, option=_SORTED, default=float)
    for character, escape in _ESCAPES:
        data = data.replace(character, escape)
    return data


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def _fitted(data: bytes) -> bytes:
    """The same without the room that orjson took for it: eight times the longest string's."""
    return bytes(memoryview(data)) if len(data) > _ROOMY else data


DIGITS = bytes.maketrans(b"123456789", b"0" * 9)  # for searches that care not which digit it is
# How orjson writes a float; of one that is no number it makes null.
_FRACTION = re.compile(rb"\.[0-9]+(?:e[-+]?[0-9]+)?(?:[,}\]]|\Z)")
_POWER = re.compile(rb"e[-+]?[0-9]+(?:[,}\]]|\Z)")


def _may_be_unusual(data: bytes) -> bool:
    """Whether there is, or seems to be, a float: bytes are looked through faster than values."""
    if _FRACTION.search(data) or b"null" in data:
        return True
    return b"0e" in data.translate(DIGITS) and _POWER.search(data) is not None


def _unusual(value: Any) -> bool:
    """Whether there is a number in it that Go would write in another way."""
    level = [value]
    while level:
        deeper: list[Any] = []
        for item in level:
            kind = item.__class__
            if kind is dict:
                deeper += item.values()
            elif kind is list:
                deeper += item
            elif kind in _FLOATS or (kind is int and not INT64_MIN <= item <= UINT64_MAX):
                return True
        level = deeper
    return False


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _normal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if isinstance(value, int) and not INT64_MIN <= value <= UINT64_MAX:
        value = float(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"unsupported value: {value}")
        return number(float(value))
    return value


_ROOMY = 1024  # bytes; what it takes at first
