"""What a tree answered, so that another tree can be asked whether it says the same.

For what reads few files, over and over: a site's settings. Built levels keep their files'
digests instead (``kept``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.errors import FileError

if TYPE_CHECKING:
    from reconciler.model.rendered import FileKind, Tree

_NONE: Any = object()  # no answer: equal to none


class Answers:
    """A tree that notes what it said; implements rendered.Tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree: Tree | None = tree
        self._noted: dict[tuple[str, str], Any] = {}

    def kind(self, path: str) -> FileKind | None:
        found: FileKind | None = self._note("kind", path)
        return found

    def names(self, path: str) -> tuple[str, ...]:
        return tuple(self._note("names", path))

    def read(self, path: str) -> bytes:
        self._note("digest", path)
        assert self._tree is not None
        return self._tree.read(path)

    def digest(self, path: str) -> str:
        return str(self._note("digest", path))

    def link(self, path: str) -> str | None:
        found: str | None = self._note("link", path)
        return found

    def done(self) -> Answers:
        """Without the tree, to be kept."""
        self._tree = None
        return self

    def hold_for(self, tree: Tree) -> bool:
        """Whether that tree answers all of it alike."""
        return all(_asked(tree, *about) == answer for about, answer in self._noted.items())

    def _note(self, what: str, path: str) -> Any:
        self._noted[what, path] = _NONE  # what failed is asked again
        found = self._noted[what, path] = getattr(self._tree, what)(path)
        return found


def _asked(tree: Tree, what: str, path: str) -> Any:
    try:
        return getattr(tree, what)(path)
    except (FileError, FileNotFoundError):
        return None
