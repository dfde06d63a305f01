"""Where a field stands in a file: read again from the events, only when an error needs it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from yaml import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    YAMLError,
)

from reconciler.documents import flows

Field = tuple[str | int, ...]

_STARTS = (MappingStartEvent, SequenceStartEvent)
_ENDS = (MappingEndEvent, SequenceEndEvent)
_SLASH = re.compile(r"(?<!\\)(?:\\\\)*\\/")
_NULLS = ("", "~", "null", "Null", "NULL")


def position(text: bytes, field: Field) -> tuple[int, int]:
    """Line and column, from 1, of a field in a document's text: of its key, or of its item.

    Where the field is not there (it came from an alias, a patch or a generator) it is the
    nearest parent's; (1, 1) where nothing can be read.
    """
    parser = flows.loader(text)
    try:
        return _search(parser.get_event, field)
    except YAMLError:
        return 1, 1
    finally:
        parser.dispose()


def _search(next_event: Callable[[], Any], field: Field) -> tuple[int, int]:
    """Follow ``field`` one part at a time; what lies beside it is skipped."""
    next_event()  # the stream's start
    if isinstance(next_event(), StreamEndEvent):
        return 1, 1
    event = next_event()
    found = _place(event)
    for part in field:
        if isinstance(event, MappingStartEvent) and isinstance(part, str):
            entry = _entry(next_event, part)
        elif isinstance(event, SequenceStartEvent) and isinstance(part, int):
            entry = _item(next_event, part)
        else:
            entry = None
        if entry is None:
            break
        found, event = _place(entry[0]), entry[1]
    return found


def _entry(next_event: Callable[[], Any], name: str) -> tuple[Any, Any] | None:
    """The events of the key ``name`` and of its value's start, in the mapping just entered."""
    while True:
        key = next_event()
        if isinstance(key, _ENDS):
            return None
        _skip(next_event, key)
        value = next_event()
        if isinstance(key, ScalarEvent) and key.value == name:
            return key, value
        _skip(next_event, value)


def _item(next_event: Callable[[], Any], index: int) -> tuple[Any, Any] | None:
    """The start of item ``index`` of the sequence just entered, twice."""
    while True:
        item = next_event()
        if isinstance(item, _ENDS):
            return None
        if index == 0:
            return item, item
        _skip(next_event, item)
        index -= 1


def _skip(next_event: Callable[[], Any], event: Any) -> None:
    """Read on to the end of the node that ``event`` began."""
    depth = 1 if isinstance(event, _STARTS) else 0
    while depth:
        event = next_event()
        depth += isinstance(event, _STARTS) - isinstance(event, _ENDS)


def _place(event: Any) -> tuple[int, int]:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def slash(text: bytes) -> tuple[int, int] | None:
    """Where a quoted scalar has ``\\/``, which JSON knows and kustomize's reader does not."""
    if b"\\/" not in text:
        return None
    characters = text.decode("utf-8", "replace")
    parser = flows.loader(text)
    try:
        while not isinstance(event := parser.get_event(), StreamEndEvent):
            if isinstance(event, ScalarEvent) and event.style == '"':
                start, end = event.start_mark, event.end_mark
                assert start is not None and end is not None  # libyaml gives both
                if _SLASH.search(characters[start.index : end.index]):
                    return _place(event)
    except YAMLError:
        return None  # which whoever reads it finds as well
    finally:
        parser.dispose()
    return None


def empty(text: bytes) -> bool:
    """Whether a document's text holds nothing, or only ``null``."""
    parser = flows.loader(text)
    try:
        parser.get_event()
        if isinstance(parser.get_event(), StreamEndEvent):
            return True
        first = parser.get_event()
        return isinstance(first, ScalarEvent) and not first.style and first.value in _NULLS
    except YAMLError:
        return False
    finally:
        parser.dispose()
