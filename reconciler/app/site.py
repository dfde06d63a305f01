"""``reconciler site add``: a new site's overlay in a fleet repository's folder. Commits nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.adapters.files import FolderTree
from reconciler.app import drafts
from reconciler.documents import dump
from reconciler.model.errors import UsageError
from reconciler.model.refs import API_VERSION, SiteName
from reconciler.model.rendered import Tree
from reconciler.render import settings, strict
from reconciler.schema import names

SHARED = "bases/site"  # what every site runs, by convention: a new overlay is made over it
_MENTIONS = 20  # lines that are shown
_KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"
_NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """``files`` below the site's folder; ``mentions`` are lines that still name the other site."""

    site: SiteName
    files: tuple[str, ...]
    mentions: tuple[str, ...]


def add(folder: Path, name: str, source: str, ring: str, labels: Iterable[str]) -> Added:
    """``source`` is the site to copy, ``""`` for a minimal overlay; labels are ``KEY=VALUE``.

    Raises UsageError, and SettingsError where fleet.yaml or the copied site.yaml is wrong.
    Nothing is changed then.
    """
    site = _site(name)
    if not (folder / settings.FLEET_FILE).is_file():
        raise UsageError(f"{folder} holds no fleet.yaml: name a fleet repository by --repo")
    tree = FolderTree(folder)
    _check_free(folder, site)
    given = _given(settings.read_fleet(tree), ring, labels)
    copied = _known(tree, source) if source else None
    if copied:
        settings.read_settings(tree, copied)  # what is wrong there would be wrong here
    files = dict(_copied(tree, copied) if copied else _minimal(tree, site))
    files["site.yaml"] = _settings(files.get("site.yaml"), given, f"sites/{source}/site.yaml")
    _write(folder, site, files)
    return Added(
        site=site,
        files=tuple(sorted(files)),
        mentions=tuple(_mentions(site, files, copied)) if copied else (),
    )


def _site(name: str) -> SiteName:
    try:
        return SiteName.parse(name)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _check_free(folder: Path, site: SiteName) -> None:
    target = folder / site.folder
    for path in (target.parent.parent, target.parent):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise UsageError(f"{path} is no folder: sites cannot be put there")
    if target.is_symlink() or target.exists():
        raise UsageError(f"{site.folder} exists already: nothing was changed")


def _given(fleet: settings.Fleet, ring: str, labels: Iterable[str]) -> dict[str, Any]:
    """What site.yaml is to say, from the command line."""
    if ring and ring not in fleet.rings:
        known = ", ".join(strict.nearest(ring, fleet.rings, len(fleet.rings))) or "none"
        raise UsageError(f"--ring: {ring!r} is not among the rings of fleet.yaml: {known}")
    found: dict[str, str] = {}
    for key, value in map(_label, labels):
        if found.setdefault(key, value) != value:
            raise UsageError(f"--label: {key} is given twice, as {found[key]} and as {value}")
    return {
        **({"ring": ring} if ring else {}),
        **({"labels": found} if found else {}),
    }


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    wrong = "must be KEY=VALUE" if not equals else ""
    wrong = wrong or names.qualified(key) or names.label_value(value)
    if wrong:
        raise UsageError(f"--label: {text!r} {wrong}")
    return key, value


def _known(tree: Tree, name: str) -> SiteName:
    known = [str(site) for site in settings.sites(tree)]
    if name in known:
        return SiteName.parse(name)
    nearest = ", ".join(strict.nearest(name, known))
    hint = f"; nearest: {nearest}" if nearest else ": it has none yet"
    raise UsageError(f"--from: {name} is not among the sites of the repository{hint}")


def _copied(tree: Tree, source: SiteName) -> Iterator[tuple[str, bytes]]:
    """All files of a site's folder, by their paths in it. Raises FileError (a link)."""
    left = [source.folder]
    while left:
        path = left.pop()
        if tree.kind(path) == "folder":
            left += [f"{path}/{name}" for name in tree.names(path)]
        else:
            yield path.removeprefix(f"{source.folder}/"), tree.read(path)


def _minimal(tree: Tree, site: SiteName) -> Iterator[tuple[str, bytes]]:
    """An overlay over what every site runs; else with a namespace, as none can be empty."""
    if tree.kind(SHARED) == "folder":
        yield "kustomization.yaml", f"{_KUSTOMIZATION}- ../../../{SHARED}\n".encode()
        return
    yield "kustomization.yaml", f"{_KUSTOMIZATION}- namespace.yaml\n".encode()
    yield "namespace.yaml", _NAMESPACE.format(name=site.site).encode()


def _settings(found: bytes | None, given: Mapping[str, Any], path: str) -> bytes:
    """site.yaml as it was where nothing is to be changed, comments and all."""
    if found is not None and not given:
        return found
    head = {"apiVersion": API_VERSION, "kind": "SiteSettings"}
    under = strict.document(path, found).value if found is not None else head
    return dump.dump(strict.lay(under, given, settings.SITE)).encode()


def _write(folder: Path, site: SiteName, files: Mapping[str, bytes]) -> None:
    region = (folder / site.folder).parent
    with drafts.draft(folder) as draft:
        drafts.write(draft, iter(sorted(files.items())))
        is_new = not region.exists()
        region.mkdir(parents=True, exist_ok=True)
        try:
            draft.rename(folder / site.folder)
        except OSError:
            if is_new:
                region.rmdir()
            raise


def _mentions(site: SiteName, files: Mapping[str, bytes], source: SiteName) -> Iterator[str]:
    """Lines that hold the name of the site they were copied from, as PATH:LINE."""
    word = re.compile(rf"(?<![a-zA-Z0-9]){re.escape(source.site)}(?![a-zA-Z0-9])".encode())
    found = (
        f"{site.folder}/{path}:{number}"
        for path, content in sorted(files.items())
        for number, line in enumerate(content.split(b"\n"), 1)
        if word.search(line)
    )
    for place, _ in zip(found, range(_MENTIONS), strict=False):
        yield place
