"""Who took which field of ours, as ``metadata.managedFields`` tells. Pure.

In: an object's managed fields before and after somebody's edit. Out: the field's path, and who
manages it now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from reconciler.model.values import Live
from reconciler.plan import ownership

_Path = tuple[str, ...]


def owned(live: Live) -> frozenset[_Path]:
    """The fields that are ours."""
    return frozenset(
        path
        for entry in live.managed
        if ownership.is_ours(entry)
        for path in _leaves(orjson.loads(entry.fields))
    )


def taken(before: frozenset[_Path], after: Live) -> tuple[str, str] | None:
    """The first field that was ours and is somebody else's, and that manager; None for none."""
    for path in sorted(before - owned(after)):
        for entry in after.managed:
            if path in set(_leaves(orjson.loads(entry.fields))):
                return _text(path), entry.manager
    return None


def _leaves(fields: Mapping[str, Any], above: _Path = ()) -> Iterator[_Path]:
    for key, below in fields.items():
        if key == ".":
            continue
        if below:
            yield from _leaves(below, (*above, key))
        else:
            yield (*above, key)


def _text(path: _Path) -> str:
    """``spec.template.spec.containers[name=main].image``."""
    text = ""
    for key in path:
        kind, _, rest = key.partition(":")
        if kind == "f":
            text += f".{rest}"
        elif kind == "k":
            names = ",".join(f"{name}={value}" for name, value in orjson.loads(rest).items())
            text += f"[{names}]"
        else:
            text += f"[{rest}]"
    return text.removeprefix(".")
