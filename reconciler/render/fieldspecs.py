"""Field specs: which fields of which kinds a transformer touches, and how it reaches them.

A spec's path is split at ``/`` (``\\/`` is a slash in a name, ``[]`` at a name's end says
list). Lists on the way are gone through by themselves. Values are never changed in place:
``change`` gives the same object back where nothing changed, and else a copy that shares the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.documents import styles
from reconciler.render.ids import Kind
from reconciler.render.scalars import CONTAINERS

if TYPE_CHECKING:
    from reconciler.render.finding import Finder

_PATHS = 1024
Setter = Callable[[Any], Any]


class Unfit(Exception):
    """A value has not the shape that a step needs; the caller knows whose it is."""


class FieldSpec(NamedTuple):
    """One path in the kinds that ``kind`` selects; ``create`` makes it where it is missing."""

    kind: Kind
    path: str
    create: bool = False

    def covers(self, other: FieldSpec) -> bool:
        return other.kind.selects(self.kind) and self.path == other.path

    @classmethod
    def of(cls, words: dict[str, Any]) -> FieldSpec:
        """From a mapping with group, version, kind, path and create."""
        kind = Kind(words.get("group", ""), words.get("version", ""), words.get("kind", ""))
        return cls(kind, words.get("path", ""), bool(words.get("create", False)))


class Route(NamedTuple):
    """A spec's path, split, for objects of a kind that it selects."""

    parts: tuple[str, ...]
    create: bool
    path: str


class Specs:
    """A list of specs that answers quickly what is to be done in one kind."""

    def __init__(self, specs: Iterable[FieldSpec] = ()) -> None:
        self.all = tuple(specs)
        self._routes: dict[Kind, tuple[Route, ...]] = {}

    @cached_property
    def finder(self) -> Finder:
        """All of them in one walk."""
        from reconciler.render.finding import Finder

        return Finder((spec, None) for spec in self.all)

    def __iter__(self) -> Iterator[FieldSpec]:
        return iter(self.all)

    def routes(self, kind: Kind) -> tuple[Route, ...]:
        found = self._routes.get(kind)
        if found is None:
            found = tuple(
                Route(split(spec.path), spec.create, spec.path)
                for spec in self.all
                if spec.kind.selects(kind)
            )
            self._routes[kind] = found
        return found

    def merged(self, more: Iterable[FieldSpec]) -> Specs:
        """These and ``more``, without doubles. Raises Unfit where two differ in ``create``."""
        if more is self:
            return self
        added: list[FieldSpec] = []
        by_path: dict[str, list[FieldSpec]] = {}
        for spec in self.all:
            by_path.setdefault(spec.path, []).append(spec)
        for spec in more:
            known = by_path.setdefault(spec.path, [])
            same = next((one for one in known if one.covers(spec)), None)
            if same is None:
                known.append(spec)
                added.append(spec)
            elif same.create != spec.create:
                raise Unfit(f"conflicting fieldspecs: {spec.path} with and without 'create'")
        return Specs((*self.all, *added)) if added else self


@lru_cache(_PATHS)
def split(path: str, separator: str = "/") -> tuple[str, ...]:
    """``a/b\\/c`` is ``("a", "b/c")``; a leading separator does not count."""
    words = path.split(separator)
    if len(words) > 1 and not words[0]:
        del words[0]
    parts = [words[0]]
    for word in words[1:]:
        if parts[-1].endswith("\\"):
            parts[-1] = parts[-1][:-1] + separator + word
        else:
            parts.append(word)
    return tuple(parts)


def change(value: Any, route: Route, setter: Setter, empty: Any = None) -> Any:
    """``value`` with ``setter`` applied wherever ``route`` leads.

    ``empty`` is what a missing last field starts as; None never makes one. Raises Unfit.
    """
    return _change(value, route.parts, 0, setter, empty if route.create else None)


def places(value: Any, route: Route) -> Iterator[tuple[str | int, ...]]:
    """Where ``route`` leads in a value, as far as it is there."""
    return _places(value, route.parts, 0, ())


def _places(
    value: Any, parts: tuple[str, ...], at: int, place: tuple[str | int, ...]
) -> Iterator[tuple[str | int, ...]]:
    if at == len(parts):
        yield place
    elif isinstance(value, dict):
        name = parts[at].removesuffix("[]")
        if name in value:
            yield from _places(value[name], parts, at + 1, (*place, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, parts, at, (*place, index))


def change_metadata(value: Any, name: str, setter: Setter, empty: Any) -> Any:
    """``change`` for the commonest route, a field of ``metadata`` that is made where missing."""
    metadata = value.get("metadata")
    if metadata.__class__ is not dict:
        return change(value, Route(("metadata", name), True, f"metadata/{name}"), setter, empty)
    old = metadata.get(name)
    new = setter(empty if old is None else old)
    return value if new is old else {**value, "metadata": {**metadata, name: new}}


def changer(route: Route, setter: Setter, empty: Any = None) -> Setter:
    """``change`` as a function of the value alone."""
    return lambda value: change(value, route, setter, empty)


def _change(value: Any, parts: tuple[str, ...], at: int, setter: Setter, empty: Any) -> Any:
    if at == len(parts):
        return setter(value)
    if isinstance(value, dict):
        return _change_map(value, parts, at, setter, empty)
    if isinstance(value, list):
        return _change_list(value, parts, at, setter, empty)
    if value is None:
        return value
    raise Unfit(f"expected sequence or mapping node, found a scalar before '{parts[at]}'")


def _change_list(
    value: list[Any], parts: tuple[str, ...], at: int, setter: Setter, empty: Any
) -> list[Any]:
    result = value
    for index, old in enumerate(value):
        new = _change(old, parts, at, setter, empty)
        if new is not old:
            if result is value:
                result = value.copy()
            result[index] = new
    return result


def _change_map(
    value: dict[str, Any], parts: tuple[str, ...], at: int, setter: Setter, empty: Any
) -> dict[str, Any]:
    name = parts[at]
    is_list = name.endswith("[]")
    if is_list:
        name = name.removesuffix("[]")
    if not name:
        raise Unfit("cannot set or create an empty field name")
    old = value.get(name)
    if old is None:
        old = _start(value, name, is_list, at + 1 == len(parts), empty)
        if old is _NOTHING:
            return value
    new = _change(old, parts, at + 1, setter, empty)
    if new is value.get(name) and name in value:
        return value
    return {**value, name: new}


_NOTHING = object()


def _start(value: dict[str, Any], name: str, is_list: bool, last: bool, empty: Any) -> Any:
    """What a missing or null field begins as, or nothing if it stays as it is."""
    if is_list:
        return [] if name in value else _NOTHING
    if empty is not None:
        return empty if last else {}
    return None if name in value and last else _NOTHING


def entries(wanted: Mapping[str, str]) -> Setter:
    """A setter that puts strings into a map."""

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            if wanted.items() <= value.items():
                return value
            made = {**value, **wanted}
            for key in wanted:
                if key in value:  # it keeps its quotes, or has none
                    made[key] = styles.over(value[key], wanted[key])
            return made
        if value is None:
            return value
        raise Unfit(f"wrong node kind: expected MappingNode but got {node_kind(value)}")

    return put


def scalar_only(value: Any) -> None:
    """Raises Unfit for a map or a list."""
    if isinstance(value, CONTAINERS):
        raise Unfit(f"wrong node kind: expected ScalarNode but got {node_kind(value)}")


def node_kind(value: Any) -> str:
    """What kustomize calls it."""
    if isinstance(value, dict):
        return "MappingNode"
    return "SequenceNode" if isinstance(value, list) else "ScalarNode"
