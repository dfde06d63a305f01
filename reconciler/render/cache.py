"""What is worth keeping between builds: parsed files, built levels and whole builds."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from reconciler.documents.load import DEFAULT, Limits
from reconciler.render import references
from reconciler.render.config import NameReference
from reconciler.render.finding import Finder
from reconciler.render.images import Images
from reconciler.render.kept import Kept
from reconciler.render.merge import Merger
from reconciler.render.sources import Files
from reconciler.schema.openapi import Shapes

_LEVELS = 2_000
_BUILDS = 1_000
_SCHEMAS = 20


class Cache:
    """Hand the same one to many builds; nothing in it depends on which tree it came from.

    For one thread at a time.
    """

    def __init__(self, limits: Limits = DEFAULT, *, again: bool = True) -> None:
        """``limits``: what a file may ask for.

        ``again``: a site or folder may be asked for once more. Where none is, what is theirs alone
        is let go, which keeps ten thousand sites in the memory of one.
        """
        self.files = Files(limits)
        self.levels: Kept[Any] = Kept(_LEVELS)  # level.Level
        self._again = again
        self.builds: Kept[Any] = Kept(_BUILDS if again else 0)  # tuple[build.Resource, ...]
        self.images = Images()
        self.sites: dict[Hashable, Any] = {}  # site's last render, by site
        self._mergers: dict[int, tuple[Shapes, Merger]] = {}
        self._references: dict[int, tuple[tuple[NameReference, ...], Finder]] = {}

    def keep_site(self, site: Hashable, past: Any) -> None:
        """Remember a site's last render."""
        if not self._again:
            return
        if len(self.sites) >= _BUILDS and site not in self.sites:
            self.sites.clear()
        self.sites[site] = past

    def merger(self, shapes: Shapes) -> Merger:
        """Strategic merge by these schemas."""
        found = self._mergers.get(id(shapes))
        if found is None or found[0] is not shapes:
            if len(self._mergers) > _SCHEMAS:
                self._mergers.clear()
            found = self._mergers[id(shapes)] = (shapes, Merger(shapes))
        return found[1]

    def references(self, rows: tuple[NameReference, ...]) -> Finder:
        """The name references of a configuration, made ready once."""
        found = self._references.get(id(rows))
        if found is None or found[0] is not rows:
            if len(self._references) > _LEVELS:
                self._references.clear()
            found = self._references[id(rows)] = (rows, references.finder(rows))
        return found[1]
