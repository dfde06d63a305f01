"""A commit's files, read by hash from a bare repository; nothing is checked out or fetched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.adapters.git import entries, process, repository
from reconciler.adapters.git.entries import Entry
from reconciler.adapters.git.objects import ObjectReader
from reconciler.model.errors import FileError, MissingBlobs, SourceUnavailable, UsageError
from reconciler.model.rendered import FileKind, Tree

LARGEST_FILE = 10 * 2**20  # bytes
LARGEST_FOLDER = 4 * 2**20  # bytes of a tree object, about 50,000 names
LONGEST_LINK = 4_095  # bytes of a symbolic link's target, as in Linux
_FOLDERS, _LINKS = 20_000, 1_000  # of one repository that are kept
_DEPTH = 64


class CommitTree:
    """Implements rendered.Tree for one commit."""

    def __init__(self, reader: ObjectReader, tree_id: str) -> None:
        self._reader = reader
        self._root = Entry(tree_id, "folder")
        self._listings: dict[str, Mapping[str, Entry]] = reader.folders
        self._links = reader.links

    def kind(self, path: str) -> FileKind | None:
        entry = self._find(path)
        if entry is None:
            return None
        if entry.kind is None:
            raise FileError(entry.why, path=path)
        return entry.kind

    def names(self, path: str) -> tuple[str, ...]:
        return tuple(sorted(self._folder(path)))

    def read(self, path: str) -> bytes:
        if self.kind(path) != "file":
            raise FileNotFoundError(path)
        entry = self._find(path)
        assert entry is not None
        return self._blob(entry, path, "a file", LARGEST_FILE)

    def digest(self, path: str) -> str:
        entry = self._find(path)
        if entry is None:
            raise FileNotFoundError(path)
        if entry.kind is None:
            raise FileError(entry.why, path=path)
        return entry.id

    def link(self, path: str) -> str | None:
        entry = self._find(path)
        if entry is None or not entry.is_link:
            return None
        known = self._links.get(entry.id)
        if known is not None:
            return known
        target = entries.target(self._blob(entry, path, "a symbolic link", LONGEST_LINK), path)
        if len(self._links) >= _LINKS:
            self._links.clear()
        self._links[entry.id] = target
        return target

    def _blob(self, entry: Entry, path: str, what: str, most: int) -> bytes:
        (info,) = self._reader.info([entry.id])
        if info is None:
            raise MissingBlobs(self._missing_beside(path))
        if info.type != "blob" or info.size > most:
            limit = f"{info.size} bytes; {what} has at most {most}"
            raise FileError(limit if info.type == "blob" else f"a {info.type}", path=path)
        return self._reader.read(entry.id, info.size)

    def _missing_beside(self, path: str) -> tuple[str, ...]:
        """All that is missing of the folder: who reads one of its files mostly reads the rest."""
        folder = self._folder(path.rpartition("/")[0])
        ids = sorted({entry.id for entry in folder.values() if entry.is_blob})
        return tuple(
            id_ for id_, info in zip(ids, self._reader.info(ids), strict=True) if info is None
        )

    def _find(self, path: str) -> Entry | None:
        entry = self._root
        parts = path.split("/") if path else []
        if len(parts) > _DEPTH:
            return None
        for at, part in enumerate(parts):
            if entry.kind is None:
                raise FileError(entry.why, path="/".join(parts[:at]))
            if entry.kind != "folder":
                return None
            found = self._listing(entry.id, "/".join(parts[:at])).get(part)
            if found is None:
                return None
            entry = found
        return entry

    def _folder(self, path: str) -> Mapping[str, Entry]:
        if self.kind(path) != "folder":
            raise FileNotFoundError(path)
        entry = self._find(path)
        assert entry is not None
        return self._listing(entry.id, path)

    def _listing(self, tree_id: str, path: str) -> Mapping[str, Entry]:
        known = self._listings.get(tree_id)
        if known is not None:
            return known
        (info,) = self._reader.info([tree_id])
        if info is None or info.type != "tree":
            raise SourceUnavailable(f"folder {path or '.'} is missing from the mirror")
        if info.size > LARGEST_FOLDER:
            raise FileError(f"a folder of {info.size} bytes; at most {LARGEST_FOLDER}", path=path)
        listing = dict(entries.parse(self._reader.read(tree_id, info.size), path))
        if len(self._listings) >= _FOLDERS:
            self._listings.clear()
        self._listings[tree_id] = listing
        return listing


def commit_tree(reader: ObjectReader, commit: str) -> CommitTree:
    """The tree of a commit that the repository holds. Raises SourceUnavailable."""
    (info,) = reader.info([commit])
    if info is None or info.type != "commit" or info.size > 2**20:
        raise SourceUnavailable(f"commit {commit} is not in the mirror")
    first = reader.read(commit, info.size).partition(b"\n")[0].split()
    if len(first) != 2 or first[0] != b"tree":
        raise SourceUnavailable(f"commit {commit} in the mirror is damaged")
    return CommitTree(reader, first[1].decode("ascii", "replace"))


def open_tree(folder: Path, rev: str) -> tuple[str, Tree]:
    """The commit that ``rev`` names in a local repository, and its files; nothing is written.

    ``folder`` is a work tree or bare. Raises UsageError where it is no repository or has no such
    commit. No setting of that repository runs code, as only objects are read.
    """
    git_dir = git_folder(folder)
    commit = repository.resolve(git_dir, rev)
    if not commit:
        raise UsageError(f"{rev[:100]!r} names no commit in {folder}")
    try:
        return commit, commit_tree(ObjectReader(git_dir), commit)
    except SourceUnavailable as error:
        raise UsageError(f"{folder}: {error}") from None


def git_folder(folder: Path) -> Path:
    """Where a local repository keeps its objects. Raises UsageError."""
    folder = folder.absolute()
    found = [path for path in (folder / ".git", folder) if (path / "objects").is_dir()]
    return found[0] if found else _linked(folder)


def _linked(folder: Path) -> Path:
    """A linked work tree, or a folder inside one: git finds its own way up."""
    arguments = ("-C", str(folder), "rev-parse", "--absolute-git-dir")
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder")
    result = process.run(None, arguments)
    if result.code != 0:
        raise UsageError(f"{folder} is no git repository: {result.error}")
    return Path(result.text())
