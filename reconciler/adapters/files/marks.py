"""Which files say that something changed, and how one sees that they did.

In: the repository's URL and branch, or files. Out: paths, a mark for each, and the folders in
which a change of any of them would show. Used by ``wakeups`` alone.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable, Mapping
from pathlib import Path

_LARGEST = 4_096  # bytes of a file that names a folder

Mark = tuple[int, ...]


def local_folder(repository: str) -> Path | None:
    """The folder of a ``file://`` URL or of a path; None for a remote."""
    if repository.startswith("file://"):
        return Path(urllib.parse.unquote(urllib.parse.urlsplit(repository).path))
    return Path(repository) if repository.startswith("/") else None


def branch_files(folder: Path, branch: str) -> tuple[Path, ...]:
    """Where git keeps the branch of a repository; for one that is not there yet, where it may be.

    A loose ref, the packed ones, and a reftable's list: which one counts is git's business.
    """
    places = _places(folder)
    for place in places:
        if (place / "objects").is_dir():
            kept = (
                Path("refs", "heads", branch),
                Path("packed-refs"),
                Path("reftable/tables.list"),
            )
            return tuple(place / name for name in kept)
        common = _linked(place) if place.is_file() else None
        if common:
            return (place, common / "refs" / "heads" / branch, common / "packed-refs")
    return places


def _places(folder: Path) -> tuple[Path, ...]:
    """As git looks for what a URL names: a work tree, bare, and either with ``.git`` behind."""
    suffixed = folder.with_name(f"{folder.name}.git")
    return (folder / ".git", folder, suffixed / ".git", suffixed)


def _linked(file: Path) -> Path | None:
    """The repository of a linked work tree, whose ``.git`` is a file."""
    key, _, own = _line(file).partition(": ")
    if key != "gitdir":
        return None
    folder = file.parent / own
    return folder / (_line(folder / "commondir") or ".")


def _line(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(_LARGEST).decode("utf-8", "replace").strip()
    except (OSError, ValueError):
        return ""


def marks(paths: Iterable[Path]) -> Mapping[Path, Mark]:
    """A mark for each path. It changes by writing and replacing, never by reading."""
    return {path: _mark(path) for path in paths}


def _mark(path: Path) -> Mark:
    try:
        found = path.stat()
    except OSError as error:
        return (error.errno or 0,)
    except ValueError:
        return ()
    # The mode too: times are as coarse as the kernel's tick.
    place = (found.st_dev, found.st_ino, found.st_mode, found.st_size)
    return (*place, found.st_mtime_ns, found.st_ctime_ns)


def folders(paths: Iterable[Path]) -> frozenset[Path]:
    """For each path, the nearest folder that is there; behind a link, the target's too."""
    found: set[Path] = set()
    for path in paths:
        try:
            found |= {_nearest(path.parent), _nearest(path.resolve().parent)}
        except (OSError, RuntimeError, ValueError):  # a loop of links, or no such path can be
            continue
    return frozenset(found)


def _nearest(folder: Path) -> Path:
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder.resolve()
