"""``reconciler render``: a folder as kustomize builds it, or a site as it will be applied."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson

from reconciler.adapters.files import FolderTree
from reconciler.documents import dump
from reconciler.model.errors import MissingBlobs, UsageError
from reconciler.render import build
from reconciler.render import output as printed
from reconciler.render.trees import Remembered


def folder(target: str, *, restrict: bool, output: str) -> str:
    """Raises UsageError where there is no such folder, RenderError where it cannot be built."""
    path = Path(target)
    if not path.is_dir():
        raise UsageError(f"{target} is no folder; for a site of a fleet repository give --repo")
    root, inside = _root(path.resolve())
    resources = build.build(Remembered(FolderTree(root, still=True)), inside, restrict=restrict)
    if output == "json":
        return printed.to_json(resources)
    return printed.to_yaml(resources)


def site(name: str, repo: str, rev: str, access: Mapping[str, str], *, output: str) -> str:
    """Raises UsageError, SettingsError, RenderError, SourceUnavailable."""
    from reconciler.app import checkout
    from reconciler.render.site import render_site

    wanted = checkout.site_name(name)
    with checkout.opened(repo, rev, access) as found:
        while True:
            try:
                rendered = render_site(found.tree(found.commit), wanted, found.commit)
                break
            except MissingBlobs as missing:
                found.fetch_blobs(missing.ids)
    values = [orjson.loads(manifest.body) for manifest in rendered.objects]
    return _json(values) if output == "json" else dump.dump_all(values)


def _root(path: Path) -> tuple[Path, str]:
    """The tree that a folder belongs to: its Git work tree, or the whole file system.

    In the latter its path is whole, so that errors name paths as the file system has them.
    """
    for parent in (path, *path.parents):
        if (parent / ".git").exists():
            return parent, path.relative_to(parent).as_posix().removeprefix(".")
    return Path(path.anchor), path.as_posix().rstrip("/")


def _json(values: object) -> str:
    return orjson.dumps(values, option=orjson.OPT_INDENT_2).decode() + "\n"
