"""Folders that appear whole or not at all: made under a name of their own, then moved."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from reconciler.model.errors import UsageError


@contextlib.contextmanager
def draft(place: Path) -> Iterator[Path]:
    """A new empty folder in ``place``; what is left of it at the end is removed.

    Raises UsageError where the disk refuses anything inside the block.
    """
    folder = place / f".draft-{secrets.token_hex(4)}"
    try:
        folder.mkdir()
        yield folder
    except OSError as error:
        # The draft's own name says nothing to anybody.
        named = place if str(error.filename) == str(folder) else error.filename or place
        raise UsageError(f"{named} cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write(folder: Path, files: Iterator[tuple[str, bytes]]) -> None:
    """Files by their paths below ``folder``. Raises OSError."""
    for path, content in files:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
