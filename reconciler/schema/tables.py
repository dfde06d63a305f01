"""The tables beside this module, each read once, when first asked for.

They are facts of others' sources, made by ``tools/schema/generate.py``: never edited by hand.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import orjson


@cache
def table(name: str) -> Any:
    """``data/NAME.json``. Callers do not change what they are given."""
    return orjson.loads(files("reconciler.schema").joinpath("data", f"{name}.json").read_bytes())
