"""Options of bootstrap, with defaults."""

from __future__ import annotations

from typing import Any

from reconciler.app.bootstrap import wanted

URL = "https://git.example.com/fleet.git"
IMAGE = "registry.example.com/fleet-reconciler:0.1.0"


def options(**given: Any) -> wanted.Options:
    return wanted.Options(**{"site": "north/one", "repo": URL, "image": IMAGE, **given})


def read(**given: Any) -> wanted.Wanted:
    """Where nobody can be asked."""
    return wanted.read(options(**given), None)
