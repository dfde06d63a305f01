"""Where container images are: any ``image`` in lists of containers, in whatever kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.render.fieldspecs import Unfit, node_kind
from reconciler.render.places import Place

_LISTS = ("containers", "initContainers")
_REMEMBERED = 5_000  # values


class Images:
    """The places of images in lists of containers, remembered for values that are shared."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, tuple[Place, ...]]] = {}

    def of_object(self, value: Any) -> Sequence[Place]:
        """Every place in an object; its metadata has none. Raises Unfit."""
        found: list[Place] = []
        for key, item in value.items():
            kind = item.__class__
            if (kind is dict or kind is list) and key != "metadata":
                below = self.of(item)
                if below:
                    found += [(key, *place) for place in below]
                if kind is list and key in _LISTS:
                    found += [(key, *place) for place in _images(item)]
        return found

    def of(self, value: Any) -> tuple[Place, ...]:
        """Every place, as keys and indexes from ``value`` on. Raises Unfit."""
        found = self._known.get(id(value))
        if found is not None and found[0] is value:
            return found[1]
        places: list[Place] = []
        for key, item in value.items() if value.__class__ is dict else enumerate(value):
            kind = item.__class__
            if kind is dict or kind is list:
                places += [(key, *place) for place in self.of(item)]
                if kind is list and key in _LISTS:
                    places += [(key, *place) for place in _images(item)]
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[id(value)] = (value, tuple(places))
        return self._known[id(value)][1]


def _images(containers: list[Any]) -> Iterator[Place]:
    for index, container in enumerate(containers):
        if container is None:
            continue
        if not isinstance(container, dict):
            raise Unfit(f"wrong node kind: expected MappingNode but got {node_kind(container)}")
        if container.get("image") is not None:
            yield index, "image"
