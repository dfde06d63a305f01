"""Finding the places that many field paths lead to, in one walk down a value.

The paths are laid together to a tree; what is below a part of a value is remembered by that
part's identity and place, as values never change and most of an object is shared with its base.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.render import fieldspecs
from reconciler.render.fieldspecs import FieldSpec, Unfit, node_kind
from reconciler.render.ids import Kind
from reconciler.render.places import Place

_REMEMBERED = 1_000  # values a field
LIST = -1


Hit = tuple[int, str, Any, Place, Any]
"""The row that led to a place: its rank among all rows, its path, what it is about; the place,
and what is there.

Rank LIST is a place that is null where a path says that a list should be: it becomes one.
"""


class Finder:
    """Rows of a spec and what it is about, ready to be looked for in objects of any kind."""

    def __init__(self, rows: Iterable[tuple[FieldSpec, Any]]) -> None:
        self._rows = tuple(rows)
        self._trees: dict[Kind, dict[str, _Node]] = {}

    def hits(self, value: Any, kind: Kind) -> Sequence[Hit]:
        """Where the rows for ``kind`` lead, whatever is there but null. Raises Unfit."""
        fields = self._trees.get(kind)
        if fields is None:
            fields = self._trees[kind] = self._planted(kind).fields
        found: Sequence[Hit] = ()
        for name, node in fields.items():
            if name in value:
                more = node.hits(value[name], (name,))
                found = [*found, *more] if found else more
            elif not name:
                raise _nameless()
        return found

    def _planted(self, kind: Kind) -> _Node:
        root = _Node()
        for rank, (spec, about) in enumerate(self._rows):
            if spec.kind.selects(kind):
                node = root
                for part in fieldspecs.split(spec.path):
                    name = part.removesuffix("[]")
                    node = node.below(name)
                    node.is_list = node.is_list or name != part
                node.ends.append((rank, spec.path, about))
        return root


class _Node:
    """A field: the rows that end at it, and the fields below."""

    __slots__ = ("_items", "_known", "ends", "fields", "is_list")

    def __init__(self) -> None:
        self.fields: dict[str, _Node] = {}
        self.ends: list[tuple[int, str, Any]] = []
        self.is_list = False
        self._items: _Node | None = None
        self._known: dict[int, tuple[Any, Place, Sequence[Hit]]] = {}

    def below(self, name: str) -> _Node:
        """The node of a field, made where it is missing."""
        if name not in self.fields:
            self.fields[name] = _Node()
        return self.fields[name]

    def hits(self, value: Any, place: Place) -> Sequence[Hit]:
        """Where rows end, at this value or below; from memory if it was seen before. Raises Unfit.

        ``place`` is the value's. What is shared by many objects has the same in nearly all.
        """
        found = self._known.get(id(value))
        if found is not None and found[0] is value and found[1] == place:
            return found[2]
        hits = self._search(value, place)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[id(value)] = (value, place, hits)
        return hits

    def _search(self, value: Any, place: Place) -> Sequence[Hit]:
        if value is None:
            return ((LIST, "", None, place, None),) if self.is_list else ()
        found: list[Hit] = [(rank, path, about, place, value) for rank, path, about in self.ends]
        if not self.fields:
            return found
        if isinstance(value, dict):
            for name in self._common(value):
                found += self.fields[name].hits(value[name], (*place, name))
        elif isinstance(value, list):
            inner = self._inner()
            for index, item in enumerate(value):
                found += inner.hits(item, (*place, index))
        else:
            raise Unfit(f"expected sequence or mapping node, found {node_kind(value)}")
        return found

    def _common(self, value: dict[str, Any]) -> list[str]:
        fields = self.fields
        if "" in fields:
            raise _nameless()
        if len(fields) < len(value):
            return [name for name in fields if name in value]
        return [name for name in value if name in fields]

    def _inner(self) -> _Node:
        """The same for the items of a list: rows that end at the list end there."""
        if self._items is None:
            self._items = _Node()
            self._items.fields = self.fields
        return self._items


def _nameless() -> Unfit:
    return Unfit("cannot set or create an empty field name")
