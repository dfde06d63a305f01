"""What discovery found, kept in a file over starts.

``discovery`` reads it once and writes it when it learns or forgets something. It is a convenience
that must never mislead: one that is damaged, too large, or about another API server is as good as
none, and a disk that does not take it is no error.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import orjson

from reconciler.adapters.kube import parse

LIMIT = 1 << 20  # bytes; 60 group versions of 20 kinds have 60 kB

# Group version -> kind -> its plural, and whether it has namespaces.
Found = Mapping[str, Mapping[str, tuple[str, bool]]]


class File:
    """Used by one process, under a lock of its owner's."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, server: str) -> Found:
        """What was found at this server; empty where the file does not say."""
        try:
            with self._path.open("rb") as file:
                digest, _, body = file.read(LIMIT + 1).partition(b"\n")
        except OSError:
            return {}
        if len(body) > LIMIT or digest.decode("ascii", "replace") != _digest(body):
            return {}
        try:
            document = parse.mapping(orjson.loads(body))
        except orjson.JSONDecodeError:
            return {}
        if document.get("server") != server:
            return {}
        return {
            version: dict(_row(name, entry) for name, entry in parse.mapping(kinds).items())
            for version, kinds in parse.mapping(document.get("found")).items()
        }

    def write(self, server: str, found: Found) -> None:
        """All of it or nothing; nothing where it would be too large."""
        body = orjson.dumps({"server": server, "found": found}, option=orjson.OPT_SORT_KEYS)
        if len(body) > LIMIT:
            return
        beside = self._path.with_suffix(".new")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
            with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
                file.write(_digest(body).encode() + b"\n" + body)
            beside.replace(self._path)


def _row(name: str, entry: object) -> tuple[str, tuple[str, bool]]:
    words: list[object] = [*parse.sequence(entry), "", False]
    plural, namespaced = words[:2]
    return name, (parse.text(plural), namespaced is True)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
