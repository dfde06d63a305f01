"""A checked expression as a tree: read from the engine's bytes, walked, changed, written back.

The engine checks and runs expressions, and tells nothing of them but these bytes (a
``google.api.expr.v1alpha1.CheckedExpr``). Called by ``environment`` and ``refusals``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from reconciler.cel import wire
from reconciler.cel.wire import BYTES, VARINT, Field

# Fields of Expr, and of what it holds.
_ID, _CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _LOOP = 2, 3, 4, 5, 6, 7, 8, 9
_REFERENCES, _TYPES, _EXPR, _SOURCE = 2, 3, 4, 5

BODY = (5, 6)  # the parts of a loop that run for each of what it loops over

# Types as they are encoded.
DYN, DOUBLE, STRING, ABSTRACT = b"\x0a\x00", b"\x18\x04", b"\x18\x05", b"\x72"
TIMESTAMP, DURATION = b"\x28\x02", b"\x28\x03"
PRIMITIVES = {1: "bool", 2: "int", 3: "uint", 4: "double", 5: "string", 6: "bytes"}


@dataclass(slots=True, kw_only=True)
class Node:
    """One node. ``parts`` are its children by their field in the engine's message.

    ``name`` is what an identifier, a selected field, a function, or a message is called. A
    constant is among ``rest``, as a wire field. One that ``is_shared`` stands in several trees,
    changes no more, and is ``encoded`` once.
    """

    kind: int
    id: int
    name: str = ""
    parts: list[tuple[int, Node]] = field(default_factory=list)
    rest: list[Field] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    is_shared: bool = False
    encoded: bytes = b""

    @property
    def is_loop(self) -> bool:
        return self.kind == _LOOP

    @property
    def is_const(self) -> bool:
        return self.kind == _CONST

    @property
    def is_call(self) -> bool:
        return self.kind == _CALL

    @property
    def is_ident(self) -> bool:
        return self.kind == _IDENT

    @property
    def is_select(self) -> bool:
        return self.kind == _SELECT

    @property
    def is_list(self) -> bool:
        return self.kind == _LIST

    @property
    def is_struct(self) -> bool:
        return self.kind == _STRUCT

    @property
    def is_test(self) -> bool:
        """A select that only asks whether there is such a field: ``has(a.b)``."""
        return self.kind == _SELECT and any(number == 3 and value for number, _, value in self.rest)

    @property
    def target(self) -> Node | None:
        """A member call's receiver."""
        return next((node for number, node in self.parts if self.is_call and number == 1), None)

    @property
    def args(self) -> list[Node]:
        return [node for number, node in self.parts if number == 3] if self.is_call else []

    @property
    def operand(self) -> Node:
        """What a field is selected of."""
        return self.parts[0][1]

    def text(self) -> str | None:
        """A string constant's text; None for any other node."""
        if self.kind == _CONST:
            for number, _, value in self.rest:
                if number == 6 and isinstance(value, bytes):
                    return value.decode()
        return None

    def loop_variables(self) -> tuple[str, ...]:
        """A comprehension's names, the accumulator last."""
        words = {number: value for number, _, value in self.rest}
        return tuple(
            value.decode()
            for number in (1, 8, 3)
            if isinstance(value := words.get(number, b""), bytes) and value
        )

    def optional_items(self) -> frozenset[int]:
        """Which elements of a list literal are there only where their optional has a value."""
        found: list[int] = []
        for number, kind, value in self.rest:
            if self.is_list and number == 2:
                if kind == VARINT and isinstance(value, int):
                    found.append(value)
                elif isinstance(value, bytes):
                    found += wire.packed(value)
        return frozenset(found)

    def part(self, number: int) -> Node | None:
        return next((node for found, node in self.parts if found == number), None)

    def children(self) -> Iterator[Node]:
        for _, node in self.parts:
            yield node
        for entry in self.entries:
            if entry.key is not None:
                yield entry.key
            yield entry.value

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        left = [self]
        while left:
            node = left.pop()
            yield node
            left.extend(node.children())


@dataclass(slots=True, kw_only=True)
class Entry:
    """A map literal's entry, or a message's."""

    key: Node | None
    value: Node
    rest: list[Field]

    @property
    def is_optional(self) -> bool:
        return any(number == 5 and value for number, _, value in self.rest)


@dataclass(slots=True, kw_only=True)
class Checked:
    """``overloads`` and ``names`` are what the checker resolved, by node; ``types`` are raw."""

    root: Node
    url: bytes
    overloads: dict[int, tuple[str, ...]]
    names: dict[int, str]
    types: dict[int, bytes]
    offsets: dict[int, int]


def read(data: bytes) -> Checked:
    """What ``Expression.serialize`` gave."""
    outer = {number: value for number, _, value in wire.decode(data)}
    url, body = outer[1], outer[2]
    assert isinstance(url, bytes)
    assert isinstance(body, bytes)
    found = Checked(root=Node(kind=0, id=0), url=url, overloads={}, names={}, types={}, offsets={})
    for number, _, value in wire.decode(body):
        assert isinstance(value, bytes)
        if number == _EXPR:
            found.root = _node(value)
        elif number == _REFERENCES:
            _reference(found, value)
        elif number == _TYPES:
            key, content = _pair(value)
            found.types[key] = content
        elif number == _SOURCE:
            found.offsets = dict(_offsets(value))
    return found


def write(checked: Checked) -> bytes:
    """Without references, types and places, which running it does not need.

    So what is the same has the same bytes, as maps of places have no order.
    """
    body: list[Field] = [(_EXPR, BYTES, _encode(checked.root))]
    return wire.encode([(1, BYTES, checked.url), (2, BYTES, wire.encode(body))])


def ident(name: str, number: int) -> Node:
    return Node(kind=_IDENT, id=number, name=name)


def select(operand: Node, name: str, number: int) -> Node:
    return Node(kind=_SELECT, id=number, name=name, parts=[(1, operand)])


def call(function: str, args: list[Node], number: int) -> Node:
    return Node(kind=_CALL, id=number, name=function, parts=[(3, each) for each in args])


def _reference(found: Checked, data: bytes) -> None:
    key, content = _pair(data)
    overloads = []
    for number, _, value in wire.decode(content):
        assert isinstance(value, bytes)
        if number == 1:
            found.names[key] = value.decode()
        elif number == 3:
            overloads.append(value.decode())
    if overloads:
        found.overloads[key] = tuple(overloads)


def _pair(data: bytes) -> tuple[int, bytes]:
    key, content = 0, b""
    for number, _, value in wire.decode(data):
        if number == 1 and isinstance(value, int):
            key = value
        elif number == 2 and isinstance(value, bytes):
            content = value
    return key, content


def _offsets(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each node stands in the text, in code points."""
    for number, _, value in wire.decode(data):
        if number == 4 and isinstance(value, bytes):
            words = {key: each for key, _, each in wire.decode(value)}
            at = words.get(2, 0)
            yield int(words.get(1, 0)), int(at)


# Which fields of each kind's message hold nodes.
_CHILDREN = {
    _SELECT: (1,),
    _CALL: (1, 3),
    _LIST: (1,),
    _LOOP: (2, 4, 5, 6, 7),
}
_NAMES = {_IDENT: 1, _SELECT: 2, _CALL: 2, _STRUCT: 1}


def _node(data: bytes) -> Node:
    node = Node(kind=0, id=0)
    for number, _, value in wire.decode(data):
        if number == _ID and isinstance(value, int):
            node.id = value
        elif isinstance(value, bytes):
            node.kind = number
            _fill(node, value)
    return node


def _fill(node: Node, data: bytes) -> None:
    children, name = _CHILDREN.get(node.kind, ()), _NAMES.get(node.kind)
    for number, kind, value in wire.decode(data):
        if number == name and isinstance(value, bytes):
            node.name = value.decode()
        elif number in children and isinstance(value, bytes):
            node.parts.append((number, _node(value)))
        elif node.kind == _STRUCT and number == 2 and isinstance(value, bytes):
            node.entries.append(_entry(value))
        else:
            node.rest.append((number, kind, value))


def _entry(data: bytes) -> Entry:
    key: Node | None = None
    content: Node | None = None
    rest: list[Field] = []
    for number, kind, value in wire.decode(data):
        if number == 3 and isinstance(value, bytes):
            key = _node(value)
        elif number == 4 and isinstance(value, bytes):
            content = _node(value)
        else:
            rest.append((number, kind, value))
    assert content is not None
    return Entry(key=key, value=content, rest=rest)


def _encode(node: Node) -> bytes:
    if not node.is_shared:
        return _encoded(node)
    if not node.encoded:
        node.encoded = _encoded(node)
    return node.encoded


def _encoded(node: Node) -> bytes:
    fields: list[Field] = []
    if node.name:
        fields.append((_NAMES[node.kind], BYTES, node.name.encode()))
    fields.extend((number, BYTES, _encode(child)) for number, child in node.parts)
    fields.extend(node.rest)
    for entry in node.entries:
        inner = list(entry.rest)
        if entry.key is not None:
            inner.append((3, BYTES, _encode(entry.key)))
        inner.append((4, BYTES, _encode(entry.value)))
        fields.append((2, BYTES, wire.encode(inner)))
    return wire.encode([(_ID, VARINT, node.id), (node.kind, BYTES, wire.encode(fields))])


def parameter(raw: bytes) -> bytes:
    """The first parameter of an abstract type, such as an optional's; "" where it has none."""
    for number, _, value in wire.decode(raw):
        if number == 14 and isinstance(value, bytes):
            for inner, _, content in wire.decode(value):
                if inner == 2 and isinstance(content, bytes):
                    return content
    return b""
