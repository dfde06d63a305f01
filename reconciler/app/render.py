"""``reconciler render``: a folder or a site as kustomize builds it, or as the agent applies it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reconciler.adapters.files import FolderTree
from reconciler.model.errors import MissingBlobs, RenderError, UsageError
from reconciler.render import bounds, build
from reconciler.render import output as printed
from reconciler.render.trees import Remembered

if TYPE_CHECKING:
    from reconciler.model.refs import SiteName
    from reconciler.model.rendered import Tree
    from reconciler.render.cache import Cache


class Form(NamedTuple):
    """What is printed; ``applied`` is for sites alone, and knows no other restriction."""

    restrict: bool = True
    applied: bool = False
    output: str = "text"


def folder(target: str, form: Form) -> str:
    """Raises UsageError where there is no such folder, RenderError where it cannot be built."""
    path = Path(target)
    if not path.is_dir():
        wrong = f"'{target}': file is not directory"
        if not path.exists():
            wrong = f"not a valid directory: there is no {target}"
        raise UsageError(
            f"must build at directory: {wrong}; for a site of a fleet repository give --repo"
        )
    root, inside = _root(path.resolve())
    tree = Remembered(FolderTree(root, still=True))
    return _text(build.build(tree, inside, restrict=form.restrict), form.output)


def site(name: str, repo: str, rev: str, access: Mapping[str, str], form: Form) -> str:
    """Raises UsageError, SettingsError, RenderError, SourceUnavailable."""
    from reconciler.app import checkout

    wanted = checkout.site_name(name)
    with checkout.opened(repo, rev, access) as found:
        while True:
            try:
                return of_site(found.tree(found.commit), wanted, found.commit, form)[1]
            except MissingBlobs as missing:
                found.fetch_blobs(missing.ids)


def of_site(
    tree: Tree, name: SiteName, commit: str, form: Form, cache: Cache | None = None
) -> tuple[int, str]:
    """How many objects a site has, and their text.

    Raises SettingsError where there is no such site, RenderError, MissingBlobs.
    """
    if form.applied:
        return _applied(tree, name, commit, form, cache)
    from reconciler.render import settings

    settings.require(tree, name)
    resources = build.build(tree, name.folder, restrict=form.restrict, cache=cache)
    return len(resources), _text(resources, form.output)


def _applied(
    tree: Tree, name: SiteName, commit: str, form: Form, cache: Cache | None
) -> tuple[int, str]:
    import orjson

    from reconciler.documents import dump
    from reconciler.render.site import render_site

    rendered = render_site(tree, name, commit, cache)
    if sum(len(manifest.body) for manifest in rendered.objects) > bounds.OUTPUT:
        raise RenderError(
            f"the objects are longer than {bounds.OUTPUT >> 20} MiB", path=name.folder
        )
    values = [orjson.loads(manifest.body) for manifest in rendered.objects]
    if form.output == "json":
        text = orjson.dumps(values, option=orjson.OPT_INDENT_2).decode() + "\n"
    else:
        text = dump.dump_all(values)
    return len(values), text


def _text(resources: tuple[build.Resource, ...], output: str) -> str:
    return printed.to_json(resources) if output == "json" else printed.to_yaml(resources)


def _root(path: Path) -> tuple[Path, str]:
    """The tree that a folder belongs to: its Git work tree, or the whole file system.

    In the latter its path is whole, so that errors name paths as the file system has them.
    """
    for parent in (path, *path.parents):
        if (parent / ".git").exists():
            return parent, path.relative_to(parent).as_posix().removeprefix(".")
    return Path(path.anchor), path.as_posix().rstrip("/")
