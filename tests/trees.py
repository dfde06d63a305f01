"""Trees for tests: files by path, as text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from textwrap import dedent

from reconciler.model.values import FileKind


class DictTree:
    """Implements values.Tree over a mapping from path to bytes or text, which is dedented."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self._files = {
            path: dedent(text).encode() if isinstance(text, str) else text
            for path, text in files.items()
        }
        self.reads: list[str] = []

    def kind(self, path: str) -> FileKind | None:
        if path in self._files:
            return "file"
        return "folder" if not path or self._below(path) else None

    def names(self, path: str) -> tuple[str, ...]:
        if self.kind(path) != "folder":
            raise FileNotFoundError(path)
        start = len(path) + 1 if path else 0
        return tuple(sorted({name[start:].partition("/")[0] for name in self._below(path)}))

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        try:
            return self._files[path]
        except KeyError:
            raise FileNotFoundError(path) from None

    def digest(self, path: str) -> str:
        if path in self._files:
            return hashlib.sha256(self._files[path]).hexdigest()
        parts = [f"{name}\0{self.digest(name)}" for name in sorted(self._below(path))]
        if not parts:
            raise FileNotFoundError(path)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _below(self, path: str) -> list[str]:
        return [name for name in self._files if not path or name.startswith(f"{path}/")]
