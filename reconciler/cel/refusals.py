"""What the API server refuses at creation and the engine does not: rules over the checked tree.

Called by ``environment``; raises CompileError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from reconciler.cel import declarations, gotext, syntax
from reconciler.cel.errors import CompileError, EvaluationError
from reconciler.cel.syntax import Checked, Node
from reconciler.model import regex

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_CONVERSIONS = frozenset(
    ("bool", "bytes", "double", "duration", "int", "string", "timestamp", "uint")
)
_PATTERNS: Mapping[str, int] = {"matches": 0, "find": 0, "findAll": 0}
_TYPE_NAMES = re.compile(r"(kubernetes|net|google)\b")
_EXEMPT = "format"  # of all lists alone, what is to be formatted may be of several types

Evaluate = Callable[[Node], object]


def check(text: str, checked: Checked, evaluate: Evaluate) -> None:
    """``evaluate`` runs a node without variables, and raises an error where it errs."""
    if at := _backtick(text):
        raise CompileError("token recognition error at: '`'", line=at[0], column=at[1])
    for node, in_format in _walk(checked.root):
        for message in _wrong(node, checked, evaluate, in_format):
            line, column = place(text, checked.offsets.get(node.id, 0))
            raise CompileError(message, line=line, column=column)


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a place in a text."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _walk(root: Node) -> Iterator[tuple[Node, bool]]:
    left = [(root, False)]
    while left:
        node, in_format = left.pop()
        yield node, in_format
        below = in_format or (node.is_call and node.name == _EXEMPT)
        left.extend((child, below) for child in node.children())


def _wrong(node: Node, checked: Checked, evaluate: Evaluate, in_format: bool) -> Iterator[str]:
    if node.is_select:
        yield from _unknown_field(node)
    elif node.is_call:
        yield from _wrong_literal(node, evaluate)
        yield from _wrong_format(node, checked)
        yield from _wrong_comparison(node, checked)
    elif node.is_list and not in_format:
        optional = node.optional_items()
        yield from _mixed(
            _type(checked, each, number in optional) for number, (_, each) in enumerate(node.parts)
        )
    elif node.is_struct and not in_format:
        if node.name:
            yield f"undeclared reference to '{node.name}' (in container '')"
        entries = [entry for entry in node.entries if entry.key is not None]
        yield from _mixed(checked.types.get(each.key.id, b"") for each in entries if each.key)
        yield from _mixed(_type(checked, each.value, each.is_optional) for each in entries)


def _type(checked: Checked, node: Node, optional: bool) -> bytes:
    """The raw type of what a literal gets of an element: of an optional one, what is in it."""
    raw = checked.types.get(node.id, b"")
    return syntax.parameter(raw) if optional else raw


def _unknown_field(node: Node) -> Iterator[str]:
    """Members of what the server gives a type with fields; the engine takes it for anything."""
    shape = _shape(node.operand)
    if shape is not None and node.name not in shape:
        yield f"undefined field '{node.name}'"


def _shape(node: Node) -> Mapping[str, Any] | None:
    """The fields of what this node is, where they are known."""
    if node.is_ident:
        names = node.name.split(".")
        shape: Any = declarations.SHAPES.get(_unmasked(names[0]))
        for name in names[1:]:
            shape = shape.get(name) if isinstance(shape, dict) else None
        return shape if isinstance(shape, dict) else None
    if node.is_select:
        above = _shape(node.operand)
        below = above.get(node.name) if above else None
        return below if isinstance(below, dict) else None
    return None


def _unmasked(name: str) -> str:
    for each in declarations.SHAPES:
        if name == declarations.masked(each):
            return each
    return name


def _wrong_literal(node: Node, evaluate: Evaluate) -> Iterator[str]:
    at = _PATTERNS.get(node.name)
    if at is not None and len(node.args) > at and (pattern := node.args[at].text()) is not None:
        try:
            regex.compiled(pattern)
        except ValueError:
            yield f"invalid {node.name} argument"
    is_conversion = node.name in _CONVERSIONS and not node.target and len(node.args) == 1
    if is_conversion and node.args[0].is_const:
        try:
            evaluate(node)
        except EvaluationError:
            yield f"invalid {node.name} argument"


def _wrong_format(node: Node, checked: Checked) -> Iterator[str]:
    """A format and a list of values, both written down, that do not go together."""
    text = node.target.text() if node.target is not None else None
    if node.name != _EXEMPT or text is None or not node.args[0].is_list:
        return
    values = [each for _, each in node.args[0].parts]
    at = used = 0
    try:
        while (at := text.find("%", at)) >= 0:
            if text.startswith("%%", at):
                at += 2
                continue
            if used >= len(values):
                raise ValueError(f"index {used} out of range")
            letter, _, at = gotext.clause(text, at + 1)
            of = _primitive(checked.types.get(values[used].id, syntax.DYN))
            if of and of not in gotext.TAKES.get(letter, (of,)):
                raise ValueError(f"error during formatting: %{letter} was given {of}")
            used += 1
    except ValueError as error:
        yield str(error)
        return
    if used < len(values):
        yield (f"too many arguments supplied to string.format (expected {used}, got {len(values)})")


def _primitive(raw: bytes) -> str:
    """A type's name, "" for dyn."""
    if raw == syntax.DYN:
        return ""
    return syntax.PRIMITIVES.get(raw[1], "other") if raw[:1] == syntax.STRING[:1] else "other"


def _wrong_comparison(node: Node, checked: Checked) -> Iterator[str]:
    """A part of the request that has fields, compared with what is no such part, or looked into."""
    if node.name not in ("_==_", "_!=_", "@in"):
        return
    shapes = [_shape(each) for each in node.args]
    if node.name == "@in" and shapes[-1] is not None:
        yield "found no matching overload for '@in'"
        return
    types = [checked.types.get(each.id, syntax.DYN) for each in node.args]
    for mine, other, of in zip(shapes, reversed(shapes), reversed(types), strict=True):
        if mine is not None and mine is not other and _primitive(of) not in ("", "other"):
            yield f"found no matching overload for '{node.name}'"
            return


def _mixed(types: Iterable[bytes]) -> Iterator[str]:
    if len(set(types)) > 1:
        yield "a list or map literal whose elements are of several types"


def _backtick(text: str) -> tuple[int, int] | None:
    """Where an escaped identifier begins, which Kubernetes has not got."""
    bare = without_strings(text)
    at = bare.find("`")
    return place(text, at) if at >= 0 else None


_STRING = re.compile(
    r"//[^\n]*"
    r"|(?<![A-Za-z0-9_])[rR]?[bB]?[rR]?(\"\"\"|''')(?:(?!\1).)*?\1"
    r"|(?<![A-Za-z0-9_])(?:[bB]?[rR]|[rR][bB])(?:\"[^\"\n]*\"|'[^'\n]*')"
    r"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
    re.DOTALL,
)


def without_strings(text: str) -> str:
    """The text with the same length, with blanks for strings and comments."""
    return _STRING.sub(lambda found: " " * len(found[0]), text)
