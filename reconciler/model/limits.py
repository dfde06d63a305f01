"""What one render may cost: set on site, kept to by the render child."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """``cpu`` and ``wall`` in seconds (time spent on fetching files apart), the rest in bytes.

    ``memory`` is address space, so that what is resident is always less. ``output`` is all that
    the child may say, ``reads`` all that it may be told, ``objects`` how many it may render.
    ``depth`` is how deep a file may nest, ``aliases`` how many it may hold.
    """

    cpu: int = 7
    wall: float = 10.0
    memory: int = 256 << 20
    output: int = 32 << 20
    reads: int = 512 << 20
    objects: int = 10_000
    depth: int = 200
    aliases: int = 10_000
