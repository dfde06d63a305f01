"""A mapping or list that stands as a key: mostly a template that nobody rendered.

``name: {{ .Values.name }}`` is YAML, a mapping with a mapping as its key. kustomize reads the whole
text before it looks at keys, and so tells of what else is wrong: its words are kept beside ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yaml import (
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    MarkedYAMLError,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    YAMLError,
)

from reconciler.documents import flows
from reconciler.documents.aliases import Invalid

KEY = "invalid map key: keys must be strings"
_TEMPLATE = ", and {{ ... }} is a template that has to be rendered before"
_WORDS = {
    (): "missing Resource metadata",
    ("metadata", "name"): "missing metadata.name in object",
}


def told(text: bytes, refusal: Invalid, *, objects: bool) -> Invalid:
    """The refusal, of such a key with what kustomize says of the text; ``objects`` are its own."""
    if str(refusal) != KEY:
        return refusal
    at = (refusal.line - 1, refusal.column - 1)
    line = text.split(b"\n")[at[0]].decode(errors="replace")
    message = KEY + (_TEMPLATE if line[at[1] - 1 : at[1] + 1] == "{{" else "")
    try:
        place = _place(text, at)
    except MarkedYAMLError as error:
        message = f"MalformedYAMLError: {error.problem or error.context}; {message}"
    except YAMLError:
        pass  # which nothing better is known of
    else:
        if objects and place in _WORDS:
            message = f"{message}; {_WORDS[place]}"
    return Invalid(message, refusal.line, refusal.column)


def _place(text: bytes, at: tuple[int, int]) -> tuple[str, ...] | None:
    """The keys that lead to the mapping whose key begins ``at`` a line and column; None if none do.

    The first document is read to its end. Raises YAMLError.
    """
    parser = flows.loader(text)
    open_: list[list[Any]] = []  # the containers: whether a mapping, its key, whether that is next
    place = None
    try:
        next_event: Callable[[], Any] = parser.get_event
        while not isinstance(event := next_event(), DocumentEndEvent | StreamEndEvent):
            if isinstance(event, MappingEndEvent | SequenceEndEvent):
                open_.pop()
            elif open_ and open_[-1][0]:
                inner = open_[-1]
                if (event.start_mark.line, event.start_mark.column) == at:
                    place = tuple(str(key) for _, key, _ in open_[:-1])
                if inner[2]:
                    inner[1] = getattr(event, "value", "")
                inner[2] = not inner[2]
            if isinstance(event, MappingStartEvent | SequenceStartEvent):
                open_.append([isinstance(event, MappingStartEvent), "", True])
    finally:
        parser.dispose()
    return place
