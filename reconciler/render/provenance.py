"""``buildMetadata``: where an object comes from and what changed it, as annotations say it.

Paths are kept as the tree has them, and shown relative to the folder that the build began in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

ORIGINS, TRANSFORMERS, LABEL = "originAnnotations", "transformerAnnotations", "managedByLabel"
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

    def lines(self, root: str) -> Iterator[str]:
        if self.path:
            yield f"path: {relative(self.path, root)}"
        if self.configured_in:
            yield f"configuredIn: {relative(self.configured_in, root)}"
        if self.kind:
            yield "configuredBy:"
            words = (
                ("apiVersion", self.api_version),
                ("kind", self.kind),
                ("name", self.name),
                ("namespace", self.namespace),
            )
            yield from (f"  {name}: {word}" for name, word in words if word)


class Trace(NamedTuple):
    """What made an object, and what changed it since."""

    origin: Step
    steps: tuple[Step, ...] = ()

    def then(self, step: Step) -> Trace:
        return self._replace(steps=(*self.steps, step))

    def shown_origin(self, root: str) -> str:
        return "".join(f"{line}\n" for line in self.origin.lines(root))

    def shown_steps(self, root: str) -> str:
        text = ""
        for step in self.steps:
            for number, line in enumerate(step.lines(root)):
                text += f"{'  ' if number else '- '}{line}\n"
        return text


def relative(path: str, root: str) -> str:
    """A path of the tree as seen from a folder of it."""
    parts, base = path.split("/"), root.split("/") if root else []
    shared = 0
    while shared < min(len(parts) - 1, len(base)) and parts[shared] == base[shared]:
        shared += 1
    return "/".join([".."] * (len(base) - shared) + parts[shared:])
