"""A bare repository of ours: made, its ``config`` renewed, and what a power cut leaves cleared."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.adapters.git import config, process
from reconciler.model.errors import SourceUnavailable, UsageError

FETCH = (
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-recurse-submodules",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
)
_READER = "reader"
_PACKS = 100
_LOOSE = 4_000
# Unreachable objects are kept: a force-push must not take the last accepted commit away.
_REPACK = ("repack", "-a", "-d", "-q", "--keep-unreachable")


def prepare(folder: Path, extra: Mapping[str, Mapping[str, str]]) -> None:
    """Make ``folder`` a bare repository with this ``config``, keeping what it holds.

    Raises UsageError where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("objects/pack", "objects/info", "refs/heads", "info"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name in ("objects/info/alternates", "info/grafts", "hooks", "commondir"):
            remove(folder / name)  # none is ever ours
        head = folder / "HEAD"
        if not head.is_file() or head.read_bytes() != b"ref: refs/heads/none\n":
            head.write_bytes(b"ref: refs/heads/none\n")
        config.write(folder, extra)
        if extra:
            prepare(folder / _READER, {})
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from None


def for_reading(folder: Path) -> tuple[Path, Mapping[str, str]]:
    """The repository through which to read objects of ``folder``, and the variables that takes.

    Git dies of a promised object that is missing where it must not fetch. A second repository
    over the same objects, to which nobody promised anything, says that it is missing.
    """
    reader = folder / _READER
    if not reader.is_dir():
        return folder, {}
    return reader, {"GIT_OBJECT_DIRECTORY": str(folder / "objects")}


def clear_leftovers(folder: Path, refs: str = "refs") -> None:
    """Remove what a killed git leaves: locks, half-received packs. None may be running."""
    clear_locks(folder, refs)
    for path in _files(folder / "objects"):
        if path.name.startswith(("tmp_", ".tmp-")):
            remove(path)


def clear_locks(folder: Path, refs: str = "refs") -> None:
    """Remove the repository's locks and those of the refs below ``refs``."""
    for name in ("HEAD.lock", "config.lock", "shallow.lock", "packed-refs.lock"):
        remove(folder / name)
    for path in _files(folder / refs):
        if path.name.endswith(".lock"):
            remove(path)


def damaged(folder: Path) -> str:
    """Why the repository cannot be trusted to be whole, by its files' sizes, or ``""``.

    A file system that lost power keeps names and sizes apart: what was written last is empty.
    """
    for part in ("objects", "refs", "packed-refs", "shallow"):
        path = folder / part
        for file in _files(path) if path.is_dir() else [path]:
            with contextlib.suppress(FileNotFoundError):
                if file.stat().st_size == 0 and file.suffix != ".promisor":
                    return f"{file.relative_to(folder)} is empty"
    for pack in (folder / "objects/pack").glob("*.idx"):
        if not pack.with_suffix(".pack").is_file():
            return f"{pack.name} has no pack"
    return ""


def drop_empty(folder: Path) -> None:
    """Remove emptied loose objects and refs, so that git asks for them again."""
    for part in ("objects", "refs"):
        for file in _files(folder / part):
            with contextlib.suppress(FileNotFoundError):
                if file.stat().st_size == 0 and file.suffix != ".promisor":
                    remove(file)
    for name in ("packed-refs", "shallow"):
        path = folder / name
        if path.is_file() and path.stat().st_size == 0:
            remove(path)


def largest_draft(folder: Path) -> int:
    """The size of the largest pack that was being received, in bytes."""
    sizes = [0]
    for path in (folder / "objects/pack").glob("tmp_*"):
        with contextlib.suppress(FileNotFoundError):
            sizes.append(path.stat().st_size)
    return max(sizes)


def tidy(folder: Path) -> None:
    """Make one pack of many packs or loose objects, as reading asks each. Failing is no harm."""
    packs = sum(1 for _ in (folder / "objects/pack").glob("*.pack"))
    # Ids spread evenly: one of the 256 folders tells for all.
    loose = sum(1 for _ in (folder / "objects/17").glob("*")) * 256
    if packs <= _PACKS and loose <= _LOOSE:
        return
    with contextlib.suppress(SourceUnavailable):  # the objects stay as they are
        process.run(folder, _REPACK, bounds=process.Bounds(deadline=600))


def resolve(folder: Path, revision: str) -> str:
    """The commit that a revision names, as 40 hex digits, or ``""``."""
    arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}")
    try:
        result = process.run(folder, arguments)
    except SourceUnavailable:
        return ""
    return result.text() if result.code == 0 else ""


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder, if it is there. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        for name in names:
            yield Path(root) / name
