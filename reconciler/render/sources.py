"""Files that were read and parsed: each value with its place, for errors that show where.

Parsed files are kept in the caller's Cache by their digest, so that one base is parsed once
for all the sites that lie over it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from reconciler.documents import load
from reconciler.documents.load import Document, Limits
from reconciler.documents.scalars import CONFIG, MANIFEST, PATCH, Scalars
from reconciler.model.errors import RenderError

Path = tuple[str | int, ...]
_MOST = 5_000  # parsed files; those that are read again are soon there again


class Source(NamedTuple):
    """A document and the file that it stands in."""

    path: str
    data: bytes
    document: Document
    number: int = 0

    @property
    def value(self) -> Any:
        return self.document.value

    def line_of(self, name: str) -> int:
        """The line of a field at the top, found without reading the file again; 1 if it is not."""
        text = b"\n" + self.data
        at = text.find(b"\n" + name.encode() + b":")
        return text.count(b"\n", 0, at + 1) if at >= 0 else 1

    def error(self, message: str, at: Path = ()) -> RenderError:
        """An error that shows the line and column of ``at``, or of the nearest that is there."""
        line, column = load.locate(self.data, self.number, at)
        shown = field_path(at)
        text = f"{shown}: {message}" if shown and shown not in message else message
        return RenderError(text, path=self.path, line=line, column=column)


def field_path(at: Path) -> str:
    """``("images", 0, "newTag")`` is ``images[0].newTag``."""
    text = ""
    for part in at:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


class Files:
    """Parsed files by digest and dialect; ``limits`` are what each may ask for."""

    def __init__(self, limits: Limits = load.DEFAULT) -> None:
        self._limits = limits
        self._parsed: dict[tuple[str, str, int], tuple[Source, ...]] = {}

    def objects(self, path: str, data: bytes, digest: str = "") -> tuple[Source, ...]:
        """Every document of a file of objects. Raises RenderError."""
        return self._load(path, data, digest, MANIFEST)

    def patches(self, path: str, data: bytes, digest: str = "") -> tuple[Source, ...]:
        """Every document of a file of strategic merge patches. Raises RenderError."""
        return self._load(path, data, digest, PATCH)

    def settings(self, path: str, data: bytes, digest: str = "") -> tuple[Source, ...]:
        """Every document of a file of settings: a kustomization, a JSON patch, ..."""
        return self._load(path, data, digest, CONFIG)

    def _load(self, path: str, data: bytes, digest: str, scalars: Scalars) -> tuple[Source, ...]:
        key = (path, digest, id(scalars))
        found = self._parsed.get(key) if digest else None
        if found is None:
            documents = load.load_all(data, path=path, scalars=scalars, limits=self._limits)
            found = tuple(
                Source(path, data, document, number) for number, document in enumerate(documents)
            )
            if digest:
                if len(self._parsed) >= _MOST:
                    self._parsed.clear()
                self._parsed[key] = found
        return found
