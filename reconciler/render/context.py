"""What a transformer or generator is configured with, and how it says that something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from reconciler.model.errors import RenderError
from reconciler.render import telling
from reconciler.render.cache import Cache
from reconciler.render.config import Config
from reconciler.render.fieldspecs import FieldSpec, Specs, Unfit
from reconciler.render.folder import Folder, Problem
from reconciler.render.items import Item, Step, Value
from reconciler.render.merge import Merger
from reconciler.render.sources import Files, Path, Source
from reconciler.schema.openapi import Shapes


class Context(NamedTuple):
    """``at`` is where in ``source`` the entry stands; ``schemas`` are those of ``openapi``."""

    folder: Folder
    cache: Cache
    config: Config
    schemas: Shapes
    source: Source
    at: Path = ()

    @property
    def merger(self) -> Merger:
        """Strategic merge by the schemas in force."""
        return self.cache.merger(self.schemas)

    @property
    def files(self) -> Files:
        return self.cache.files

    def under(self, *more: str | int) -> Context:
        """The context of a part of the entry."""
        return self._replace(at=(*self.at, *more))

    def within(self, source: Source, at: Path = ()) -> Context:
        """The context of an entry in another file that this one names."""
        return self._replace(source=source, at=at)

    def error(self, message: str, *more: str | int) -> RenderError:
        """An error at the entry, or at a part of it."""
        return self.source.error(message, (*self.at, *more))

    def read(self, path: str, *more: str | int, doing: str = "") -> tuple[str, bytes]:
        """A file named by the entry: its path in the tree, and its bytes.

        Raises RenderError, which begins with what was being done.
        """
        try:
            return self.folder.read(path)
        except Problem as problem:
            raise self.error(f"{doing}{problem}", *more) from None

    def inline(self, error: RenderError) -> RenderError:
        """An error in a text that is the entry itself: its lines are those of the text."""
        where = f" (line {error.line} of the text)" if error.line else ""
        return self.error(f"{error.message}{where}")

    def specs(self, words: dict[str, Any]) -> Specs:
        """The field specs of a transformer's own file; it has none but these."""
        return Specs(FieldSpec.of(row) for row in words.get("fieldSpecs", ()))

    def patches(self, path: str, *more: str | int) -> tuple[Source, ...]:
        """The documents of a file of strategic merge patches. Raises RenderError."""
        where, data = self.read(path, *more)
        try:
            return self.files.patches(where, data, self.folder.reads.seen[where] or "")
        except RenderError as error:
            raise telling.in_file(error, path) from None

    def settings(self, path: str, *more: str | int) -> tuple[Source, ...]:
        """The documents of a file of settings. Raises RenderError."""
        where, data = self.read(path, *more)
        return self.converted(where, data, self.folder.reads.seen[where] or "")

    def converted(self, where: str, data: bytes, digest: str = "") -> tuple[Source, ...]:
        """The documents of a text of settings, which kustomize makes JSON of."""
        try:
            return self.files.settings(where, data, digest)
        except RenderError as error:
            raise telling.malformed(error, "error converting YAML to JSON") from None

    def each(self, change: Callable[[Value], Value]) -> Step:
        """The step that changes each object by itself; what does not fit is named."""

        def step(items: list[Item]) -> list[Item]:
            return [self.changed(item, change) for item in items]

        return step

    def changed(self, item: Item, change: Callable[[Value], Value]) -> Item:
        try:
            return item.with_value(change(item.value))
        except Unfit as unfit:
            raise self.misfit(item, unfit) from None

    def misfit(self, item: Item, unfit: Exception) -> RenderError:
        return self.error(f"{unfit} (object {item.id} from {item.origin})")

    @contextmanager
    def placing(self, *more: str | int) -> Iterator[None]:
        """Give what does not fit the place of the entry."""
        try:
            yield
        except Unfit as unfit:
            raise self.error(str(unfit), *more) from None


def first_of(words: dict[str, Any], *names: str) -> str:
    """The first name that is set, for errors; ``""`` if none is."""
    return next((name for name in names if words.get(name)), "")
