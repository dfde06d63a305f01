"""How server-side apply sees an object: what is one value, what is merged, by which keys.

In: the types of Kubernetes 1.34's own kinds (``data/typed.json``) or the OpenAPI schema of a
CustomResourceDefinition. Out: a Shape for each, the API server's typed view. Asked by the
embedded cluster; the agent itself leaves all of this to the real API server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from reconciler.model.refs import Kind
from reconciler.schema.tables import table

SCALARS: Mapping[str, str] = {
    "string": "string",
    "integer": "numeric",
    "number": "numeric",
    "boolean": "boolean",
}


class Shape:
    """One place in an object. Each facet is None where no value of that sort may stand there.

    ``scalar`` is ``string``, ``numeric``, ``boolean`` or ``any``; ``nullable`` says whether a
    custom resource may have a null there.
    """

    __slots__ = ("list", "map", "nullable", "scalar")

    def __init__(self) -> None:
        self.nullable = False
        self.scalar: str | None = None
        self.list: ListShape | None = None
        self.map: MapShape | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class MapShape:
    """``fields`` are declared; ``values`` is the shape under any other name, None if there is none.

    An ``atomic`` map has one owner, as a scalar has.
    """

    fields: Mapping[str, Shape]
    values: Shape | None
    atomic: bool

    def field(self, name: str) -> Shape | None:
        return self.fields.get(name, self.values)


@dataclass(slots=True, kw_only=True, eq=False)
class ListShape:
    """An atomic list has one owner; the items of another are told apart by ``keys``.

    Without keys the item itself is its name (finalizers). ``defaults`` are those of keys.
    """

    items: Shape
    keys: tuple[str, ...]
    defaults: Mapping[str, Any]
    atomic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """How a kind is served. ``status`` is whether its status is written apart."""

    plural: str
    namespaced: bool
    status: bool
    shape: Shape


def served(kind: Kind) -> Served | None:
    """A kind of Kubernetes' own; None for every other."""
    row = table("typed")["resources"].get(f"{kind.api_version} {kind.kind}")
    if row is None:
        return None
    return Served(
        plural=row["plural"],
        namespaced=row["namespaced"],
        status="status" in row,
        shape=_types()[row["type"]],
    )


def custom(schema: Mapping[str, Any]) -> Shape:
    """The shape of custom resources with this structural schema."""
    shape = Shape()
    _Reader(_types().__getitem__).fill(shape, schema)
    declared = dict(shape.map.fields) if shape.map else {}
    declared |= {name: _text() for name in ("apiVersion", "kind")}
    declared["metadata"] = _metadata()
    keeps = schema.get("x-kubernetes-preserve-unknown-fields") is True
    shape.scalar = shape.list = None
    shape.map = MapShape(fields=declared, values=DEDUCED if keeps else None, atomic=False)
    return shape


class _Reader:
    """From OpenAPI to shapes; ``resolve`` gives those that are referred to."""

    def __init__(self, resolve: Callable[[str], Shape], keeps: bool = False) -> None:
        self._resolve = resolve
        self._keeps = keeps

    def shape(self, schema: Mapping[str, Any]) -> Shape:
        relation = schema.get("x-kubernetes-map-type")
        if reference := schema.get("$ref"):
            found = self._resolve(reference)
            return _with_relation(found, relation) if relation else found
        shape = Shape()
        self.fill(shape, schema)
        return shape

    def fill(self, shape: Shape, schema: Mapping[str, Any]) -> None:
        sort = schema.get("type", "")
        shape.nullable = schema.get("nullable") is True or not sort
        if schema.get("x-kubernetes-preserve-unknown-fields") is True and not self._keeps:
            _Reader(self._resolve, keeps=True).fill(shape, schema)
            return
        if sort in SCALARS:
            shape.scalar = "any" if sort == "string" and schema.get("format") else SCALARS[sort]
            return
        if sort != "array":
            shape.map = self._map(schema)
        if sort != "object":
            shape.list = self._list(schema)
        if not sort:
            shape.scalar = "any"

    def _map(self, schema: Mapping[str, Any]) -> MapShape:
        properties = schema.get("properties") or {}
        more = schema.get("additionalProperties")
        values = None
        if isinstance(more, Mapping):
            values = self.shape(more)
        elif more or (more is None and (self._keeps or not properties)):
            values = DEDUCED
        return MapShape(
            fields={name: self.shape(field) for name, field in properties.items()},
            values=values,
            atomic=schema.get("x-kubernetes-map-type") == "atomic",
        )

    def _list(self, schema: Mapping[str, Any]) -> ListShape:
        atomic, keys = _relation(schema)
        items = schema.get("items")
        shape = self.shape(items) if isinstance(items, Mapping) else UNTYPED
        return ListShape(
            items=shape, keys=keys, defaults=self._defaults(items, keys), atomic=atomic
        )

    def _defaults(self, items: Any, keys: tuple[str, ...]) -> Mapping[str, Any]:
        if not keys or not isinstance(items, Mapping):
            return {}
        number = items.get("$ref")
        properties = (table("typed")["types"][number] if number else items).get("properties") or {}
        found = {key: properties.get(key, {}).get("default") for key in keys}
        return {key: default for key, default in found.items() if default is not None}


def _relation(schema: Mapping[str, Any]) -> tuple[bool, tuple[str, ...]]:
    """Whether a list is atomic, and its keys if it is not."""
    sort = schema.get("x-kubernetes-list-type")
    if sort is not None:
        return sort not in ("set", "map"), tuple(schema.get("x-kubernetes-list-map-keys") or ())
    merges = "merge" in str(schema.get("x-kubernetes-patch-strategy", "")).split(",")
    key = schema.get("x-kubernetes-patch-merge-key")
    return not merges, (key,) if merges and key else ()


def _with_relation(shape: Shape, relation: str) -> Shape:
    changed = Shape()
    changed.scalar, changed.list = shape.scalar, shape.list
    if shape.map is not None:
        atomic = relation == "atomic"
        changed.map = MapShape(fields=shape.map.fields, values=shape.map.values, atomic=atomic)
    return changed


@cache
def _types() -> Mapping[str, Shape]:
    """The table's types; one that refers to itself (a schema in a schema) finds itself here."""
    known: dict[str, Shape] = {}

    def resolve(number: str) -> Shape:
        if number not in known:
            shape = known[number] = Shape()
            _Reader(resolve).fill(shape, table("typed")["types"][number])
        return known[number]

    for number in table("typed")["types"]:
        resolve(number)
    return known


def _free(items: Shape | None = None) -> Shape:
    """A place without a schema. Maps are merged where ``items``, for lists, are given."""
    shape = Shape()
    shape.nullable = True
    shape.scalar = "any"
    shape.list = ListShape(items=items or shape, keys=(), defaults={}, atomic=True)
    shape.map = MapShape(fields={}, values=shape, atomic=items is None)
    return shape


UNTYPED: Final = _free()
DEDUCED: Final = _free(UNTYPED)


def _text() -> Shape:
    shape = Shape()
    shape.scalar = "string"
    return shape


def _metadata() -> Shape:
    namespace = served(Kind("", "v1", "Namespace"))
    assert namespace is not None and namespace.shape.map is not None
    return namespace.shape.map.fields["metadata"]
