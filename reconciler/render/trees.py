"""Trees made of others: files in memory, trees side by side under names of their own, and a tree
whose words are remembered.

For whoever renders something that is laid over files from elsewhere, such as a new site's
``deploy/``, or many sites of one folder. Pure; implements rendered.Tree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.rendered import FileKind, Tree


class Files:
    """One folder of files, by name."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(files)

    def kind(self, path: str) -> FileKind | None:
        if not path:
            return "folder"
        return "file" if path in self._files else None

    def names(self, path: str) -> tuple[str, ...]:
        if path:
            raise FileNotFoundError(path)
        return tuple(sorted(self._files))

    def read(self, path: str) -> bytes:
        try:
            return self._files[path]
        except KeyError:
            raise FileNotFoundError(path) from None

    def digest(self, path: str) -> str:
        if path:
            return hashlib.sha256(self.read(path)).hexdigest()
        return _digest({name: self.digest(name) for name in self._files})

    def link(self, path: str) -> str | None:
        return None


class Beside:
    """Trees as the folders of one root."""

    def __init__(self, folders: Mapping[str, Tree]) -> None:
        self._folders = dict(folders)

    def kind(self, path: str) -> FileKind | None:
        if not path:
            return "folder"
        name, _, inside = path.partition("/")
        return self._folders[name].kind(inside) if name in self._folders else None

    def names(self, path: str) -> tuple[str, ...]:
        if not path:
            return tuple(sorted(self._folders))
        tree, inside = self._at(path)
        return tree.names(inside)

    def read(self, path: str) -> bytes:
        tree, inside = self._at(path)
        return tree.read(inside)

    def digest(self, path: str) -> str:
        if path:
            tree, inside = self._at(path)
            return tree.digest(inside)
        return _digest({name: tree.digest("") for name, tree in self._folders.items()})

    def link(self, path: str) -> str | None:
        name, _, inside = path.partition("/")
        return self._folders[name].link(inside) if name in self._folders else None

    def _at(self, path: str) -> tuple[Tree, str]:
        name, _, inside = path.partition("/")
        try:
            return self._folders[name], inside
        except KeyError:
            raise FileNotFoundError(path) from None


class Laid:
    """A tree with some files or folders as another tree has them, or has them not."""

    def __init__(self, base: Tree, over: Tree, paths: tuple[str, ...]) -> None:
        self._base, self._over = base, over
        self._paths = frozenset(paths)

    def kind(self, path: str) -> FileKind | None:
        return self._of(path).kind(path)

    def names(self, path: str) -> tuple[str, ...]:
        names = set(self._of(path).names(path))
        for laid in self._paths:
            folder, _, name = laid.rpartition("/")
            if folder == path:
                names.discard(name)
                names.update([name] if self._over.kind(laid) else [])
        return tuple(sorted(names))

    def read(self, path: str) -> bytes:
        return self._of(path).read(path)

    def digest(self, path: str) -> str:
        below = [laid for laid in self._paths if not path or laid.startswith(f"{path}/")]
        if not below:
            return self._of(path).digest(path)
        found = {laid: self._over.digest(laid) for laid in below if self._over.kind(laid)}
        return _digest({"": self._base.digest(path), **found})

    def link(self, path: str) -> str | None:
        return self._of(path).link(path)

    def _of(self, path: str) -> Tree:
        is_laid = any(path == laid or path.startswith(f"{laid}/") for laid in self._paths)
        return self._over if is_laid else self._base


class Remembered:
    """A tree that is taken to stand still: what it said once, it says again.

    For many renders of one folder. Contents are not kept, as whoever reads keeps what they mean.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._kinds: dict[str, FileKind | None] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._digests: dict[str, str] = {}
        self._links: dict[str, str | None] = {}

    def kind(self, path: str) -> FileKind | None:
        if path not in self._kinds:
            self._kinds[path] = self._tree.kind(path)
        return self._kinds[path]

    def names(self, path: str) -> tuple[str, ...]:
        if path not in self._names:
            self._names[path] = self._tree.names(path)
        return self._names[path]

    def read(self, path: str) -> bytes:
        return self._tree.read(path)

    def digest(self, path: str) -> str:
        found = self._digests.get(path)
        if found is None:
            found = self._digests[path] = self._tree.digest(path)
        return found

    def link(self, path: str) -> str | None:
        if path not in self._links:
            self._links[path] = self._tree.link(path)
        return self._links[path]


def _digest(entries: Mapping[str, str]) -> str:
    whole = "".join(f"{name}\0{entries[name]}\0" for name in sorted(entries))
    return hashlib.sha256(whole.encode()).hexdigest()
