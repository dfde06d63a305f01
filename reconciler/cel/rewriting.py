"""A checked tree in, what the runtime runs out: where the engine does otherwise than Go.

Called by ``environment``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.cel import declarations, functions, gotext, syntax
from reconciler.cel.errors import CompileError
from reconciler.cel.functions import FUNCTIONS
from reconciler.cel.syntax import Checked, Node

_VARIABLES = "variables"
_OPTIONAL = frozenset(each.name for each in FUNCTIONS if each.optional)
_RENAMED = {
    "format": functions.FORMAT,
    "cel.@mapInsert": functions.INSERT,
    "matches": functions.MATCHES,
}
_BY_COUNT = {
    ("substring", 2): functions.SUBSTRING,
    ("indexOf", 2): functions.INDEX,
    ("lastIndexOf", 2): functions.LAST_INDEX,
}
_SUMS = ("_+_", "_-_")
_MOST_SUMS = 400
_EQUALITY = ("_==_", "_!=_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """Where a variable's expression stands for it: also in the body of a loop, or only outside."""

    root: Node
    everywhere: bool
    once: bool

    @classmethod
    def of(cls, root: Node, *, must: bool) -> Inline:
        """``must``: its value cannot be kept outside of an expression."""
        small = sum(1 for _ in root.walk()) <= _SMALL
        return cls(root=root, everywhere=must or _is_cheap(root), once=must or small)


class Rewriting:
    """Changes a checked tree into what the runtime runs.

    Qualified names become selections again, optionals are made of what our functions return, and
    what cannot be kept as a value stands where it is read.
    """

    def __init__(
        self, checked: Checked, inlined: Mapping[str, Inline], fields: frozenset[str]
    ) -> None:
        self._checked = checked
        self._inlined = inlined
        self._fields = fields
        self._depth = 0  # of the bodies of loops
        nodes = list(checked.root.walk())
        self._next = 1 + max(node.id for node in nodes)
        named = {name for node in nodes if node.is_loop for name in node.loop_variables()}
        self._shadows = named & {*declarations.PLAIN, *declarations.SHAPES, "params", _VARIABLES}

    def done(self) -> Node:
        self._checked.root = self._node(self._checked.root)
        return self._checked.root

    def _new(self) -> int:
        self._next += 1
        return self._next

    def _node(self, node: Node) -> Node:
        texted = self._type(node.args[0]) if node.is_call and node.name == "string" else None
        node.parts = [(number, self._part(node, number, each)) for number, each in node.parts]
        for entry in node.entries:
            entry.key = self._node(entry.key) if entry.key is not None else None
            entry.value = self._node(entry.value)
        if node.is_ident:
            return self._named(node)
        if node.is_test:
            return self._test(node)
        if node.is_select and node.operand.is_ident and node.operand.name == _VARIABLES:
            return self._inline(node.name) or node  # within has(), where it has another name
        if texted is not None:
            return self._texted(node, texted)
        return self._call(node) if node.is_call else node

    def _part(self, node: Node, number: int, each: Node) -> Node:
        is_body = node.is_loop and number in syntax.BODY
        self._depth += is_body
        try:
            return self._node(each)
        finally:
            self._depth -= is_body

    def _call(self, node: Node) -> Node:
        """A call of what the engine does otherwise than Go."""
        if node.name in _OPTIONAL:
            return syntax.call("optional.ofNonZeroValue", [node], self._new())
        renamed = _RENAMED.get(node.name) or _BY_COUNT.get((node.name, len(node.args)))
        if renamed:
            node.name = renamed
        elif node.name in gotext.TEXTS and len(node.args) == 1 and not node.target:
            self._wrap(node, functions.TEXT_OF % node.name)
        elif node.name in _SUMS and self._type(node) == syntax.DURATION:
            return self._bounded(node)
        elif node.name in _EQUALITY and self._is_quantity(node.args[0]):
            same = syntax.call(functions.SAME, node.args, self._new())
            return same if node.name == "_==_" else syntax.call("!_", [same], self._new())
        return node

    def _bounded(self, node: Node) -> Node:
        """A sum of durations, which errs where Go cannot count it. Each level is there thrice."""
        within = sum(1 for each in node.walk() if each.is_call and each.name == functions.BOUNDED)
        if within > _MOST_SUMS:
            raise CompileError("too many sums of durations within each other")
        is_fine = syntax.call(functions.BOUNDED, [self._copied(node)], self._new())
        return syntax.call("_?_:_", [is_fine, node, self._copied(node)], self._new())

    def _texted(self, node: Node, of: bytes) -> Node:
        """``string()`` of a value of this type, as Go writes it."""
        (value,) = node.args
        if of == syntax.DURATION:
            return syntax.call(functions.SECONDS, [node], self._new())
        if of == syntax.TIMESTAMP:
            if not value.is_call or value.name != "timestamp":
                raise CompileError("string() of a timestamp needs timestamp() of a text in it")
            given = self._copied(value.args[0])
            return syntax.call(functions.ZONED, [given, node], self._new())
        if of not in (syntax.DOUBLE, syntax.DYN):
            return node
        number = syntax.call(functions.NUMBER, [self._copied(node)], self._new())
        if of == syntax.DOUBLE:
            return number
        kind = syntax.call("type", [self._copied(value)], self._new())
        is_double = syntax.call("_==_", [kind, syntax.ident("double", self._new())], self._new())
        return syntax.call("_?_:_", [is_double, number, node], self._new())

    def _wrap(self, node: Node, name: str) -> None:
        """Have the last argument checked, unless its type says that there is nothing to check."""
        number, last = node.parts[-1]
        if self._type(last) in (syntax.STRING, syntax.DYN):
            node.parts[-1] = (number, syntax.call(name, [last], self._new()))

    def _type(self, node: Node) -> bytes:
        # One that is shared has its number in another expression.
        return syntax.DYN if node.is_shared else self._checked.types.get(node.id, syntax.DYN)

    def _is_quantity(self, node: Node) -> bool:
        return functions.OPAQUE["quantity"].encode() in self._type(node)[:40] and (
            self._type(node)[:1] == syntax.ABSTRACT
        )

    def _test(self, node: Node) -> Node:
        """``has()`` of what has no fields is false, where the engine errs."""
        if self._type(node.operand) != syntax.DYN:
            return node
        kind = syntax.call("type", [self._copied(node.operand)], self._new())
        is_map = syntax.call("_==_", [kind, syntax.ident("map", self._new())], self._new())
        return syntax.call("_&&_", [is_map, node], self._new())

    def _named(self, node: Node) -> Node:
        first, *rest = node.name.split(".")
        node.name = original(first)
        inlined = self._inline(rest[0]) if first == _VARIABLES and len(rest) == 1 else None
        if inlined is not None:
            return inlined
        if first in self._fields:
            rest.insert(0, first)
            node.name = declarations.PLAIN[0]
        for name in rest:
            node = syntax.select(node, name, self._new())
        return node

    def _inline(self, name: str) -> Node | None:
        """The variable's expression, where that stands for it."""
        found = self._inlined.get(name)
        if found is None or not (found.everywhere or (found.once and not self._depth)):
            return None
        if self._shadows:
            raise CompileError(
                f"a loop's variable must not be called {' or '.join(sorted(self._shadows))}"
                " where variables are read"
            )
        found.root.is_shared = True
        return found.root

    def _copied(self, node: Node) -> Node:
        copy = Node(kind=node.kind, id=self._new(), name=node.name, rest=list(node.rest))
        copy.parts = [(number, self._copied(each)) for number, each in node.parts]
        copy.entries = [
            syntax.Entry(
                key=None if entry.key is None else self._copied(entry.key),
                value=self._copied(entry.value),
                rest=list(entry.rest),
            )
            for entry in node.entries
        ]
        return copy


def original(name: str) -> str:
    for each in (*declarations.SHAPES, _VARIABLES):
        if name == declarations.masked(each):
            return each
    return name


_OPERATORS = frozenset(
    ("_?_:_", "_==_", "_!=_", "_&&_", "_||_", "!_", "_+_", "_[_]", "@in", "type", "_<_", "_>_")
)
_CHEAP = 80  # nodes
_SMALL = 300  # nodes


def _is_cheap(root: Node) -> bool:
    """Whether to work it out anew costs less than to keep its value, which is a copy."""
    nodes = list(root.walk())
    return len(nodes) <= _CHEAP and not any(
        node.is_loop or (node.is_call and node.name not in _OPERATORS) for node in nodes
    )
