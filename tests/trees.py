"""A tree of files in memory, for tests of whatever reads one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from textwrap import dedent

from reconciler.model.errors import FileError
from reconciler.model.rendered import FileKind


class DictTree:
    """The Tree protocol over ``{path: text}``; texts are dedented. ``links`` have their targets."""

    def __init__(
        self, files: Mapping[str, str | bytes], links: Mapping[str, str] | None = None
    ) -> None:
        self._files = {
            path: dedent(text).encode() if isinstance(text, str) else text
            for path, text in files.items()
        }
        self._links = dict(links or {})
        self.reads: list[str] = []

    @property
    def files(self) -> Mapping[str, bytes]:
        return self._files

    def kind(self, path: str) -> FileKind | None:
        self._refuse_links(path)
        if path in self._files:
            return "file"
        inside = any(name.startswith(f"{path}/") for name in (*self._files, *self._links))
        return "folder" if inside or not path else None

    def names(self, path: str) -> tuple[str, ...]:
        start = f"{path}/" if path else ""
        everything = (*self._files, *self._links)
        found = {name[len(start) :].split("/")[0] for name in everything if name.startswith(start)}
        return tuple(sorted(found))

    def read(self, path: str) -> bytes:
        self._refuse_links(path)
        self.reads.append(path)
        try:
            return self._files[path]
        except KeyError:
            raise FileNotFoundError(path) from None

    def digest(self, path: str) -> str:
        self._refuse_links(path)
        return self._digest(path)

    def _digest(self, path: str) -> str:
        if path in self._files:
            return hashlib.sha256(self._files[path]).hexdigest()
        if path in self._links:
            return f"link {self._links[path]}"
        words = [f"{name} {self._digest(self._join(path, name))}" for name in self.names(path)]
        return hashlib.sha256("\n".join(words).encode()).hexdigest()

    def link(self, path: str) -> str | None:
        self._refuse_links(path.rpartition("/")[0])
        return self._links.get(path)

    def _refuse_links(self, path: str) -> None:
        for link in self._links:
            if path == link or path.startswith(f"{link}/"):
                raise FileError("a symbolic link; none is followed here", path=link)

    @staticmethod
    def _join(folder: str, name: str) -> str:
        return f"{folder}/{name}" if folder else name
