"""Where container images are: any ``image`` in lists of containers, in whatever kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.render.fieldspecs import Unfit, node_kind
from reconciler.render.places import Place

_LISTS = ("containers", "initContainers")
_REMEMBERED = 50_000  # values


class Images:
    """The places of images in lists of containers, remembered for values that are shared."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, tuple[Place, ...]]] = {}

    def of(self, value: Any) -> tuple[Place, ...]:
        found = self._known.get(id(value))
        if found is not None and found[0] is value:
            return found[1]
        here = tuple(self._search(value))
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[id(value)] = (value, here)
        return here

    def _search(self, value: Any) -> Iterator[Place]:
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in entries:
            if isinstance(item, dict | list):
                for place in self.of(item):
                    yield (key, *place)
                if key in _LISTS and isinstance(item, list):
                    yield from ((key, *place) for place in _images(item))


def _images(containers: list[Any]) -> Iterator[Place]:
    for index, container in enumerate(containers):
        if container is None:
            continue
        if not isinstance(container, dict):
            raise Unfit(f"wrong node kind: expected MappingNode but got {node_kind(container)}")
        if container.get("image") is not None:
            yield index, "image"
