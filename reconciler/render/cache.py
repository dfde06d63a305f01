"""What is worth keeping between builds: parsed files by their digest, tables by their rows."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.render.config import NameReference
from reconciler.render.references import Table
from reconciler.render.sources import Files


@dataclass(frozen=True, slots=True)
class Cache:
    """Hand the same one to many builds; it holds nothing that depends on the tree's identity."""

    files: Files = field(default_factory=Files)
    _tables: dict[int, tuple[tuple[NameReference, ...], Table]] = field(default_factory=dict)

    def table(self, rows: tuple[NameReference, ...]) -> Table:
        """The name references of a configuration, made ready once."""
        found = self._tables.get(id(rows))
        if found is None or found[0] is not rows:
            found = self._tables[id(rows)] = (rows, Table(rows))
        return found[1]
