"""Finding the places that many field paths lead to, in one walk down a value.

The paths are laid together to a tree; what is below a part of a value is remembered by that
part's identity, as values never change and most of an object is shared with its base.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.render import fieldspecs
from reconciler.render.fieldspecs import FieldSpec, Unfit, node_kind
from reconciler.render.ids import Kind
from reconciler.render.places import Place

_REMEMBERED = 5_000  # values a field
LIST = -1


Hit = tuple[int, str, Any, Place]
"""The row that led to a place: its rank among all rows, its path, what it is about; the place.

Rank LIST is a place that is null where a path says that a list should be: it becomes one.
"""


class Finder:
    """Rows of a spec and what it is about, ready to be looked for in objects of any kind."""

    def __init__(self, rows: Iterable[tuple[FieldSpec, Any]]) -> None:
        self._rows = tuple(rows)
        self._trees: dict[Kind, _Node] = {}

    def hits(self, value: Any, kind: Kind) -> Sequence[Hit]:
        """Where the rows for ``kind`` lead, whatever is there but null. Raises Unfit."""
        tree = self._trees.get(kind)
        if tree is None:
            tree = self._trees[kind] = self._planted(kind)
        return tree.search(value)

    def _planted(self, kind: Kind) -> _Node:
        root = _Node()
        for rank, (spec, about) in enumerate(self._rows):
            if spec.kind.selects(kind):
                node = root
                for part in fieldspecs.split(spec.path):
                    name = part.removesuffix("[]")
                    node = node.fields.setdefault(name, _Node())
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
        self._known: dict[int, tuple[Any, Sequence[Hit]]] = {}

    def hits(self, value: Any) -> Sequence[Hit]:
        """``search``, from memory for a value that was seen before."""
        found = self._known.get(id(value))
        if found is not None and found[0] is value:
            return found[1]
        hits = self.search(value)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[id(value)] = (value, hits)
        return hits

    def search(self, value: Any) -> Sequence[Hit]:
        """Where rows end, at this value or below. Raises Unfit."""
        if value is None:
            return ((LIST, "", None, ()),) if self.is_list else ()
        found: list[Hit] = [(rank, path, about, ()) for rank, path, about in self.ends]
        if not self.fields:
            return found
        if isinstance(value, dict):
            for name in self._common(value):
                below = self.fields[name].hits(value[name])
                found += [(rank, path, about, (name, *rest)) for rank, path, about, rest in below]
        elif isinstance(value, list):
            inner = self._below()
            for index, item in enumerate(value):
                below = inner.hits(item)
                found += [(rank, path, about, (index, *rest)) for rank, path, about, rest in below]
        else:
            raise Unfit(f"expected sequence or mapping node, found {node_kind(value)}")
        return found

    def _common(self, value: dict[str, Any]) -> list[str]:
        fields = self.fields
        if "" in fields:
            raise Unfit("cannot set or create an empty field name")
        if len(fields) < len(value):
            return [name for name in fields if name in value]
        return [name for name in value if name in fields]

    def _below(self) -> _Node:
        """The same for the items of a list: rows that end at the list end there."""
        if self._items is None:
            self._items = _Node() if self.ends else self
            self._items.fields = self.fields
        return self._items
