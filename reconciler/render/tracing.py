"""What makes and changes the objects of a kustomization, noted where ``buildMetadata`` asks.

The notes are in an Item's books until they become annotations (``provenance``).
"""

from __future__ import annotations

from typing import NamedTuple

from reconciler.render import sharing
from reconciler.render.items import Item
from reconciler.render.provenance import Step, Trace


class Tracer(NamedTuple):
    """For one kustomization, whose file is called ``file``. Without ``on`` it notes nothing."""

    on: bool
    file: str

    def builtin(self, kind: str) -> Step:
        """A generator or transformer that a field configures."""
        return Step.builtin(kind, self.file)

    def read(self, items: list[Item], path: str) -> list[Item]:
        """These come from a file."""
        return [_began(item, Step(path=path)) for item in items] if self.on else items

    def made(self, item: Item, by: Step | None) -> Item:
        """It comes from a generator, unless it is known to come from another."""
        if not self.on or by is None or item.books.trace is not None:
            return item
        return _began(item, by)

    def changed(self, items: list[Item], by: Step | None) -> list[Item]:
        """These came by a transformer."""
        return [_touched(item, by) for item in items] if self.on and by is not None else items


def _began(item: Item, by: Step) -> Item:
    return item.with_books(item.books._replace(trace=Trace(by)))


def _touched(item: Item, by: Step) -> Item:
    """The object, changed by a step; kustomize writes its annotations anew to note that."""
    books = item.books
    trace = books.trace.then(by) if books.trace else Trace(by)
    shared = sharing.apart(books.shared, sharing.is_annotation)
    return item.with_books(books._replace(trace=trace, shared=shared))
