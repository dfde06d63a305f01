"""Field paths as people write them (``spec.containers.[name=main].image``), and what they find."""

from __future__ import annotations

import re
from typing import Any

from reconciler.render import fieldspecs
from reconciler.render.fieldspecs import Unfit, node_kind
from reconciler.render.scalars import CONTAINERS, text

MISSING: Any = object()
_INDEXED = re.compile(r"(.*)\[(\d+)\]")


def split(path: str) -> list[str]:
    """At the dots, but for those in brackets and escaped ones.

    Brackets around a key go (``[a.b/c]``); those of a list's item stay (``[name=a.b]``).
    """
    words = list(fieldspecs.split(path, "."))
    parts: list[str] = []
    while words:
        word = words.pop(0)
        if word.startswith("[") and not word.endswith("]"):
            while words:
                word = f"{word}.{words.pop(0)}"
                if word.endswith("]"):
                    break
            if "=" not in word:
                word = word.strip("[]")
        parts.append(word)
    return parts


def lookup(value: Any, path: str) -> Any:
    """What a path finds, ``name[0]`` being an index; MISSING where it leads nowhere."""
    parts: list[str] = []
    for part in split(path):
        match = _INDEXED.fullmatch(part)
        parts.extend(filter(None, match.groups()) if match else [part])
    return find(value, parts)


def find(value: Any, parts: list[str]) -> Any:
    """Follow parts down: a key, an index, ``-`` for a list's last, or ``[key=value]``.

    Raises Unfit where a part does not fit what is there.
    """
    for part in filter(None, (part.strip() for part in parts)):
        if value is None:
            return MISSING
        value = _step(value, part)
        if value is MISSING:
            return value
    return value


def _step(value: Any, part: str) -> Any:
    if part.lstrip("+-").isdigit() or part == "-":
        return _element(value, part)
    if part == "*":
        raise Unfit("wildcard is not supported in PathGetter")
    if part.startswith("[") and part.endswith("]"):
        name, wanted = condition(part)
        _expect(value, list)
        return next((item for item in value if matches(item, name, wanted)), MISSING)
    _expect(value, dict)
    return value.get(part, MISSING)


def _element(value: Any, part: str) -> Any:
    _expect(value, list)
    index = -1 if part == "-" else int(part)
    if index < 0 and part != "-":
        raise Unfit(f"array index {index} cannot be negative")
    return value[index] if index < len(value) and value else MISSING


def condition(part: str) -> tuple[str, str]:
    """``[name=value]`` as name and value; the name is empty for a list of scalars."""
    name, equals, wanted = part[1:-1].partition("=")
    if not equals:
        raise Unfit("list path element must contain fieldName=fieldValue for element to match")
    return name, wanted


def matches(item: Any, name: str, wanted: str) -> bool:
    if not name:
        return not isinstance(item, CONTAINERS) and text(item) == wanted
    return isinstance(item, dict) and name in item and text(item[name]) == wanted


def _expect(value: Any, kind: type) -> None:
    if not isinstance(value, kind):
        wanted = "MappingNode" if kind is dict else "SequenceNode"
        raise Unfit(f"wrong node kind: expected {wanted} but got {node_kind(value)}")
