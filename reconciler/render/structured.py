"""Replacements within a string that is itself JSON or YAML, as a ConfigMap's file may be.

The text keeps its order, quotes, flow and comments, and is laid out as kustomize lays it out;
JSON comes out as Go writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from reconciler.documents import load, nodes, recomment
from reconciler.documents.nodes import MAPPING, SEQUENCE, Node
from reconciler.model.errors import FileError
from reconciler.model.regex import Matches
from reconciler.render import fieldpaths, selectors
from reconciler.render.fieldspecs import Unfit
from reconciler.render.scalars import is_scalar, text

_BYTES, _NODES, _DEPTH = 1 << 20, 50_000, 50


def put(content: str, parts: list[str], value: Any, *, typed: bool, create: bool) -> str | None:
    """``content`` with a value where ``parts`` lead in it, made there with ``create``.

    None where they lead nowhere. What cannot be JSON any more is left as it was, as kustomize
    does. ``typed`` is false for a text that a YAML reader would still give a type.
    """
    root = _read(content)
    if root is None:
        return None
    bare = nodes.scalar(text(value)) if is_scalar(value) else _node(value)
    fresh = _node(value) if typed else bare
    try:
        places = list(_find(root, 0, parts, bare if create else None))
    except Unfit:
        return None
    if not places:
        return None
    for holder, index in places:
        old = holder.children[index]
        if old.is_scalar:
            holder.children[index] = nodes.with_text(old, text(value))
        else:
            holder.children[index] = fresh
    root = root.children[0]
    if content.lstrip()[:1] in ("{", "["):
        made = _json(root, content)
        return content if made is None else made
    return recomment.write(root, content).strip()


def leads(content: str, parts: list[str]) -> bool:
    """Whether ``parts`` lead somewhere in a text. Raises Unfit where they do not fit it."""
    root = _read(content)
    if root is None:
        raise Unfit("the text is no YAML")
    return any(True for _ in _find(root, 0, parts, None))


def _read(content: str) -> Node | None:
    """A text as a list of one node."""
    if len(content) > _BYTES:
        return None
    try:
        root = nodes.read(content, nodes=_NODES, depth=_DEPTH)
    except yaml.YAMLError:
        return None
    return None if root is None else nodes.collection(SEQUENCE, [root])


def _node(value: Any) -> Node:
    """A plain value as nodes, a line for each entry."""
    if isinstance(value, dict):
        pairs = [node for key, item in value.items() for node in (nodes.string(key), _node(item))]
        return nodes.collection(MAPPING, pairs)
    if isinstance(value, list):
        return nodes.collection(SEQUENCE, [_node(item) for item in value])
    return nodes.string(str(value)) if isinstance(value, str) else nodes.scalar(text(value))


Place = tuple[Node, int]  # a node with children, and which of them


def _find(holder: Node, index: int, parts: list[str], leaf: Node | None) -> Iterator[Place]:
    """Where ``parts`` lead; ``leaf`` is what is made at the end, or None for nothing.

    Raises Unfit where a part does not fit what is there.
    """
    if not parts:
        yield holder, index
        return
    node, part, rest = holder.children[index], parts[0], parts[1:]
    if part.lstrip("+").isdigit():
        yield from _by_index(node, int(part), rest, leaf)
    elif part.startswith("[") and part.endswith("]"):
        yield from _by_condition(node, part, rest, leaf)
    elif part == "*":
        for at in range(len(_list(node).children)):
            yield from _find(node, at, rest, leaf)
    else:
        yield from _by_key(node, part, rest, leaf)


def _by_key(node: Node, name: str, rest: list[str], leaf: Node | None) -> Iterator[Place]:
    if node.is_null:
        return
    if not node.is_map:
        raise Unfit(f"wrong node kind: expected MappingNode but got {_kind(node)}")
    keys = [key.text for key in node.children[::2]]
    if name not in keys:
        if leaf is None:
            return
        node.children += [nodes.scalar(name), _start(rest, leaf)]
        keys.append(name)
    at = keys.index(name) * 2 + 1
    if rest and node.children[at].is_scalar:  # a text within the text, which kustomize drops
        inner = _read(node.children[at].text)
        if inner is None:
            raise Unfit("the text is no YAML")
        yield from _find(inner, 0, rest, leaf)
    else:
        yield from _find(node, at, rest, leaf)


def _by_index(node: Node, index: int, rest: list[str], leaf: Node | None) -> Iterator[Place]:
    items = _list(node).children
    if index == len(items) and leaf is not None:
        items.append(_start(rest, leaf))
    if index >= len(items):
        raise Unfit(f"index {index} specified but only {len(items)} elements found")
    yield from _find(node, index, rest, leaf)


def _by_condition(node: Node, part: str, rest: list[str], leaf: Node | None) -> Iterator[Place]:
    name, wanted = fieldpaths.condition(part)
    matches = selectors.found(wanted)
    items = _list(node).children
    found = [index for index, item in enumerate(items) if _matched(item, name, matches)]
    if not found and leaf is not None and matches(wanted):
        found = [len(items)]
        pair = [nodes.scalar(name), nodes.scalar(wanted)]
        items.append(nodes.collection(MAPPING, pair) if name else pair[1])
    for index in found:
        yield from _find(node, index, rest if name else [], leaf)


def _matched(item: Node, name: str, matches: Matches) -> bool:
    """Whether an item, or what it has by that name, is written so."""
    if not name:
        return matches(nodes.write(item).strip())
    value = next((value for key, value in item.pairs() if key.text == name), None)
    return value is not None and matches(nodes.write(value).strip())


def _list(node: Node) -> Node:
    if not (node.is_list or node.is_null):
        raise Unfit(f"wrong node kind: expected SequenceNode but got {_kind(node)}")
    return node


def _kind(node: Node) -> str:
    return "MappingNode" if node.is_map else "SequenceNode" if node.is_list else "ScalarNode"


def _start(rest: list[str], leaf: Node) -> Node:
    """What is made where nothing is: a list if the next part goes into one, else a map."""
    if not rest:
        return leaf
    part = rest[0]
    is_list = part.isdigit() or (part.startswith("[") and part.endswith("]"))
    return nodes.collection(SEQUENCE if is_list else MAPPING, [])


def _json(root: Node, content: str) -> str | None:
    """As Go writes it, on one line or indented as the text was; None for what JSON has not."""
    try:
        value = load.load_all(nodes.write(root).encode(), path="")[0].value
    except (FileError, IndexError):
        return None
    pretty = "\n" in content and "  " in content
    made = json.dumps(
        value,
        sort_keys=True,
        ensure_ascii=False,
        indent=2 if pretty else None,
        separators=(",", ": ") if pretty else (",", ":"),
    )
    for character in "<>&\u2028\u2029":
        made = made.replace(character, f"\\u{ord(character):04x}")
    return made
