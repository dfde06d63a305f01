"""A tree object's bytes as names and entries, and a link's as its target; what git would not make,
or no file system could hold, is refused. Called by ``tree`` and ``reader``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.model.errors import FileError
from reconciler.model.rendered import FileKind

_KINDS: Mapping[bytes, FileKind] = {b"100644": "file", b"100755": "file", b"40000": "folder"}
_LINK = b"120000"
_REFUSED: Mapping[bytes, str] = {
    _LINK: "a symbolic link; none is followed here",
    b"160000": "a submodule; none is fetched",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in a folder; ``kind`` is None for what is neither file nor folder, ``why`` says it."""

    id: str
    kind: FileKind | None
    why: str = ""
    is_link: bool = False

    @property
    def is_blob(self) -> bool:
        return self.kind == "file" or self.is_link


def parse(data: bytes, path: str) -> Iterator[tuple[str, Entry]]:
    """A tree object's names and entries: ``MODE SP NAME NUL ID`` each. Raises FileError."""
    at = 0
    while at < len(data):
        space, end = data.find(b" ", at), data.find(b"\0", at)
        if not at < space < end or end + 21 > len(data):
            raise FileError("the folder's tree object is malformed", path=path)
        mode, raw, id_ = data[at:space], data[space + 1 : end], data[end + 1 : end + 21].hex()
        at = end + 21
        yield _name(raw, path), _entry(mode, id_)


def _entry(mode: bytes, id_: str) -> Entry:
    kind = _KINDS.get(mode)
    if kind is not None:
        return Entry(id_, kind)
    why = _REFUSED.get(mode, f"of mode {mode[:8].decode('ascii', 'replace')}, which is refused")
    return Entry(id_, None, why, is_link=mode == _LINK)


def _name(raw: bytes, path: str) -> str:
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        raise FileError("a name in this folder is not UTF-8", path=path) from None
    if name in ("", ".", "..") or "/" in name:
        raise FileError(f"a name in this folder is {name!r}", path=path)
    return name


def target(raw: bytes, path: str) -> str:
    """Where a link leads, by its blob. Raises FileError for what no file system can hold."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise FileError("a symbolic link whose target is not UTF-8", path=path) from None
    if "\0" in text:
        raise FileError("a symbolic link whose target holds a NUL", path=path)
    return text
