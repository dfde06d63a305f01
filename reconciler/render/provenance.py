"""``buildMetadata``: where an object comes from and what changed it, as annotations say it.

Paths are as kustomizations wrote them, seen from the folder that the build began in.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from reconciler.documents import dump

ORIGINS, TRANSFORMERS, LABEL = "originAnnotations", "transformerAnnotations", "managedByLabel"
_WORDS = 4_096
MANAGED_BY = ("app.kubernetes.io/managed-by", "kustomize-v5.8.1")


class Step(NamedTuple):
    """A file (``path``), or a generator or transformer and the file that configures it."""

    path: str = ""
    configured_in: str = ""
    api_version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""

    @classmethod
    def builtin(cls, kind: str, configured_in: str) -> Step:
        """One that a field of a kustomization configures."""
        return cls(configured_in=configured_in, api_version="builtin", kind=kind)

    def lines(self) -> Iterator[str]:
        if self.path:
            yield f"path: {_written(self.path)}"
        if self.configured_in:
            yield f"configuredIn: {_written(self.configured_in)}"
        if self.kind:
            yield "configuredBy:"
            words = (
                ("apiVersion", self.api_version),
                ("kind", self.kind),
                ("name", self.name),
                ("namespace", self.namespace),
            )
            yield from (f"  {name}: {_written(word)}" for name, word in words if word)


@lru_cache(_WORDS)
def _written(word: str) -> str:
    return dump.dump(word).strip()


class Trace(NamedTuple):
    """What made an object, and what changed it since."""

    origin: Step
    steps: tuple[Step, ...] = ()

    def then(self, step: Step) -> Trace:
        return self._replace(steps=(*self.steps, step))

    def shown_origin(self) -> str:
        return "".join(f"{line}\n" for line in self.origin.lines())

    def shown_steps(self) -> str:
        text = ""
        for step in self.steps:
            for number, line in enumerate(step.lines()):
                text += f"{'  ' if number else '- '}{line}\n"
        return text
