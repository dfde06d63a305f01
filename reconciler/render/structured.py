"""Replacements within a string that is itself JSON or YAML, as a ConfigMap's file may be.

The text keeps the order, the quotes and the flow of what it holds; JSON comes out as Go writes
it, YAML as kustomize's own writer does. Comments stay where only scalars change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from reconciler.documents import load
from reconciler.documents.load import Limits
from reconciler.documents.scalars import RESOURCE, resolve
from reconciler.model.errors import FileError
from reconciler.render import fieldpaths, selectors
from reconciler.render.fieldspecs import Unfit
from reconciler.render.scalars import is_scalar, text

_LIMITS = Limits(bytes=1 << 20, nodes=50_000, depth=50, documents=1)
_STRING = "tag:yaml.org,2002:str"
_BLOCKS = ("|", ">")
_WIDE = 1 << 30  # columns: nothing is folded


def put(content: str, parts: list[str], value: Any) -> str | None:
    """``content`` with a value where ``parts`` lead in it; None where they lead nowhere."""
    try:
        load.load_all(content.encode(), path="", limits=_LIMITS)  # so that composing is safe
        root = yaml.compose(content, Loader=yaml.CSafeLoader)
    except (FileError, yaml.YAMLError):
        return None
    found = list(_find(root, parts)) if root is not None else []
    if root is None or not found:
        return None
    scalars = [node for node in found if isinstance(node, yaml.ScalarNode)]
    if "#" in content and is_scalar(value) and len(scalars) == len(found):
        return _spliced(content, scalars, value)
    for node in found:
        _set(node, value)
    return _written(root, content)


def _find(node: yaml.Node, parts: list[str]) -> Iterator[yaml.Node]:
    if not parts:
        yield node
        return
    part, rest = parts[0], parts[1:]
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            if key.value == part:
                yield from _find(child, rest)
    elif isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            if _chosen(part, index, child):
                yield from _find(child, rest)


def _chosen(part: str, index: int, item: yaml.Node) -> bool:
    """Whether a part of a path means this item of a list."""
    if part == "*":
        return True
    if part.isdigit():
        return int(part) == index
    if not (part.startswith("[") and part.endswith("]")):
        return False
    name, wanted = fieldpaths.condition(part)
    if not name:
        return isinstance(item, yaml.ScalarNode) and selectors.found(wanted)(item.value)
    pairs = item.value if isinstance(item, yaml.MappingNode) else ()
    return any(
        key.value == name
        and isinstance(child, yaml.ScalarNode)
        and selectors.found(wanted)(child.value)
        for key, child in pairs
    )


def _set(node: yaml.Node, value: Any) -> None:
    if isinstance(node, yaml.ScalarNode):
        node.value = text(value)  # a scalar keeps its type and its quotes
        if node.tag == _STRING and not node.style and not _reads_as_string(node.value):
            node.style = '"'
        return
    fresh = yaml.compose(json.dumps(value), Loader=yaml.CSafeLoader)
    if fresh is None or type(fresh) is not type(node):
        raise Unfit(
            "a mapping or list cannot take the place of that part of a string, nor the other way"
        )
    node.value = fresh.value


def _reads_as_string(content: str) -> bool:
    try:
        return isinstance(resolve(content, RESOURCE), str)
    except ValueError:
        return False


def _spliced(content: str, nodes: list[yaml.ScalarNode], value: Any) -> str:
    """The text with the scalars replaced where they stand, all else as it is."""
    for node in sorted(nodes, key=lambda one: one.start_mark.index, reverse=True):
        _set(node, value)
        before, after = content[: node.start_mark.index], content[node.end_mark.index :]
        space = " " if before.endswith(":") else ""  # nothing stood there
        content = before + space + _scalar(node) + after
    return content.strip()


def _scalar(node: yaml.ScalarNode) -> str:
    """As it is written on a line of its own, in quotes where it needs them."""
    if node.style in _BLOCKS:
        return str(node.value)
    shown: str = yaml.serialize(node, Dumper=yaml.CSafeDumper, width=_WIDE, allow_unicode=True)
    return shown.removesuffix("\n").removesuffix("\n...")


def _written(root: yaml.Node, content: str) -> str:
    shown: str = yaml.serialize(
        root, Dumper=yaml.CSafeDumper, width=_WIDE, indent=2, allow_unicode=True
    )
    if content.lstrip()[:1] not in ("{", "["):
        return shown.strip()
    value = load.load_all(shown.encode(), path="")[0].value
    pretty = "\n" in content and "  " in content
    made = json.dumps(
        value,
        sort_keys=True,
        ensure_ascii=False,
        indent=2 if pretty else None,
        separators=(",", ": ") if pretty else (",", ":"),
    )
    for character in "<>&":
        made = made.replace(character, f"\\u{ord(character):04x}")
    return made
