"""The words on the pipe: length-prefixed frames of JSON or, for files, of bytes; never pickle."""

from __future__ import annotations

from typing import IO, Any

import orjson

MAX_FRAME = 16 << 20  # bytes
MAX_WORDS = 4 << 20  # of JSON, which takes many times its size to read
HEAD = 4  # bytes


class BrokenFrame(Exception):
    """The other side ended, or sent what is not a frame."""


def pack(value: object) -> bytes:
    """Raises BrokenFrame for what is too large."""
    body = orjson.dumps(value)
    if len(body) > MAX_WORDS:
        raise BrokenFrame(f"a message of {len(body)} bytes; at most {MAX_WORDS}")
    return frame(body)


def frame(body: bytes) -> bytes:
    """Raises BrokenFrame for what is too large."""
    return checked(len(body)).to_bytes(HEAD, "big") + body


def size(head: bytes) -> int:
    """The size that a frame's head announces. Raises BrokenFrame."""
    return checked(int.from_bytes(head, "big"))


def unpack(body: bytes) -> dict[str, Any]:
    """Raises BrokenFrame for what is not an object in JSON, of a bounded size."""
    if len(body) > MAX_WORDS:
        raise BrokenFrame(f"a message of {len(body)} bytes; at most {MAX_WORDS}")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BrokenFrame("a message is not JSON") from None
    if not isinstance(value, dict):
        raise BrokenFrame("a message is not an object")
    return value


def checked(length: int) -> int:
    if length > MAX_FRAME:
        raise BrokenFrame(f"a message of {length} bytes; at most {MAX_FRAME}")
    return length


def read(stream: IO[bytes]) -> bytes:
    """The next frame's body, from a stream that blocks. Raises BrokenFrame."""
    return _exactly(stream, size(_exactly(stream, HEAD)))


def _exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise BrokenFrame("the stream ended within a message")
    return data
