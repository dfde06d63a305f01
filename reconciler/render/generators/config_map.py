"""``configMapGenerator``: a ConfigMap of files, env files and literals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.render.context import Context
from reconciler.render.generators import common, pairs
from reconciler.render.items import Item, Value


def from_field(words: list[dict[str, Any]], options: Any, context: Context) -> Iterator[Item]:
    """``configMapGenerator`` of a kustomization, with its ``generatorOptions``."""
    for index, row in enumerate(words):
        yield _make(common.with_global_options(row, options), context.under(index))


def from_file(words: dict[str, Any], context: Context) -> Iterator[Item]:
    """ConfigMapGenerator as a file."""
    yield _make(common.with_metadata(words), context)


def _make(row: dict[str, Any], context: Context) -> Item:
    value: Value = {"apiVersion": "v1", "kind": "ConfigMap"}
    for key, data in sorted(pairs.of(row, context).items()):
        field, text = _entry(data)
        value.setdefault(field, {})[key] = text
    return common.item(value, row, context)


def _entry(data: bytes) -> tuple[str, str]:
    """Text goes to ``data``, anything else as base64 to ``binaryData``."""
    try:
        return "data", data.decode()
    except UnicodeDecodeError:
        return "binaryData", common.base64(data)
