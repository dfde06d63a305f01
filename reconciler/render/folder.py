"""One kustomization's folder: what may be read from it, and where other folders are.

Paths in a kustomization are relative to its folder. Files must lie in or below it (unless the
restriction is lifted), nothing may lie outside the tree, and nothing is ever fetched. Links are
followed first, and what counts is where they lead: a folder's own path has none. Where the tree
is the file system as a whole, its paths begin with ``/``.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from reconciler.model.errors import FileError, RenderError
from reconciler.render import bounds, links, remotes
from reconciler.render.kept import Reads

if TYPE_CHECKING:
    from reconciler.model.rendered import FileKind, Tree

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_RELATIVE = "write it relative to this folder"


class Problem(Exception):
    """A path that cannot be used; the caller knows which file and line named it."""


class Folder:
    """A folder in a tree, and the folders from which the build came here.

    ``called``: its path as the kustomizations on the way wrote it, seen from the first of them.
    """

    def __init__(
        self,
        tree: Tree,
        path: str,
        *,
        restrict: bool,
        reads: Reads,
        trail: tuple[str, ...] = (),
        called: str = "",
    ) -> None:
        self.tree = tree
        self.path = path
        self.restrict = restrict
        self.reads = reads
        self.trail = trail
        self._called = called

    def resolve(self, relative: str) -> str:
        """A path from here as a path of the tree. Raises Problem where it leads out of it."""
        if relative.startswith("/"):
            raise Problem(f"path '{relative}' cannot be absolute: {_RELATIVE}")
        parts = self.path.split("/") if self.path else []
        for part in relative.split("/"):
            if part == "..":
                if not any(parts):
                    raise Problem(f"security; '{relative}' leads out of the repository")
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        return "/".join(parts)

    def read(self, relative: str) -> tuple[str, bytes]:
        """A file's path in the tree, and its bytes. Raises Problem."""
        if relative.startswith("/"):
            raise Problem(
                f"security; file '{relative}' is not in or below '{rooted(self.path)}': a path"
                f" cannot be absolute, {_RELATIVE}"
            )
        path = self.resolve(relative)
        found, kind = self._local(path, relative)
        if kind is None:
            raise Problem(_missing(path, found))
        if kind != "file":
            raise Problem(f"'{rooted(path)}' must resolve to a file, and is a folder")
        if self._is_restricted(found):
            raise Problem(
                f"security; file '{rooted(path)}' is not in or below '{rooted(self.path)}'"
            )
        return found, self.load(found)

    def _is_restricted(self, path: str) -> bool:
        """Whether a file must not be read from here."""
        return self.restrict and not _below(path, self.path)

    def _local(self, path: str, relative: str) -> tuple[str, FileKind | None]:
        """``real``, with what is not here and looks remote refused as that."""
        found, kind = self.real(path, relative)
        if kind is None and remotes.looks_remote(relative):
            raise _remote(relative, "copy it into the repository")
        return found, kind

    def real(self, path: str, named: str) -> tuple[str, FileKind | None]:
        """A path of the tree without links, and what is there; errors name it as ``named``.

        Raises Problem where links lead out of the tree, or to what none may be.
        """
        try:
            return path, self.tree.kind(path)
        except FileError:  # mostly as a link is on it, which the tree does not follow
            pass
        try:
            return links.follow(self.tree, path, named, self.reads)
        except (FileError, links.Astray) as error:
            raise Problem(str(error)) from None

    def called(self, relative: str) -> str:
        """What ``buildMetadata`` calls a path from here: kustomize looks at no link for it."""
        return posixpath.normpath(posixpath.join(self._called, relative))

    def load(self, path: str) -> bytes:
        """A file's bytes by its path in the tree."""
        self.reads.seen[path] = self.tree.digest(path)
        return self.tree.read(path)

    def is_folder(self, relative: str) -> bool:
        """Whether the path leads to a folder, in bounds or not."""
        return self._kind(relative) == "folder"

    def is_file(self, relative: str) -> bool:
        """Whether the path leads to a file, in bounds or not."""
        return self._kind(relative) == "file"

    def _kind(self, relative: str) -> FileKind | None:
        try:
            return self.real(self.resolve(relative), relative)[1]
        except Problem:
            return None

    def child(self, relative: str, reads: Reads) -> Folder:
        """Another folder with a kustomization. Raises Problem."""
        path = self.folder_at(relative)
        trail = (*self.trail, self.path)
        self.refuse_cycle(path, trail)
        if len(trail) > bounds.FOLDERS:
            raise Problem(f"more than {bounds.FOLDERS} kustomizations lead to one another")
        called = self.called(relative)
        return Folder(
            self.tree, path, restrict=self.restrict, reads=reads, trail=trail, called=called
        )

    def folder_at(self, relative: str) -> str:
        """The path of another folder. Raises Problem where there is none."""
        if not relative:
            raise Problem("new root cannot be empty")
        if relative.startswith("/"):
            raise Problem(f"new root '{relative}' cannot be absolute: {_RELATIVE}")
        path = self.resolve(relative)
        found, kind = self._local(path, relative)
        if kind is None:
            missing = _missing(path, found)
            raise Problem(f"must build at directory: not a valid directory: {missing}")
        if kind != "folder":
            raise Problem(f"must build at directory: '{rooted(path)}': file is not directory")
        if remotes.is_repository(relative):  # kustomize looks at no folder of that name
            raise _remote(relative, f"the folder is './{relative}'")
        return found

    def refuse_cycle(self, path: str, trail: tuple[str, ...]) -> None:
        """Raises Problem where a folder holds one of those that the build came through."""
        for visited in reversed(trail):
            if _below(visited, path):
                raise Problem(
                    f"cycle detected: candidate root '{rooted(path)}' contains visited root"
                    f" '{rooted(visited)}'"
                )

    def kustomization(self) -> tuple[str, str]:
        """This folder's kustomization file: its name, and its path.

        Raises Problem where there is none, and RenderError where there are several.
        """
        found = []
        for name in FILE_NAMES:
            path = f"{self.path}/{name}" if self.path else name
            real, kind = self.real(path, name)
            # As in kustomize, one that must not be read is as good as none.
            if kind == "file" and not self._is_restricted(real):
                found.append((name, real))
            else:
                self.reads.seen[path] = None
        if not found:
            *most, last = FILE_NAMES
            names = "', '".join(most)
            raise Problem(
                f"unable to find one of '{names}' or '{last}' in directory '{rooted(self.path)}'"
            )
        if len(found) > 1:
            raise RenderError(
                f"Found multiple kustomization files under: {rooted(self.path)}", path=found[1][1]
            )
        return found[0]


def rooted(path: str) -> str:
    """A path of the tree as errors name it: whole, with the tree as the file system."""
    return path if path.startswith("/") else f"/{path}"


def _remote(entry: str, instead: str) -> Problem:
    return Problem(
        f"remote resource '{entry}' is not supported: nothing is fetched while rendering; {instead}"
    )


def _missing(path: str, end: str) -> str:
    """As Go tells of a path that leads nowhere, and where it ends."""
    return (
        f"evalsymlink failure on '{rooted(path)}' : lstat {rooted(end)}: no such file or directory"
    )


def _below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")
