"""``secretGenerator``: a Secret of files, env files and literals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.render.context import Context
from reconciler.render.generators import common, pairs
from reconciler.render.items import Item, Value


def from_field(words: list[dict[str, Any]], options: Any, context: Context) -> Iterator[Item]:
    """``secretGenerator`` of a kustomization, with its ``generatorOptions``."""
    for index, row in enumerate(words):
        yield _make(common.with_global_options(row, options), context.under(index))


def from_file(words: dict[str, Any], context: Context) -> Iterator[Item]:
    """SecretGenerator as a file."""
    yield _make(common.with_metadata(words), context)


def _make(row: dict[str, Any], context: Context) -> Item:
    value: Value = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": row.get("type") or "Opaque",
        "data": {
            key: common.base64(data) for key, data in pairs.of(row, context, secret=True).items()
        },
    }
    return common.item(value, row, context)
