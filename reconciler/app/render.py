"""``reconciler render``: a folder as kustomize builds it, or a site as it will be applied."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from reconciler.adapters.files import FolderTree
from reconciler.documents import dump
from reconciler.model.errors import MissingBlobs, UsageError
from reconciler.model.refs import SiteName
from reconciler.render import build
from reconciler.render import output as yaml_output
from reconciler.render.trees import Remembered

if TYPE_CHECKING:
    from reconciler.model.values import Rendered


def folder(target: str, *, restrict: bool, output: str) -> str:
    """Raises UsageError where there is no such folder, RenderError where it cannot be built."""
    path = Path(target)
    if not path.is_dir():
        raise UsageError(f"{target} is no folder; for a site of a fleet repository give --repo")
    root, inside = _root(path.resolve())
    resources = build.build(Remembered(FolderTree(root)), inside, restrict=restrict)
    if output == "json":
        return _json([resource.value for resource in resources])
    return yaml_output.to_yaml(resources)


def site(name: str, repo: str, rev: str, access: Mapping[str, str], *, output: str) -> str:
    """Raises UsageError, SettingsError, RenderError, SourceUnavailable."""
    try:
        wanted = SiteName.parse(name)
    except ValueError as error:
        raise UsageError(str(error)) from None
    rendered = (
        _local(wanted, repo, rev) if Path(repo).is_dir() else _remote(wanted, repo, rev, access)
    )
    values = [orjson.loads(manifest.body) for manifest in rendered.objects]
    return _json(values) if output == "json" else dump.dump_all(values)


def _root(path: Path) -> tuple[Path, str]:
    """The tree that a folder belongs to: its Git work tree, or the whole file system."""
    for parent in (path, *path.parents):
        if (parent / ".git").exists():
            return parent, path.relative_to(parent).as_posix().removeprefix(".")
    return Path(path.anchor), path.relative_to(path.anchor).as_posix()


def _local(wanted: SiteName, repo: str, rev: str) -> Rendered:
    from reconciler.adapters import git
    from reconciler.render.site import render_site

    commit, tree = git.open_tree(Path(repo), rev or "HEAD")
    return render_site(tree, wanted, commit)


def _remote(wanted: SiteName, repo: str, rev: str, access: Mapping[str, str]) -> Rendered:
    import tempfile

    from reconciler.adapters import git
    from reconciler.render.site import render_site

    with tempfile.TemporaryDirectory(prefix="fleet-render-") as scratch:
        mirror = git.Mirror(
            Path(scratch) / "mirror.git", repo, rev or "main", git.Credentials(**access)
        )
        try:
            commit = mirror.fetch().commit
            while True:
                try:
                    return render_site(mirror.tree(commit), wanted, commit)
                except MissingBlobs as missing:
                    mirror.fetch_blobs(missing.ids)
        finally:
            mirror.close()


def _json(values: object) -> str:
    return orjson.dumps(values, option=orjson.OPT_INDENT_2).decode() + "\n"
