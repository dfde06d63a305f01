"""What an expression may see of an object: the fields that it names.

What is not known to read one field is taken to read all that is there: ``object.metadata.size()``
counts what the API server adds as well. Called by ``policy``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from reconciler.cel.syntax import Node

Path = tuple[str, ...]
_OBJECTS = frozenset(("object", "oldObject"))
_FIELD = frozenset(("_[_]", "_?._", "_[?_]"))
_SAME = frozenset(("_==_", "_!=_"))
_NULL = 1  # the field of a constant that is null


class Read(NamedTuple):
    """Of the object or the old one; ``()`` is all of it. ``presence``: only whether it is there."""

    path: Path
    presence: bool = False

    def is_within(self, paths: frozenset[Path]) -> bool:
        """Whether it sees nothing but what is at or below one of these."""
        if any(self.path[: len(path)] == path for path in paths):
            return True
        return self.presence and any(path[: len(self.path)] == self.path for path in paths)


def reads(root: Node) -> Iterator[Read]:
    """Each as often as it stands there."""
    left = [root]
    while left:
        node = left.pop()
        found = _read(node)
        if found is None:
            left.extend(node.children())
        else:
            yield found


def _read(node: Node) -> Read | None:
    """What a node reads itself, and not something below it."""
    path = _path(node)
    if path is not None:
        return Read(path)
    for asked, name in _asked(node):
        path = _path(asked)
        if path is not None:
            return Read(path if name is None else (*path, name), presence=True)
    return None


def _asked(node: Node) -> Iterator[tuple[Node, str | None]]:
    """What is only asked whether it is there: the node, and which field of it."""
    args = node.args
    if node.is_test:
        yield node.operand, node.name
    elif node.name == "@in" and len(args) == 2 and args[0].text() is not None:
        yield args[1], args[0].text()
    elif node.name in _SAME and len(args) == 2:
        yield from ((args[n], None) for n in (0, 1) if _is_null(args[1 - n]))
    elif node.name == "type" and len(args) == 1:  # which has() asks first
        yield args[0], None


def _path(node: Node) -> Path | None:
    """Where in the object a node leads, if by names alone."""
    names: list[str] = []
    while not node.is_ident:
        of, name = _field(node)
        if of is None or name is None:
            return None
        names.append(name)
        node = of
    return tuple(reversed(names)) if node.name in _OBJECTS else None


def _field(node: Node) -> tuple[Node | None, str | None]:
    """What a node takes a field of by its name, and the name."""
    if node.is_select and not node.is_test:
        return node.operand, node.name
    if node.is_call and node.name in _FIELD and len(node.args) == 2:
        return node.args[0], node.args[1].text()
    return None, None


def _is_null(node: Node) -> bool:
    return node.is_const and any(number == _NULL for number, _, _ in node.rest)
