"""The hash at the end of a generated object's name: ten characters of what it holds."""

from __future__ import annotations

import hashlib
from typing import Any

from reconciler.documents import canonical
from reconciler.render.items import Item, Value
from reconciler.render.scalars import is_scalar, text

_LETTERS = bytes.maketrans(b"013ae", b"ghkmt")


def suffixed(items: list[Item]) -> list[Item]:
    """The items, those that need it with a hash behind their name."""
    return [_suffixed(item) if item.books.hashed else item for item in items]


def _suffixed(item: Item) -> Item:
    metadata = item.value["metadata"]
    name = f"{item.id.name}-{of(item.value)}"
    return item.remembering().with_value({**item.value, "metadata": {**metadata, "name": name}})


def of(value: Value) -> str:
    """Ten characters of SHA-256 over kind, data and an empty name; few letters, no words."""
    words = {"kind": value["kind"], "name": "", "data": _field(value, "data")}
    more = "binaryData"
    if value["kind"] == "Secret":
        words["type"] = _field(value, "type")
        more = "stringData"
    if isinstance(value.get(more), dict):
        words[more] = value[more]
    digest = hashlib.sha256(canonical.go_json(words)).hexdigest()[:10].encode()
    return digest.translate(_LETTERS).decode()


def _field(value: Value, name: str) -> Any:
    found = value.get(name, "")
    return text(found) if is_scalar(found) else found
