"""Results kept by what they were made from: each path that was looked at, with its digest.

A result is handed out again while every one of those paths still has the digest that it had,
or is still absent; whatever tree it is asked for. So ten thousand sites over one base build that
base once, and a changed file costs what depends on it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import TYPE_CHECKING, Generic, TypeVar

from reconciler.model.errors import FileError

if TYPE_CHECKING:
    from reconciler.model.rendered import Tree


_VARIANTS = 3  # results a key: a folder in as many commits

Result = TypeVar("Result")


class Reads:
    """What was looked at: ``seen`` has each path's digest, None where nothing is there.

    ``links`` are the symbolic links that were followed, with their targets, and ``folders`` those
    that a target left again by ``..``; what is behind them is in ``seen``, where it really is.
    ``roots`` are the folders whose kustomizations were built.
    """

    __slots__ = ("folders", "links", "roots", "seen")

    def __init__(self) -> None:
        self.seen: dict[str, str | None] = {}
        self.links: dict[str, str] = {}
        self.folders: set[str] = set()
        self.roots: set[str] = set()

    def add(self, other: Reads) -> None:
        self.seen.update(other.seen)
        self.links.update(other.links)
        self.folders.update(other.folders)
        self.roots.update(other.roots)

    def hold_for(self, tree: Tree) -> bool:
        """Whether the tree has all of it as it was."""
        kind, digest_of = tree.kind, tree.digest
        try:
            if any(tree.link(path) != target for path, target in self.links.items()):
                return False
            if any(kind(path) != "folder" for path in self.folders):
                return False
            for path, digest in self.seen.items():
                if digest is None:
                    if kind(path) is not None:
                        return False
                elif digest_of(path) != digest:
                    return False
        except (FileError, FileNotFoundError):  # a link, where none was, is such an error
            return False
        return True


class Kept(Generic[Result]):
    """Results by key; those not asked for the longest go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows: OrderedDict[Hashable, list[tuple[Reads, Result]]] = OrderedDict()

    def find(self, key: Hashable, tree: Tree) -> tuple[Reads, Result] | None:
        """The result for this tree, and what it was made from."""
        rows = self._rows.get(key, ())
        for row in rows:
            if row[0].hold_for(tree):
                self._rows.move_to_end(key)
                return row
        return None

    def add(self, key: Hashable, reads: Reads, result: Result) -> None:
        rows = self._rows.setdefault(key, [])
        rows.append((reads, result))
        del rows[:-_VARIANTS]
        self._rows.move_to_end(key)
        while len(self._rows) > self._most:
            self._rows.popitem(last=False)
