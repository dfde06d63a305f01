"""The pipe between agent and render child: length-prefixed JSON, bounded, never pickle."""

from __future__ import annotations

from typing import IO, Any

import orjson

MAX_FRAME = 64 << 20


class BrokenFrame(Exception):
    """The other side ended, or sent what is not a frame."""


def write(stream: IO[bytes], value: object) -> None:
    body = orjson.dumps(value)
    if len(body) > MAX_FRAME:
        raise BrokenFrame(f"a message of {len(body)} bytes is larger than {MAX_FRAME}")
    stream.write(len(body).to_bytes(4, "big"))
    stream.write(body)
    stream.flush()


def read(stream: IO[bytes]) -> Any:
    """The next value. Raises BrokenFrame."""
    size = int.from_bytes(_exactly(stream, 4), "big")
    if size > MAX_FRAME:
        raise BrokenFrame(f"a message of {size} bytes is larger than {MAX_FRAME}")
    try:
        return orjson.loads(_exactly(stream, size))
    except orjson.JSONDecodeError as error:
        raise BrokenFrame("a message is not JSON") from error


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise BrokenFrame("the stream ended within a message")
    return data
