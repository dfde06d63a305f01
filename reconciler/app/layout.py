"""What lies below sites/ and is no site, though somebody will have meant it to be one.

An agent never sees it, so that nothing else would ever say so. Called by ``validate``.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.errors import FileError, SettingsError
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Tree
from reconciler.render import settings

_MISNAMED = frozenset(("sites.yaml", "sites.yml", "settings.yaml", "Site.yaml"))
SITE = "a site is a folder sites/REGION/SITE with a kustomization.yaml"


def misplaced(tree: Tree) -> Iterator[FileError]:
    """An error for each; it is not raised, as the sites beside it are sound."""
    if not _is_folder(tree, "sites"):
        yield SettingsError(f"the repository has no site: {SITE}", path="sites")
        return
    for region in tree.names("sites"):
        path = f"sites/{region}"
        if _is_folder(tree, path):
            yield from _in_region(tree, path, region)
        elif region in settings.KUSTOMIZATIONS:
            yield SettingsError(f"this is no site: {SITE}", path=path)
    if not settings.sites(tree):
        yield SettingsError(f"the repository has no site: {SITE}", path="sites")


def _in_region(tree: Tree, path: str, region: str) -> Iterator[FileError]:
    folders = [name for name in tree.names(path) if _is_folder(tree, f"{path}/{name}")]
    for name in tree.names(path):
        if _is_link(tree, f"{path}/{name}"):
            yield SettingsError(f"a link is no site: {SITE}", path=f"{path}/{name}")
    for name in folders:
        files = tree.names(f"{path}/{name}")
        has_kustomization = any(file in settings.KUSTOMIZATIONS for file in files)
        if name.startswith(".") or not (has_kustomization or "site.yaml" in files):
            continue
        try:
            SiteName.parse(f"{region}/{name}")
        except ValueError as error:
            yield SettingsError(str(error), path=f"{path}/{name}")
            continue
        if not has_kustomization:
            yield SettingsError(f"no kustomization: {SITE}", path=f"{path}/{name}")
        for file in files if "site.yaml" not in files else ():
            if file in _MISNAMED:
                where = f"{path}/{name}/{file}"
                yield SettingsError(
                    "nobody reads this: a site's settings are site.yaml", path=where
                )
    if not folders and any(name in settings.KUSTOMIZATIONS for name in tree.names(path)):
        yield SettingsError(f"this is no site: {SITE}", path=path)


def _is_link(tree: Tree, path: str) -> bool:
    try:
        tree.kind(path)
    except FileError:
        return True
    return False


def _is_folder(tree: Tree, path: str) -> bool:
    try:
        return tree.kind(path) == "folder"
    except FileError:  # a link: it is refused where it is read
        return False
