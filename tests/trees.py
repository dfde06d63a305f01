"""A tree of files in memory, for tests of whatever reads one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from textwrap import dedent

from reconciler.model.rendered import FileKind


class DictTree:
    """The Tree protocol over ``{path: text}``; texts are dedented."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self._files = {
            path: dedent(text).encode() if isinstance(text, str) else text
            for path, text in files.items()
        }
        self.reads: list[str] = []

    @property
    def files(self) -> Mapping[str, bytes]:
        return self._files

    def kind(self, path: str) -> FileKind | None:
        if path in self._files:
            return "file"
        inside = any(name.startswith(f"{path}/") for name in self._files)
        return "folder" if inside or not path else None

    def names(self, path: str) -> tuple[str, ...]:
        start = f"{path}/" if path else ""
        found = {name[len(start) :].split("/")[0] for name in self._files if name.startswith(start)}
        return tuple(sorted(found))

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        try:
            return self._files[path]
        except KeyError:
            raise FileNotFoundError(path) from None

    def digest(self, path: str) -> str:
        if path in self._files:
            return hashlib.sha256(self._files[path]).hexdigest()
        words = [f"{name} {self.digest(self._join(path, name))}" for name in self.names(path)]
        return hashlib.sha256("\n".join(words).encode()).hexdigest()

    @staticmethod
    def _join(folder: str, name: str) -> str:
        return f"{folder}/{name}" if folder else name
