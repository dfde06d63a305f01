"""Folders that come with the package: in its wheel, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

import reconciler

_PACKAGE = Path(reconciler.__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder that the checkout's root, and so the wheel, calls ``name``."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
