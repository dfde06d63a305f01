"""What a kustomization is thrown from: the dice, the objects below it, and its own folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.render.overlays.text import Value, written


@dataclass(kw_only=True)
class Scene:
    """``things`` are as the base has them: their first names lead to them at every level."""

    dice: Random
    things: list[Value]
    level: int
    files: dict[str, str] = field(default_factory=dict)

    def chance(self, of: float) -> bool:
        return self.dice.random() < of

    def thing(self, *kinds: str) -> Value | None:
        """One of the objects, or of those of some kinds."""
        found = [one for one in self.things if not kinds or one["kind"] in kinds]
        return self.dice.choice(found) if found else None

    def file(self, name: str, *values: Any) -> str:
        """Write a file beside the kustomization."""
        self.files[name] = written(self.dice, *values)
        return name

    def inline(self, value: Any) -> str:
        return written(self.dice, value)


def group(thing: Value) -> Value:
    """The object's group and version, as a selector has them."""
    before, slash, version = thing["apiVersion"].rpartition("/")
    return {"group": before, "version": version} if slash else {"version": version}


def identity(thing: Value) -> Value:
    """What names the object in a patch."""
    metadata = {k: thing["metadata"][k] for k in ("name", "namespace") if k in thing["metadata"]}
    return {"apiVersion": thing["apiVersion"], "kind": thing["kind"], "metadata": metadata}


def paths(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All that is in an object, by path."""
    if at:
        yield at, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*at, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*at, str(index)))
