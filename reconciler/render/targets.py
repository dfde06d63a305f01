"""Where a replacement goes: the places in an object that a field path means, made if need be.

Works on a thawed copy of the object. A path's part is a key, an index, ``*`` for every item of
a list, or ``[key=pattern]`` for the items whose key matches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from reconciler.documents import dump
from reconciler.render import fieldpaths, places, selectors, structured
from reconciler.render.fieldspecs import Unfit, node_kind
from reconciler.render.items import Path
from reconciler.render.places import Place
from reconciler.render.scalars import CONTAINERS, text


class Untyped(NamedTuple):
    """A scalar that was made here, and is what its text is read as."""

    text: str


NEW = Untyped("")


class Slot(NamedTuple):
    """One place: a container and a key or index in it; ``place`` leads there in the object.

    It is None for one that kustomize fills and drops.
    """

    container: Any
    key: Any
    place: Place | None = None

    def below(self, container: Any, key: Any) -> Slot:
        return Slot(container, key, None if self.place is None else (*self.place, key))

    def get(self) -> Any:
        return self.container[self.key]

    def set(self, value: Any) -> None:
        self.container[self.key] = value


def thawed(value: Any) -> Any:
    """A copy that may be changed."""
    if isinstance(value, dict):
        return {key: thawed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [thawed(item) for item in value]
    return value


def text_of(value: Any) -> str:
    return value.text if isinstance(value, Untyped) else text(value)


def find(value: Any, parts: list[str], leaf: Any) -> list[Slot]:
    """The places that ``parts`` lead to; ``leaf`` is what a missing one starts as, or None.

    Raises Unfit where a part does not fit what is there.
    """
    return _find(Slot([value], 0, ()), parts, leaf)


def untyped(value: Any, place: Place = ()) -> Iterator[tuple[Place, Untyped]]:
    """What was made on the way to a place: the keys of items that a condition asks for."""
    if isinstance(value, Untyped):
        yield place, value
    elif isinstance(value, CONTAINERS):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from untyped(item, (*place, key))


def _find(slot: Slot, parts: list[str], leaf: Any) -> list[Slot]:
    if not parts:
        return [slot]
    part = parts[0]
    if leaf is not None and part != "*" and slot.get() is None:
        slot = Slot([_start(parts, leaf)], 0)  # kustomize fills what it makes there, and drops it
    if part.lstrip("+").isdigit():
        return _by_index(slot, parts, leaf)
    if part.startswith("[") and part.endswith("]"):
        return _by_condition(slot, parts, leaf)
    if part == "*":
        items = _list(slot)
        return [
            found
            for index in range(len(items))
            for found in _find(slot.below(items, index), parts[1:], leaf)
        ]
    return _by_key(slot, parts, leaf)


def _by_key(slot: Slot, parts: list[str], leaf: Any) -> list[Slot]:
    value, name = slot.get(), parts[0]
    if value is None:
        return []
    if not isinstance(value, dict):
        raise Unfit(f"wrong node kind: expected MappingNode but got {node_kind(value)}")
    if name not in value:
        if leaf is None:
            return []
        value[name] = _start(parts[1:], leaf)
    if parts[1:] and isinstance(value[name], str):  # kustomize fills the text's copy, and drops it
        return [Slot([NEW], 0)] if structured.leads(value[name], parts[1:]) else []
    return _find(slot.below(value, name), parts[1:], leaf)


def _by_index(slot: Slot, parts: list[str], leaf: Any) -> list[Slot]:
    items, index = _list(slot), int(parts[0])
    if index == len(items) and leaf is not None:
        items.append(_start(parts[1:], leaf))
    if index >= len(items):
        raise Unfit(f"index {index} specified but only {len(items)} elements found")
    return _find(slot.below(items, index), parts[1:], leaf)


def _by_condition(slot: Slot, parts: list[str], leaf: Any) -> list[Slot]:
    name, wanted = fieldpaths.condition(parts[0])
    items, matches = _list(slot), selectors.found(wanted)
    if not name:
        found = [
            slot.below(items, index) for index, item in enumerate(items) if matches(_written(item))
        ]
    else:
        found = [
            place
            for index, item in enumerate(items)
            if isinstance(item, dict) and name in item and matches(_written(item[name]))
            for place in _find(slot.below(items, index), parts[1:], leaf)
        ]
    if found or leaf is None:
        return found
    items.append({name: Untyped(wanted)} if name else Untyped(wanted))
    again = selectors.found(wanted)(_written(wanted))
    return _by_condition(slot, parts, leaf) if again else []


def _list(slot: Slot) -> list[Any]:
    value = slot.get()
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unfit(f"wrong node kind: expected SequenceNode but got {node_kind(value)}")
    return value


def refuse_blank(value: Any, parts: list[str], blanks: Iterable[Path]) -> None:
    """Nothing can be made where the file has nothing at all (``key:``). Raises Unfit."""
    for blank in blanks:
        on_the_way = len(blank) < len(parts) and all(
            part == str(key) or part[0:1] in ("[", "*")
            for part, key in zip(parts, blank, strict=False)
        )
        if on_the_way and places.at(value, blank) is None:
            raise Unfit("wrong node kind: expected MappingNode but got : node contents: null")


def _start(rest: list[str], leaf: Any) -> Any:
    """What is made where nothing is: a list if the next part goes into one, else a map."""
    if not rest:
        return thawed(leaf)
    part = rest[0]
    is_list = part.isdigit() or (part.startswith("[") and part.endswith("]"))
    return [] if is_list else {}


def _written(value: Any) -> str:
    """A value as it stands in a file, quotes and all."""
    return value.text if isinstance(value, Untyped) else dump.dump(value).strip()
