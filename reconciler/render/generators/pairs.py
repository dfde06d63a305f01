"""Keys and values for a generated ConfigMap or Secret: from env files, literals and files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.render.context import Context


def of(row: dict[str, Any], context: Context, *, secret: bool = False) -> dict[str, bytes]:
    """All of an entry's pairs; of a ``secret`` no error shows any. Raises RenderError where a key
    comes twice."""
    found: dict[str, bytes] = {}
    for key, value, at in _all(row, context, secret):
        if key in found:
            raise context.error(
                f"configmap {row.get('name', '')} illegally repeats the key `{key}`", *at
            )
        found[key] = value
    return found


At = tuple[str | int, ...]


def _all(row: dict[str, Any], context: Context, secret: bool) -> Iterator[tuple[str, bytes, At]]:
    for index, path in enumerate(row.get("envs", ())):
        at: At = ("envs", index)
        where, data = context.read(
            path, *at, doing=f"loading KV pairs: env source files: [{path}]: "
        )
        yield from ((key, value, at) for key, value in _lines(where, data, context, at))
    for index, literal in enumerate(row.get("literals", ())):
        at = ("literals", index)
        yield (*_literal(literal, context, at, secret), at)
    for index, entry in enumerate(row.get("files", ())):
        at = ("files", index)
        doing = f"loading KV pairs: file sources: [{entry}]: "
        key, path = _file(entry, context, at, doing)
        yield key, context.read(path, *at, doing=doing)[1], at


def _lines(path: str, data: bytes, context: Context, at: At) -> Iterator[tuple[str, bytes]]:
    """An env file's pairs: a key without ``=`` has an empty value, one of a
    value alone is left out, ``#`` begins a comment."""
    for number, raw in enumerate(data.split(b"\n"), start=1):
        line = raw.removesuffix(b"\r")
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise context.error(
                f"loading KV pairs: env source files: {path}:{number}: the line has invalid utf8"
                " bytes",
                *at,
            ) from None
        text = (text.removeprefix("\ufeff") if number == 1 else text).lstrip()
        if not text or text.startswith("#"):
            continue
        key, _, value = text.partition("=")
        if key:
            yield key, value.encode()


def _literal(literal: str, context: Context, at: At, secret: bool) -> tuple[str, bytes]:
    key, equals, value = literal.partition("=")
    if not key or not equals:
        listed, shown = ("", "") if secret else (f" [{literal}]", f" {literal}")
        raise context.error(
            f"loading KV pairs: literal sources{listed}: invalid literal source{shown},"
            " expected key=value",
            *at,
        )
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return key, value.encode()


def _file(entry: str, context: Context, at: At, doing: str) -> tuple[str, str]:
    """``path`` or ``key=path``; ``doing`` is what an error begins with."""
    key, equals, path = entry.partition("=")
    if not equals:
        return entry.rstrip("/").rpartition("/")[2], entry
    if "=" in path:
        problem = f"source \"{entry}\" key name or file path contains '='"
    elif not key:
        problem = f'missing key name for file path "{path}" in source "{entry}"'
    elif not path:
        problem = f'missing file path for key name "{key}" in source "{entry}"'
    else:
        return key, path
    raise context.error(f"{doing}{problem}", *at)
