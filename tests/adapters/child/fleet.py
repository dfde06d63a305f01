"""A small fleet, and trees over it that look at, or harm, the child that asks them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from reconciler.adapters.child import ChildRenderer, Limits
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Rendered, Tree
from tests.trees import DictTree

SITE = SiteName("north", "barn-7")
OBJECTS = f"{SITE.folder}/objects.yaml"
FILES: Mapping[str, str | bytes] = {
    "fleet.yaml": "apiVersion: fleet-reconciler.dev/v1alpha1\nkind: Fleet\nname: farms\n",
    f"{SITE.folder}/kustomization.yaml": "resources: [objects.yaml]\n",
    f"{SITE.folder}/site.yaml": (
        "apiVersion: fleet-reconciler.dev/v1alpha1\nkind: SiteSettings\n"
        "labels: {gpu: absent}\nkinds: {forbid: [Secret]}\n"
    ),
    OBJECTS: (
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: serving}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n"
        "  name: app\n  namespace: serving\n"
        "  annotations: {fleet-reconciler.dev/wave: '2',"
        " fleet-reconciler.dev/depends-on: Namespace/serving}\n"
        "data: {key: wörd}\n"
    ),
}


def tree(**more: str | bytes) -> DictTree:
    """The fleet's files; ``objects`` and ``kustomization`` replace the site's."""
    renamed = {f"{SITE.folder}/{name}.yaml": text for name, text in more.items()}
    return DictTree({**FILES, **renamed})


class Watching(DictTree):
    """Calls ``look`` with the child's process id, which waits, each time it reads the objects."""

    def __init__(self, look: Callable[[int], None]) -> None:
        super().__init__(FILES)
        self._look = look

    def read(self, path: str) -> bytes:
        if path == OBJECTS:
            (child,) = children()
            self._look(child)
        return super().read(path)


def children() -> list[int]:
    """The render children of this process, and zombies of Python; it may have other children."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                before, _, after = (entry / "stat").read_text().rpartition(")")
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            state, parent = after.split()[:2]
            ours = b"child.worker" in command or (state == "Z" and "(python" in before)
            if int(parent) == os.getpid() and ours:
                found.append(int(entry.name))
    return found


def no_fetch(ids: tuple[str, ...]) -> None:
    raise AssertionError("nothing is missing")


def renderer(*, warm: float = 0, **limits: float) -> ChildRenderer:
    return ChildRenderer(
        agent_namespace="fleet-system",
        from_repository=False,
        limits=Limits(**limits),  # type: ignore[arg-type]  # cpu, memory: whole numbers are given
        warm=warm,
    )


def render(given: Tree, **limits: float) -> Rendered:
    """One render by a child of its own."""
    return renderer(**limits).render(given, SITE, "c0ffee", no_fetch)
