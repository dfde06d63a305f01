"""The tables beside this module, each read once, when first asked for.

They are facts of others' sources, made by ``tools/schema/generate.py``: never edited by hand.
"""

from __future__ import annotations

from functools import cache
from pkgutil import get_data  # importlib.resources costs a starting process 9 ms
from typing import Any

import orjson


@cache
def table(name: str) -> Any:
    """``data/NAME.json``. Callers do not change what they are given."""
    data = get_data("reconciler.schema", f"data/{name}.json")
    assert data is not None  # it is part of the package
    return orjson.loads(data)
