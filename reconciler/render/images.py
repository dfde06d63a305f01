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
        self._known: dict[int, tuple[Any, Place, Sequence[Place]]] = {}

    def of_object(self, value: Any) -> Sequence[Place]:
        """Every place in an object; its metadata has none. Raises Unfit."""
        found: list[Place] = []
        for key, item in value.items():
            kind = item.__class__
            if (kind is dict or kind is list) and key != "metadata":
                found += self._below(item, (key,))
        return found

    def _of(self, value: Any, place: Place) -> Sequence[Place]:
        """Those in a mapping or list, whose own place is given."""
        known = self._known.get(id(value))
        if known is not None and known[0] is value and known[1] == place:
            return known[2]
        found: list[Place] = []
        for key, item in value.items() if value.__class__ is dict else enumerate(value):
            kind = item.__class__
            if kind is dict or kind is list:
                found += self._below(item, (*place, key))
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[id(value)] = (value, place, found)
        return found

    def _below(self, item: Any, place: Place) -> Sequence[Place]:
        """``_of``, and those that the mapping or list has itself."""
        found = self._of(item, place)
        if item.__class__ is list and place[-1] in _LISTS:
            found = [*found, *_images(item, place)]
        return found


def _images(containers: list[Any], place: Place) -> Iterator[Place]:
    for index, container in enumerate(containers):
        if container is None:
            continue
        if not isinstance(container, dict):
            raise Unfit(f"wrong node kind: expected MappingNode but got {node_kind(container)}")
        if container.get("image") is not None:
            yield (*place, index, "image")
