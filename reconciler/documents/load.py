"""YAML and JSON text in, plain values with their first lines out; called by whoever reads files.

A file is cut into documents as kustomize cuts it, and each is built from libyaml's events
(``build``). What a file may cost is bounded by Limits, however small the text that asks for
more: a hundred bytes of aliases can mean gigabytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from reconciler.documents import locate as positions
from reconciler.documents import templates
from reconciler.documents.aliases import Budget, Invalid
from reconciler.documents.build import Builder
from reconciler.documents.scalars import BLANK, RESOURCE, Scalars
from reconciler.model.errors import FileError, RenderError

_SEPARATOR = re.compile(rb"\n---(.*)\n")
_DIRECTIVES = re.compile(rb"(?:[ \t]*(?:#.*)?\n)*+%")
_MAX_DIRECTIVES = 32  # libyaml compares each with all before it: many cost minutes


class Limits(NamedTuple):
    """What one file may ask for. ``nodes`` and ``bytes`` also bound what its aliases repeat."""

    bytes: int = 8 * 1024 * 1024
    nodes: int = 500_000
    depth: int = 200
    aliases: int = 10_000
    documents: int = 20_000


DEFAULT = Limits()


class Document(NamedTuple):
    """One document that is not empty; ``line`` is where its content begins."""

    value: Any
    line: int


class Part(NamedTuple):
    """A document's text, the number of lines before it, and what its ``---`` is followed by."""

    text: bytes
    before: int
    trailer: bytes


def load_all(
    data: bytes,
    *,
    path: str,
    scalars: Scalars = RESOURCE,
    limits: Limits = DEFAULT,
    error: type[FileError] = RenderError,
) -> tuple[Document, ...]:
    """Read every document of a file; empty ones and ``null`` are left out.

    Values are dict, list, str, int, float, bool and None, and no two share a container, so they
    may be changed. Raises ``error`` with path, line and column where the text is not YAML, holds
    something that kustomize refuses, or exceeds ``limits``.
    """
    if len(data) > limits.bytes:
        raise error(f"the file is larger than {limits.bytes} bytes", path=path)
    if data.count(b"\n%") > _MAX_DIRECTIVES:
        raise error(f"the file has more than {_MAX_DIRECTIVES} YAML directives", path=path)
    budget = Budget(
        nodes=limits.nodes, text=limits.bytes, aliases=limits.aliases, depth=limits.depth
    )
    builder = Builder(scalars=scalars, budget=budget)
    documents = []
    for number, part in enumerate(split(data) if scalars.strict else _whole(data)):
        if number >= limits.documents:
            raise error(f"the file has more than {limits.documents} documents", path=path)
        if part.trailer and not part.trailer.startswith(b"#"):
            raise error("invalid document separator: text after ---", path=path, line=part.before)
        if found := positions.slash(part.text):
            message = "MalformedYAMLError: found unknown escape character: \\/"
            raise error(message, path=path, line=part.before + found[0], column=found[1])
        try:
            value, line = builder.build(part.text)
        except Invalid as found_wrong:
            refusal = templates.told(part.text, found_wrong, objects=scalars.strict)
            raise error(
                str(refusal), path=path, line=part.before + refusal.line, column=refusal.column
            ) from None
        if value is not None and value is not BLANK:
            documents.append(Document(value, part.before + line))
    return tuple(documents)


def _whole(data: bytes) -> Iterator[Part]:
    """A file that is not cut: of settings only the first document is read, be it empty."""
    yield Part(_unix(data), 0, b"")


def _unix(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n") if b"\r" in data else data


def split(data: bytes) -> Iterator[Part]:
    """Cut a file at the lines that begin with ``---``.

    Of each part only the first document is read: text after ``...`` is as good as a comment.
    """
    data = _unix(data)
    start = lines = 0
    trailer = b""
    for match in _SEPARATOR.finditer(data):
        yield Part(data[start : match.start() + 1], lines, trailer)
        lines += data.count(b"\n", start, match.end())
        start, trailer = match.end(), match[1].strip()
    yield Part(data[start:], lines, trailer)


def locate(data: bytes, document: int, field: positions.Field) -> tuple[int, int]:
    """Line and column, from 1, of a field in the file's document number ``document``.

    Documents are counted as load_all returns them. A field that is not there (it came from an
    alias, a patch or a generator) gets its nearest parent's place, and (1, 1) stands for the rest.
    """
    if document == 0 and _DIRECTIVES.match(data):  # no file of objects, and read as one text
        return positions.position(_unix(data), field)
    for part in split(data):
        if positions.empty(part.text):
            continue
        if document == 0:
            line, column = positions.position(part.text, field)
            return part.before + line, column
        document -= 1
    return 1, 1
