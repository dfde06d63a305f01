"""``reconciler init``: a fleet repository from the template that comes with the package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.adapters import git
from reconciler.adapters.files import FolderTree
from reconciler.app import drafts, shipped
from reconciler.documents import dump
from reconciler.model.errors import UsageError
from reconciler.model.refs import SiteName
from reconciler.render import settings

TEMPLATE = "fleet-repo-template"
_NAME = b"\nname: my-fleet\n"  # the template's line in fleet.yaml
_MESSAGE = "{name}: a fleet of {sites} sites\n\nMade by reconciler init.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    name: str
    sites: tuple[SiteName, ...]
    commit: git.FirstCommit


def create(folder: Path, name: str) -> Made:
    """Make ``folder`` a fleet repository; ``name`` is the fleet's, ``""`` for the folder's own.

    Raises UsageError where the folder is not empty or cannot be made, and where there is no git.
    """
    folder = folder.resolve()
    name = name or folder.name
    if wrong := settings.title(name):
        raise UsageError(f"the fleet's name {wrong}: give --name")
    is_there = _is_empty_folder(folder)
    place = folder if is_there else folder.parent
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{place} cannot be made: {error.strerror}") from None
    with drafts.draft(place) as draft:
        drafts.write(draft, _files(name))
        sites = settings.sites(FolderTree(draft))
        message = _MESSAGE.format(name=name, sites=len(sites))
        commit = git.first_commit(draft, message)
        if is_there:  # filled, not replaced: somebody's shell stands in it
            for entry in sorted(draft.iterdir()):
                entry.rename(folder / entry.name)
        else:
            draft.rename(folder)
    return Made(name=name, sites=sites, commit=commit)


def _is_empty_folder(folder: Path) -> bool:
    """False where there is nothing. Raises UsageError where there is anything else."""
    try:
        if next(folder.iterdir(), None) is None:
            return True
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        raise UsageError(f"{folder} is no folder: name a new one") from None
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror}") from None
    raise UsageError(f"{folder} is not empty: name a new folder, or an empty one")


def _files(name: str) -> Iterator[tuple[str, bytes]]:
    source = shipped.folder(TEMPLATE)
    for path in sorted(source.rglob("*")):
        inside = path.relative_to(source)
        if path.is_file() and "__pycache__" not in inside.parts:
            content = path.read_bytes()
            if inside.as_posix() == settings.FLEET_FILE:
                content = content.replace(_NAME, b"\n" + dump.dump({"name": name}).encode())
            yield inside.as_posix(), content
