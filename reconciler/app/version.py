"""``reconciler version``: the package's version, its Python's, and the clusters it works with."""

from __future__ import annotations

import platform
import sys

import reconciler
from reconciler.app import NEWEST_KUBERNETES, OLDEST_KUBERNETES


def show(output: str) -> str:
    """A line a thing, or one JSON document."""
    words = _words()
    if output == "json":
        import orjson

        return orjson.dumps(words, option=orjson.OPT_INDENT_2).decode() + "\n"
    width = max(map(len, words)) + 2
    return "".join(f"{name.ljust(width)}{value}\n" for name, value in words.items())


def _words() -> dict[str, str]:
    oldest, newest = (".".join(map(str, v)) for v in (OLDEST_KUBERNETES, NEWEST_KUBERNETES))
    return {
        "version": reconciler.__version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform}/{platform.machine()}",
        "kubernetes": f"{oldest} to {newest}",
    }
