"""A kustomization file as a checked value: its fields by their present names.

Goes in: a folder. Comes out: the fields as ``shapes`` has them, legacy ones moved to where
they belong, each still with its place in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from reconciler.model.errors import RenderError
from reconciler.render import shapes, telling
from reconciler.render.folder import Folder, rooted
from reconciler.render.shapes import Misshapen
from reconciler.render.sources import Files, Path, Source

KIND, COMPONENT = "Kustomization", "Component"
_VERSIONS = {
    KIND: "kustomize.config.k8s.io/v1beta1",
    COMPONENT: "kustomize.config.k8s.io/v1alpha1",
}
_HELM = ("helmCharts", "helmChartInflationGenerator")  # without them helmGlobals means nothing
_LEGACY = {"bases": "resources", "imageTags": "images"}  # entries follow those of the new name


class Kustomization(NamedTuple):
    """``fields`` holds only what is set; ``source`` says where.

    ``moved`` are fields whose last entries stand under a legacy name: that name, and how many
    stand under the present one. ``name`` is the file's.
    """

    fields: dict[str, Any]
    source: Source
    name: str
    moved: Mapping[str, tuple[str, int]]

    @property
    def is_component(self) -> bool:
        return bool(self.fields["kind"] == COMPONENT)

    def list(self, name: str) -> list[Any]:
        found: list[Any] = self.fields.get(name, [])
        return found

    def place(self, name: str, index: int) -> Path:
        """Where an entry of a field stands."""
        old, before = self.moved.get(name, ("", 0))
        return (old, index - before) if old and index >= before else (name, index)


def read(folder: Folder, files: Files) -> Kustomization:
    """Read and check a folder's kustomization. Raises RenderError, and Problem if there is none."""
    name, path = folder.kustomization()
    data = folder.load(path)
    try:
        sources = files.settings(path, data, folder.reads.seen[path] or "")
    except RenderError as error:
        raise telling.malformed(error, "invalid Kustomization") from None
    if not sources:
        raise _empty(path)
    source = sources[0]
    try:
        fields = shapes.fit(source.value, shapes.KUSTOMIZATION)
    except Misshapen as error:
        raise source.error(f"invalid Kustomization: {error}", error.path) from None
    _refuse(source, fields, rooted(folder.path))
    return Kustomization(_fixed(fields), source, name, _moved(fields))


def _empty(path: str) -> RenderError:
    return RenderError("kustomization.yaml is empty", path=path, line=1)


def _refuse(source: Source, fields: dict[str, Any], folder: str) -> None:
    doing = f"Failed to read kustomization file under {folder}"
    for name in _HELM:
        if fields.get(name):
            raise source.error(f"{name} is not supported: Helm charts are not rendered", (name,))
    kind = fields.setdefault("kind", KIND) or KIND
    if kind not in _VERSIONS:
        raise source.error(
            f"{doing}: kind should be {KIND} or {COMPONENT}, found {kind!r}", ("kind",)
        )
    version = fields.setdefault("apiVersion", _VERSIONS[kind])
    if version and version != _VERSIONS[kind]:
        raise source.error(
            f"{doing}: apiVersion for {kind} should be {_VERSIONS[kind]}, found {version!r}",
            ("apiVersion",),
        )
    if all(value == "" or name in ("kind", "apiVersion") for name, value in fields.items()):
        raise source.error("kustomization.yaml is empty")


def _moved(fields: dict[str, Any]) -> dict[str, tuple[str, int]]:
    return {new: (old, len(fields.get(new, ()))) for old, new in _LEGACY.items() if old in fields}


def _fixed(fields: dict[str, Any]) -> dict[str, Any]:
    fixed = dict(fields)
    for old, new in _LEGACY.items():
        if old in fixed:
            fixed[new] = [*fixed.get(new, ()), *fixed.pop(old)]
    for name in ("configMapGenerator", "secretGenerator"):
        if name in fixed:
            fixed[name] = [_fixed_sources(row) for row in fixed[name]]
    return fixed


def _fixed_sources(row: dict[str, Any]) -> dict[str, Any]:
    if not row.get("env"):
        return row
    return {**row, "envs": [*row.get("envs", ()), row["env"]]}
