"""What a JSON patch tests for, as it spells it: Go compares bytes, not what they mean.

``"a&b"`` is not what Go writes for that text (``"a\\u0026b"``), nor is ``1.0`` what it writes for
1. So a test for one of them fails, whatever the object holds. Patches in YAML come by Go's writer
themselves, and have no spelling of their own.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from reconciler.documents import canonical
from reconciler.render.scalars import text

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPED = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class Unequal:
    """The type of UNEQUAL."""


UNEQUAL = Unequal()  # is equal to nothing that an object can hold


class _Number(str):
    """One as it is spelled."""

    __slots__ = ()


def paired(data: bytes) -> bytes:
    """A text in JSON with U+FFFD for each half of a surrogate pair, as Go reads those."""
    if _HALF.search(data) is None:
        return data
    return _ESCAPED.sub(lambda found: rb"\ufffd" if found["half"] else found[0], data)


def minded(data: bytes, operations: list[Any]) -> list[Any]:
    """The operations of a patch in JSON; UNEQUAL in tests for what Go spells otherwise."""
    if b'"test"' not in data:
        return operations
    quoted = _STRING.sub(lambda match: orjson.dumps(match[0].decode()), data)
    spelled = json.loads(quoted, parse_int=_Number, parse_float=_Number)
    return [
        {**operation, "value": _judged(operation["value"], raw['"value"'])}
        if isinstance(operation, dict) and operation.get("op") == "test" and '"value"' in raw
        else operation
        for operation, raw in zip(operations, spelled, strict=True)
    ]


def _judged(value: Any, raw: Any) -> Any:
    if isinstance(value, dict):
        named = {orjson.loads(key): item for key, item in raw.items()}
        return {key: _judged(item, named[key]) for key, item in value.items()}
    if isinstance(value, list):
        return [_judged(item, one) for item, one in zip(value, raw, strict=True)]
    if isinstance(value, str):
        return value if raw.encode() == canonical.go_json(value) else UNEQUAL
    if isinstance(raw, _Number):
        return value if raw == text(value) else UNEQUAL
    return value
