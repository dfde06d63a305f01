"""A YAML text as a tree of nodes, and back: anchors, tags, quotes and flow stay as they are.

For the few places where a text is changed without becoming values, which would lose how it is
written. Nothing is judged but the syntax: a key may stand twice, ``!!int x`` is a node as any.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from reconciler.documents import flows
from reconciler.documents.scalars import RESOURCE, Unsupported, integer, resolve, timestamp

MAPPING, SEQUENCE, SCALAR, ALIAS = (
    yaml.MappingStartEvent,
    yaml.SequenceStartEvent,
    yaml.ScalarEvent,
    yaml.AliasEvent,
)
_ENDS = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
_PREFIX = "tag:yaml.org,2002:"
_WIDE = 1 << 30  # columns: nothing is folded


@dataclass(slots=True, eq=False)
class Node:
    """One node: libyaml's event that begins it, what is in it (keys and values in turn), and the
    mark where it ends; None for what is new.
    """

    event: Any
    children: list[Node] = field(default_factory=list)
    end: Any = None

    @property
    def is_map(self) -> bool:
        return isinstance(self.event, MAPPING)

    @property
    def is_list(self) -> bool:
        return isinstance(self.event, SEQUENCE)

    @property
    def is_scalar(self) -> bool:
        return isinstance(self.event, SCALAR)

    @property
    def is_block(self) -> bool:
        """Whether it is a map or a list, and written a line for each entry."""
        return isinstance(self.event, yaml.CollectionStartEvent) and not self.event.flow_style

    @property
    def is_flat(self) -> bool:
        """Whether all of it begins in its first line."""
        return not self.is_block and getattr(self.event, "style", None) not in ("|", ">")

    @property
    def text(self) -> str:
        """A scalar's text; ``""`` for others."""
        return str(self.event.value) if isinstance(self.event, SCALAR) else ""

    @property
    def is_null(self) -> bool:
        return isinstance(self.event, SCALAR) and _tag(self.event) == "null"

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """A map's keys and values."""
        return zip(self.children[::2], self.children[1::2], strict=True)


def read(text: str, *, nodes: int, depth: int) -> Node | None:
    """The first document of a text; None where it has none.

    Raises yaml.YAMLError for what is no YAML, for an alias without an anchor, and beyond the
    bounds.
    """
    root, open_, anchors = None, list[Node](), set[str | None]()
    for count, event in enumerate(flows.events(text)):
        if count > nodes or len(open_) > depth:
            raise yaml.YAMLError(f"a text has at most {nodes} nodes in {depth} levels")
        if isinstance(event, yaml.DocumentEndEvent):
            break
        if isinstance(event, _ENDS):
            open_.pop().end = event.end_mark
        elif isinstance(event, yaml.NodeEvent):
            _checked(event, anchors)
            node = Node(event, end=event.end_mark)
            if open_:
                open_[-1].children.append(node)
            root = root or node
            if not isinstance(event, SCALAR | ALIAS):
                open_.append(node)
    return root


def _checked(event: yaml.NodeEvent, anchors: set[str | None]) -> None:
    if isinstance(event, ALIAS) and event.anchor not in anchors:
        raise yaml.YAMLError(f"unknown anchor {event.anchor!r}")
    anchors.add(event.anchor)
    if isinstance(event, SCALAR) and (event.value, event.tag, event.style) == ("<<", None, ""):
        event.tag = f"{_PREFIX}merge"  # which go-yaml writes out


def write(root: Node) -> str:
    """The text, as go-yaml writes such nodes: two columns a level, lists in maps without."""
    events = [yaml.StreamStartEvent(), yaml.DocumentStartEvent(), *_events(root)]
    events += [yaml.DocumentEndEvent(), yaml.StreamEndEvent()]
    shown: str = yaml.emit(
        events, Dumper=yaml.CSafeDumper, width=_WIDE, indent=2, allow_unicode=True
    )
    return shown.removesuffix("...\n")


def _events(node: Node) -> Iterator[yaml.Event]:
    event = node.event
    if isinstance(event, SCALAR):
        bare = event.tag in (None, "!")
        yield SCALAR(
            event.anchor, None if bare else event.tag, (bare, bare), event.value, style=event.style
        )
        return
    if isinstance(event, ALIAS):
        yield event
        return
    start, end = (MAPPING, _ENDS[0]) if node.is_map else (SEQUENCE, _ENDS[1])
    yield start(event.anchor, event.tag, event.tag is None, flow_style=event.flow_style)
    for child in node.children:
        yield from _events(child)
    yield end()


def scalar(text: str) -> Node:
    """One that is new, and whose text alone says what it is."""
    return Node(SCALAR(None, None, (True, True), text, style="|" if "\n" in text else None))


def collection(kind: type[yaml.CollectionStartEvent], children: list[Node]) -> Node:
    """A map or a list that is new, a line for each entry."""
    return Node(kind(None, None, True, flow_style=False), children)


def string(text: str) -> Node:
    """A scalar that is new, and a string whatever it holds."""
    return with_text(scalar("string"), text)


def with_text(node: Node, text: str) -> Node:
    """A scalar with another text: it keeps its type and its quotes.

    As go-yaml writes it: a type that the new text would not be read as is said by a tag, but
    for a string, which gets quotes.
    """
    event = node.event
    assert isinstance(event, SCALAR)
    tag, style = event.tag, event.style or None
    if tag in (None, "!"):
        tag = None
        kind = _tag(event)
        if not style and "\n" in text:
            style = "|"
        if not event.style and _read(text) != kind:
            tag = None if kind == "str" else _PREFIX + kind
            style = style or ('"' if kind == "str" else None)
    made = SCALAR(event.anchor, tag, (False, False), text, event.start_mark, event.end_mark, style)
    return Node(made, end=node.end)


def _tag(event: yaml.ScalarEvent) -> str:
    """What a scalar is: the last word of its tag."""
    if event.tag not in (None, "!"):
        return str(event.tag).removeprefix(_PREFIX)
    return "str" if event.style else _read(event.value)


def _read(text: str) -> str:
    """What an unquoted text is to go-yaml, which takes 1.1's dates but not its ``yes``."""
    if text[:1].isdigit() and timestamp(text) is not None:
        return "timestamp"
    try:
        value = resolve(text, RESOURCE)
    except Unsupported:
        return "float"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "float" if integer(text.replace("_", "")) is None else "int"
    return "null" if value is None else "str"
