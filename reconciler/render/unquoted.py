"""Unquoted words in labels and annotations: text there, and something else to some of kustomize.

``app: 1.10`` is kept as it is written. A JSON patch makes a number of it on its way (``1.1``), a
strategic merge drops what is blank, and a patch without a target knows null and numbers. But with
``buildMetadata``, whatever changes the object first makes strings of them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from reconciler.documents import styles
from reconciler.documents.scalars import BLANK, Blank, Word
from reconciler.render.items import Item, Value

Reading = Callable[[Word], Any]
Readings = Mapping[str, Reading]  # by the map in an object's metadata


def _value(word: Word) -> Any:
    return None if isinstance(word.value, Blank) else word.value


def _styled(word: Word) -> Any:
    value = _value(word)
    return None if value is None else styles.plain(value, str(word), patch=True)


def _text(word: Word) -> Any:
    return None if _value(word) is None else str(word)


def _word(word: Word) -> Any:
    return None if _value(word) is None else word


def _blank(word: Word) -> Any:
    return BLANK if word.value is BLANK else word


VALUES: Readings = MappingProxyType({"annotations": _value})
BLANKS: Readings = MappingProxyType({"annotations": _blank})
TEXTS: Readings = MappingProxyType({"annotations": _text})
_STRINGS: Readings = MappingProxyType({"annotations": str, "labels": str})
PATCH: Readings = MappingProxyType({"annotations": _word, "labels": _styled})


def of(item: Item, readings: Readings) -> Value:
    """The object's value with its words as they are read now."""
    trace = item.books.trace
    return as_values(item.value, _STRINGS if trace and trace.steps else readings)


def as_values(value: Value, readings: Readings) -> Value:
    """The object or patch with its words as they are read."""
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        return value
    made = {
        field: {key: reading(v) if v.__class__ is Word else v for key, v in found.items()}
        for field, reading in readings.items()
        if isinstance(found := metadata.get(field), dict) and _has_words(found)
    }
    return {**value, "metadata": {**metadata, **made}} if made else value


def _has_words(found: dict[str, Any]) -> bool:
    return any(value.__class__ is Word for value in found.values())
