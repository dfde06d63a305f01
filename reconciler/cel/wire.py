"""Protocol buffers' wire format, as far as a checked expression needs it: bytes to fields, back.

Called by ``syntax``. What is decoded comes from the engine itself, so nothing here is defensive.
"""

from __future__ import annotations

from collections.abc import Iterable

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

Value = int | bytes
Field = tuple[int, int, Value]  # number, wire type, value


def decode(data: bytes) -> list[Field]:
    """A message's fields in order."""
    fields: list[Field] = []
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(data, at)
            fields.append((number, kind, value))
        elif kind == BYTES:
            length, at = _varint(data, at)
            fields.append((number, kind, data[at : at + length]))
            at += length
        else:
            size = 8 if kind == FIXED64 else 4
            fields.append((number, kind, data[at : at + size]))
            at += size
    return fields


def packed(data: bytes) -> list[int]:
    """The numbers of a packed field."""
    found, at = [], 0
    while at < len(data):
        value, at = _varint(data, at)
        found.append(value)
    return found


def encode(fields: Iterable[Field]) -> bytes:
    """The message of these fields."""
    out = bytearray()
    for number, kind, value in fields:
        _put(out, number << 3 | kind)
        if isinstance(value, int):
            _put(out, value)
        else:
            if kind == BYTES:
                _put(out, len(value))
            out += value
    return bytes(out)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _put(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
