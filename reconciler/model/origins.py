"""Where in a file something came from; by itself, as all that is rendered needs it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object came from: the file, its first line, the generator's field if any."""

    path: str
    line: int = 0
    generator: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place} ({self.generator})" if self.generator else place
