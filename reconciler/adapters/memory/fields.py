"""Sets of fields, and their form in managedFields (fieldsV1). Pure.

A path is a tuple of fieldsV1's own words: ``f:NAME`` a field, ``k:{...}`` an item by its keys,
``v:...`` an item that is its own name. A set holds exactly the paths that someone owns: a map's
own path is another member than its fields.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

Path = tuple[str, ...]
FieldSet = frozenset[Path]
Tree = dict[str, Any]  # fieldsV1 as JSON: a branch is a member if it is empty or has a "."

NOTHING: FieldSet = frozenset()
_SELF = "."


def field(name: str) -> str:
    return f"f:{name}"


def tree(paths: Iterable[Path]) -> Tree:
    """The paths as fieldsV1."""
    root: Tree = {}
    for path, following in itertools.pairwise([*sorted(paths), ()]):
        branch = root
        for word in path:
            branch = branch.setdefault(word, {})
        if following[: len(path)] == path:  # sorted, so that what lies below follows at once
            branch[_SELF] = {}
    return root


def is_member(branch: Tree) -> bool:
    """Whether the path that leads to this branch is in the set, and not only paths below it."""
    return not branch or _SELF in branch


def encode(paths: FieldSet) -> bytes:
    """fieldsV1 as JSON with sorted keys."""
    return orjson.dumps(tree(paths), option=orjson.OPT_SORT_KEYS)


def decode(fields: Mapping[str, Any]) -> FieldSet:
    """fieldsV1 read back."""
    found: set[Path] = set()
    waiting: list[tuple[Path, Tree]] = [((), dict(fields))]
    while waiting:
        path, branch = waiting.pop()
        if path and is_member(branch):
            found.add(path)
        waiting += [((*path, word), more) for word, more in branch.items() if word != _SELF]
    return frozenset(found)


def below(paths: FieldSet, *names: str) -> FieldSet:
    """The paths at a field and below it."""
    head = tuple(field(name) for name in names)
    return frozenset(path for path in paths if path[: len(head)] == head)


def text(path: Path) -> str:
    """As the API server writes it: ``.spec.containers[name="main"].image``."""
    return "".join(map(_word, path))


def _word(word: str) -> str:
    sort, _, rest = word.partition(":")
    if sort == "f":
        return f".{rest}"
    if sort == "k":
        pairs = (f"{key}={_json(value)}" for key, value in orjson.loads(rest).items())
        return f"[{','.join(pairs)}]"
    return f"[={rest}]" if sort == "v" else f"[{rest}]"


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
