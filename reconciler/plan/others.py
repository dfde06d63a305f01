"""Fields that are left to others, as the API server tells the items of lists apart.

In: the rules' paths of what is left, the manifest, and managedFields of the live object. Out: the
same paths by the lists' own keys, without those that cannot be left. A rule may name a port by its
name where the API server knows it by number and protocol; in a list that is a single value no part
can be left; and an item that is not there yet is made with all its fields. ``apply`` and ``mend``
call it right before a write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from reconciler.model import fields
from reconciler.model.fields import Item, Path
from reconciler.model.rendered import Manifest
from reconciler.model.values import Live
from reconciler.plan import fieldtrees


def held(manifest: Manifest, live: Live) -> tuple[Path, ...]:
    """What of ``manifest.left`` a write must leave out, and our ownership must give up."""
    if not manifest.left:
        return ()
    body = orjson.loads(manifest.body)
    guide = fieldtrees.union(fieldtrees.parsed(entry.fields) for entry in live.managed) or None
    found = (_held(fields.parse(path), body, guide, ()) for path in manifest.left)
    return tuple(dict.fromkeys(path for paths in found for path in paths))


def _held(pattern: Path, value: Any, guide: fieldtrees.Tree | None, at: Path) -> Iterator[Path]:
    """``guide`` is None where nobody owns what is there, and empty where it is owned as a whole."""
    if not pattern or guide is None or not isinstance(value, dict | list):
        yield (*at, *pattern)
    elif isinstance(value, dict):
        for name in value if pattern[0] == fields.ANY else (pattern[0],):
            if guide:
                below = guide.get(f"f:{name}")
                yield from _held(pattern[1:], value.get(str(name)), below, (*at, name))
    else:
        for each, item, below in _items(value, guide):
            if fields.covers(pattern[:1], (fieldtrees.told(item, each),)):
                yield from _held(pattern[1:], each, below, (*at, item))


def _items(
    value: Iterable[Any], guide: fieldtrees.Tree
) -> Iterator[tuple[Any, Item, fieldtrees.Tree]]:
    """The items that somebody owns, with the keys by which they are owned."""
    owned = [(fieldtrees.step(key), below) for key, below in guide.items()]
    for each in value:
        for step, below in owned:
            if isinstance(step, Item) and fieldtrees.is_item(each, step):
                yield each, step, below
                break
