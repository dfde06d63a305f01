"""A folder's files, for rendering what was not committed; refuses what a commit would refuse."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.model.errors import FileError, UsageError

if TYPE_CHECKING:
    from reconciler.model.rendered import FileKind

LARGEST_FILE = 10 * 2**20  # bytes
LARGEST_FOLDER = 50_000  # names
_DEPTH = 64
_DIGESTED = 100_000  # files and folders below one folder
_AHEAD, _SMALL = 64, 1 << 16  # files of so many bytes that are kept for whoever digested them
_NOTHING = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
_GIT = ".git"  # the repository's own; a commit has no such name


class FolderTree:
    """Implements rendered.Tree for the folder ``root``, as it is at each call.

    With the file system as a whole, a path may begin with ``/``.

    ``still``: it is taken to stand still, so that a folder that was seen is not looked at again,
    and of a small file that was digested its bytes are the next to be asked for.
    Raises UsageError where ``root`` is no folder.
    """

    def __init__(self, root: Path, *, still: bool = False) -> None:
        if not root.is_dir():
            raise UsageError(f"{root} is no folder")
        self._root = str(root.resolve())
        self._still = still
        self._folders: set[str] = set()
        self._listed: dict[str, dict[str, FileKind | None]] = {}  # None: to be looked at
        self._ahead: dict[str, bytes] = {}

    def kind(self, path: str) -> FileKind | None:
        above, _, last = path.rpartition("/")
        listed = self._listed.get(above) if last else None
        if listed is not None:
            known = listed.get(last)
            if known is not None or last not in listed:
                return known
        found = self._find(path)
        return None if found is None else _kind(found, path)

    def names(self, path: str) -> tuple[str, ...]:
        if self.kind(path) != "folder":
            raise FileNotFoundError(path)
        entries = self._entries(path)
        if self._still:
            self._listed[path] = {entry.name: _listed_kind(entry) for entry in entries}
        return tuple(entry.name for entry in entries)

    def read(self, path: str) -> bytes:
        ahead = self._ahead.pop(path, None)
        if ahead is not None:
            return ahead
        if self.kind(path) != "file":
            raise FileNotFoundError(path)
        return self._content(path)

    def _content(self, path: str) -> bytes:
        try:
            # Not blocking, as it may have become a pipe since the look at it.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(self._at(path), flags)
            try:
                content = _read(descriptor, path)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise FileError(f"cannot be read: {error.strerror}", path=path) from None
        if len(content) > LARGEST_FILE:
            raise FileError(f"a file has at most {LARGEST_FILE} bytes", path=path)
        return content

    def digest(self, path: str) -> str:
        kind = self.kind(path)
        if kind is None:
            raise FileNotFoundError(path)
        return self._digest(path, kind, [_DIGESTED])

    def link(self, path: str) -> str | None:
        found = self._find(path)
        return self._target(path) if found and stat.S_ISLNK(found.st_mode) else None

    def _target(self, path: str) -> str:
        try:
            target = os.readlink(self._at(path))  # noqa: PTH115  Path changes its text
            target.encode()
        except OSError as error:
            raise FileError(f"cannot be read: {error.strerror}", path=path) from None
        except UnicodeEncodeError:
            raise FileError("a symbolic link whose target is not UTF-8", path=path) from None
        return target

    def _digest(self, path: str, kind: FileKind, left: list[int]) -> str:
        if kind == "file":
            content = self._content(path)
            if self._still and len(content) <= _SMALL:
                if len(self._ahead) >= _AHEAD:
                    self._ahead.clear()
                self._ahead[path] = content
            return hashlib.sha256(content).hexdigest()
        digest = hashlib.sha256(b"folder\0")
        for entry in self._entries(path):
            name, below = entry.name, f"{path}/{entry.name}" if path else entry.name
            left[0] -= 1
            if left[0] < 0:
                raise FileError(f"more than {_DIGESTED} files are below this folder", path=path)
            words = self._words(below, self._look(below), left)
            digest.update(b"\0".join((name.encode(), words.encode(), b"")))
        return digest.hexdigest()

    def _words(self, path: str, found: os.stat_result | None, left: list[int]) -> str:
        """An entry's kind and digest; of one that cannot be read, that it cannot, and when."""
        if found is None:
            return "gone"
        try:
            if stat.S_ISLNK(found.st_mode):
                return f"link {self._target(path)}"
            kind = _kind(found, path)
        except FileError as error:
            return error.message
        if kind == "file" and found.st_size > LARGEST_FILE:
            return f"too large {found.st_size} {found.st_mtime_ns}"
        return f"{kind} {self._digest(path, kind, left)}"

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _find(self, path: str) -> os.stat_result | None:
        """What is at ``path``; raises FileError where a part before its last is a link."""
        above, _, last = path.rpartition("/")
        if above in self._folders and _sound(last):
            return self._look(path)
        found = self._walked(path)
        if self._still and found is not None:
            seen = (above, path) if stat.S_ISDIR(found.st_mode) else (above,)
            self._folders.update(filter(None, seen))
        return found

    def _walked(self, path: str) -> os.stat_result | None:
        bare = path.removeprefix("/") if self._root == "/" else path
        parts = bare.split("/") if bare else []
        if len(parts) > _DEPTH or not all(map(_sound, parts)):
            return None
        found, before = self._look(""), path[: len(path) - len(bare)]
        for part in parts:
            if found is None or _kind(found, before.removesuffix("/")) != "folder":
                return None
            before += part
            found = self._look(before)
            before += "/"
        return found

    def _look(self, path: str) -> os.stat_result | None:
        try:
            return os.lstat(self._at(path))
        except OSError as error:
            if error.errno in _NOTHING:
                return None
            raise FileError(f"cannot be read: {error.strerror}", path=path) from None

    def _entries(self, path: str) -> list[os.DirEntry[str]]:
        found: list[os.DirEntry[str]] = []
        try:
            with os.scandir(self._at(path)) as entries:
                for entry in entries:
                    if entry.name.lower() != _GIT:
                        _check_name(entry.name, path)
                        found.append(entry)
                    if len(found) > LARGEST_FOLDER:
                        raise FileError(f"a folder has at most {LARGEST_FOLDER} names", path=path)
        except OSError as error:
            raise FileError(f"cannot be read: {error.strerror}", path=path) from None
        return sorted(found, key=lambda entry: entry.name)


def _read(descriptor: int, path: str) -> bytes:
    """A file's bytes, one more than LARGEST_FILE at most."""
    found = os.fstat(descriptor)
    _kind(found, path)
    content = part = os.read(descriptor, min(found.st_size, LARGEST_FILE) + 1)
    while part and found.st_size < len(content) <= LARGEST_FILE:  # it has grown
        part = os.read(descriptor, LARGEST_FILE + 1 - len(content))
        content += part
    return content


def _listed_kind(entry: os.DirEntry[str]) -> FileKind | None:
    """As the folder itself says; None for what is refused, or in doubt."""
    if entry.is_file(follow_symlinks=False):
        return "file"
    return "folder" if entry.is_dir(follow_symlinks=False) else None


def _kind(found: os.stat_result, path: str) -> FileKind:
    if stat.S_ISREG(found.st_mode):
        return "file"
    if stat.S_ISDIR(found.st_mode):
        return "folder"
    if stat.S_ISLNK(found.st_mode):
        raise FileError("a symbolic link; none is followed here", path=path)
    raise FileError("neither a file nor a folder", path=path)


def _sound(part: str) -> bool:
    return part not in ("", ".", "..") and "\0" not in part and part.lower() != _GIT


def _check_name(name: str, path: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise FileError("a name in this folder is not UTF-8", path=path) from None
