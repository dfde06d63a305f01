"""Symbolic links, followed without the operating system, and never out of the tree.

A tree follows no link; it says where one leads. In: a path that a tree refused, mostly as a link
is on it. Out: where that path ends, as the kernel would have it. Called by ``folder``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.rendered import FileKind, Tree
    from reconciler.render.kept import Reads

_MOST = 40  # links on the way to one file, as in Linux
_SHOWN = 200  # characters of a target in an error


class Astray(Exception):
    """A path that is refused for where its links lead."""


def follow(tree: Tree, path: str, named: str, reads: Reads) -> tuple[str, FileKind | None]:
    """The path without links and what is there; of what is missing, the path as far as it goes.

    ``named`` is the path in errors; what was passed on the way is noted in ``reads``.
    Raises Astray, and what the tree raises.
    """
    return _Walk(tree, path, named, reads).end()


class _Walk:
    """One part after the other, as what ``..`` means is known only where a link has led."""

    def __init__(self, tree: Tree, path: str, named: str, reads: Reads) -> None:
        self._tree = tree
        self._named = named
        self._reads = reads
        # With the tree as the file system paths begin with "/"; nothing is outside of that.
        self._top = [""] if path.startswith("/") else []
        self._done = [*self._top]
        self._left = path.removeprefix("/").split("/")[::-1]
        self._followed = 0
        self._last = ""  # link, as it stands in errors

    def end(self) -> tuple[str, FileKind | None]:
        kind: FileKind | None = "folder"
        while self._left:
            name = self._left.pop()
            if name == "..":
                self._up()
            elif name not in ("", "."):
                here = "/".join((*self._done, name))
                target = self._tree.link(here)
                if target:
                    self._turn(here, target)
                    continue
                kind = self._tree.kind(here) if target is None else None
                if kind is None or (kind == "file" and self._left):
                    return here, None
                self._done.append(name)
        return "/".join(self._done), kind

    def _up(self) -> None:
        if len(self._done) > len(self._top):
            self._reads.folders.add("/".join(self._done))
            self._done.pop()
        elif not self._top:
            raise self._outside()

    def _turn(self, link: str, target: str) -> None:
        """Go on where a link leads."""
        self._reads.links[link] = target
        self._last = f"'/{link.removeprefix('/')}' is a symbolic link to {target[:_SHOWN]!r}"
        self._followed += 1
        if self._followed > _MOST:
            raise Astray(f"too many links: '{self._named}' leads over more than {_MOST}")
        if target.startswith("/"):
            if not self._top:
                raise self._outside()
            self._done = [*self._top]
        self._left += target.split("/")[::-1]

    def _outside(self) -> Astray:
        return Astray(f"security; '{self._named}' leads out of the repository: {self._last}")
