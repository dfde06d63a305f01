"""What changed from one object to another, as sets of fields. Pure.

The order of items in a list with keys is not looked at, as the API server does not either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.adapters.memory import items
from reconciler.adapters.memory.fields import NOTHING, FieldSet, Path, field
from reconciler.adapters.memory.items import ABSENT
from reconciler.schema.typed import ListShape, MapShape, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A path is in at most one of the three."""

    added: FieldSet = NOTHING
    modified: FieldSet = NOTHING
    removed: FieldSet = NOTHING

    @property
    def taken(self) -> FieldSet:
        return self.added | self.modified


def compare(old: Any, new: Any, shape: Shape) -> Comparison:
    """Old to new; neither is ABSENT."""
    walk = _Walk()
    walk.visit((), old, new, shape)
    return Comparison(
        added=frozenset(walk.added),
        modified=frozenset(walk.modified),
        removed=frozenset(walk.removed),
    )


class _Walk:
    def __init__(self) -> None:
        self.added: set[Path] = set()
        self.modified: set[Path] = set()
        self.removed: set[Path] = set()

    def visit(self, path: Path, old: Any, new: Any, shape: Shape) -> None:
        if items.same(old, new):
            return
        facet = items.facet(shape, old if new is ABSENT else new)
        before = facet if old is ABSENT or new is ABSENT else items.facet(shape, old)
        if before is not facet:  # a value of another sort: what was below is gone
            self._descend(path, old, new, before)
        self._descend(path, old, new, facet)
        if old is ABSENT:
            self.added.add(path)
        elif new is ABSENT:
            self.removed.add(path)

    def _descend(self, path: Path, old: Any, new: Any, facet: MapShape | ListShape | None) -> None:
        both_empty = items.is_empty(old) and items.is_empty(new)
        if facet is None or facet.atomic or both_empty:
            if old is not ABSENT and new is not ABSENT:
                self.modified.add(path)
        elif isinstance(facet, MapShape):
            self._maps(path, _mapping(old), _mapping(new), facet)
        else:
            self._lists(path, old, new, facet)

    def _maps(self, path: Path, old: dict[str, Any], new: dict[str, Any], facet: MapShape) -> None:
        for name in [*old, *(name for name in new if name not in old)]:
            shape = facet.field(name)
            if shape is not None:
                at = (*path, field(name))
                self.visit(at, old.get(name, ABSENT), new.get(name, ABSENT), shape)

    def _lists(self, path: Path, old: Any, new: Any, facet: ListShape) -> None:
        before, after = items.by_name(facet, old), items.by_name(facet, new)
        for word in {**before, **after}:
            at = (*path, word)
            was, now = before.get(word, []), after.get(word, [])
            if len(was) <= 1 and len(now) <= 1:
                self.visit(at, _only(was), _only(now), facet.items)
            elif len(was) > 1 and len(now) > 1:
                if not items.same(was, now):
                    self.modified.add(at)
            else:
                self._repeated(at, was, now, facet.items)

    def _repeated(self, path: Path, was: list[Any], now: list[Any], shape: Shape) -> None:
        """Items of one name count as one value; what is in a single one counts by itself."""
        if len(was) > 1:
            self.visit(path, ABSENT, _only(now), shape)
            self.added.discard(path)
            self.removed.add(path)
        else:
            self.visit(path, _only(was), ABSENT, shape)
            self.removed.discard(path)
            self.added.add(path)


def _only(values: list[Any]) -> Any:
    return values[0] if values else ABSENT


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
