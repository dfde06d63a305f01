"""fieldsV1, the tree of fields that one entry of managedFields owns: read, cut and laid together.

Keys are ``f:NAME`` for a field, ``k:JSON`` for a list's item by its keys, ``v:JSON`` for a set's
element, ``i:N`` for a place in a list, and ``.`` for the thing itself (Kubernetes API reference,
FieldsV1; the merge keys are the server's own). A tree comes from strangers: what has another form
is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from reconciler.model import fields
from reconciler.model.fields import Element, Item, Path, Step

Tree = Mapping[str, Any]
_DEEPEST = 100


def parsed(fields_v1: bytes) -> Tree:
    """An entry's tree from its JSON; an empty one where that is no mapping."""
    tree = orjson.loads(fields_v1)
    return tree if isinstance(tree, dict) else {}


def step(key: str) -> Step | None:
    """What a tree's key stands for; None for ``.`` and what is none of the known forms."""
    form, _, rest = key.partition(":")
    if form == "f":
        return rest
    try:
        value = orjson.loads(rest) if form in ("k", "v", "i") else None
    except orjson.JSONDecodeError:
        return None
    if form == "k" and isinstance(value, dict):
        return Item(tuple(sorted((name, text(each)) for name, each in value.items())))
    if form == "v":
        return Element(orjson.dumps(value).decode())
    return value if form == "i" and isinstance(value, int) else None


def text(value: Any) -> str:
    """A key's value as paths show it."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def is_item(value: Any, item: Item) -> bool:
    """Whether this is the list's item, by the keys that it gives; one left out has a default."""
    if not isinstance(value, dict):
        return False
    given = [(key, word) for key, word in item.keys if key in value]
    return bool(given) and all(text(value[key]) == word for key, word in given)


def told(item: Item, value: Any) -> Item:
    """The item by all its plain fields, of which a rule may name any."""
    plain = {name: text(each) for name, each in value.items() if not isinstance(each, dict | list)}
    return Item(tuple(sorted((plain | dict(item.keys)).items())))


def told_at(path: Path, value: Any) -> Path:
    """The path into ``value`` with each item as ``told``, as far as it leads."""
    found: list[Step] = []
    for each in path:
        if isinstance(value, list) and isinstance(each, Item):
            value = next((one for one in value if is_item(one, each)), None)
            found.append(told(each, value) if value is not None else each)
        else:
            value = value.get(each) if isinstance(value, dict) else None
            found.append(each)
    return tuple(found)


def union(trees: Iterable[Tree]) -> dict[str, Any]:
    """All that any of them owns."""
    found: dict[str, Any] = {}
    for tree in trees:
        _add(found, tree, 0)
    return found


def _add(found: dict[str, Any], tree: Tree, depth: int) -> None:
    for key, below in tree.items():
        inner = found.setdefault(key, {})
        if isinstance(below, dict) and depth < _DEEPEST:
            _add(inner, below, depth + 1)


def owns(tree: Tree, path: Path) -> bool:
    """Whether the field at ``path``, or a whole that holds it, is owned by this entry."""
    for each in path:
        if not tree:
            return True  # a leaf above: the whole of it is owned
        tree = next((below for key, below in tree.items() if step(key) == each), _NOWHERE)
        if tree is _NOWHERE or not isinstance(tree, dict):
            return False
    return True


_NOWHERE: dict[str, Any] = {}


def without(tree: Tree, patterns: Iterable[Path]) -> dict[str, Any]:
    """The tree without what these rules' paths cover; branches that were emptied by it go."""
    listed = tuple(patterns)
    return _without(tree, listed, ()) if listed else dict(tree)


def _without(tree: Tree, patterns: tuple[Path, ...], at: Path) -> dict[str, Any]:
    left: dict[str, Any] = {}
    for key, below in tree.items():
        found = step(key)
        if found is None:
            left[key] = below
            continue
        path = (*at, found)
        if any(fields.covers(pattern, path) for pattern in patterns):
            continue
        inner = below
        if below and any(fields.reaches(pattern, path) for pattern in patterns):
            inner = _without(below, patterns, path)
            if not inner:
                continue
        left[key] = inner
    return left


def leaves(tree: Tree) -> Iterator[Path]:
    """The path of each field that the tree owns."""
    yield from _leaves(tree, ())


def _leaves(tree: Tree, at: Path) -> Iterator[Path]:
    below = [(step(key), inner) for key, inner in tree.items()]
    named = [(found, inner) for found, inner in below if found is not None]
    if not named or len(at) >= _DEEPEST:
        if at:
            yield at
        return
    for found, inner in named:
        yield from _leaves(inner if isinstance(inner, dict) else {}, (*at, found))
