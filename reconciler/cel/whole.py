"""Whether an expression may see all that there is in an object, without naming its fields.

``object.metadata.size()`` counts what the API server adds as well. What is not known to read one
field is taken to read all. Called by ``policy``.
"""

from __future__ import annotations

from reconciler.cel.syntax import Node

_OBJECTS = frozenset(("object", "oldObject"))
_METADATA = "metadata"
_SAME = frozenset(("_==_", "_!=_"))
_FIELD = frozenset(("_[_]", "_?._", "_[?_]"))
_NULL = 1  # the field of a constant that is null


def sees_all(root: Node) -> bool:
    """Of the object or the old one, or of the metadata of either."""
    return _is_source(root) or any(
        _is_source(child) and not _reads_one(node, child)
        for node in root.walk()
        for child in node.children()
    )


def _is_source(node: Node) -> bool:
    if node.is_ident:
        return node.name in _OBJECTS
    if node.is_test:
        return False
    of, name = _field(node)
    return of is not None and name == _METADATA and of.is_ident and of.name in _OBJECTS


def _field(node: Node) -> tuple[Node | None, str | None]:
    """What a node takes a field of by its name, and the name."""
    if node.is_select:
        return node.operand, node.name
    if node.is_call and node.name in _FIELD and len(node.args) == 2:
        return node.args[0], node.args[1].text()
    return None, None


def _reads_one(node: Node, child: Node) -> bool:
    """Whether this is all that ``node`` does with it: one field, or whether it is there."""
    of, name = _field(node)
    if of is child:
        return name is not None
    if node.is_call and node.name == "@in":
        return node.args[1] is child and node.args[0].text() is not None
    others = [each for each in node.args if each is not child]
    if node.is_call and node.name in _SAME:
        return len(others) == 1 and _is_null(others[0])
    return node.is_call and node.name == "type"  # has() asks that first


def _is_null(node: Node) -> bool:
    return node.is_const and any(number == _NULL for number, _, _ in node.rest)
