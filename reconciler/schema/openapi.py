"""Where lists are merged by keys: read from OpenAPI definitions, asked by strategic merge.

Serves kustomize's built-in definitions (``kustomize.shapes``) and those that a kustomization
brings along under ``openapi``, which take their place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_KINDS = "x-kubernetes-group-version-kind"
_STRATEGY = "x-kubernetes-patch-strategy"
_KEY = "x-kubernetes-patch-merge-key"
_KEYS = "x-kubernetes-list-map-keys"
_REFERENCE = "#/definitions/"
_MAX_REFERENCES = 32  # a reference may lead to a reference, but not for ever


class Shape:
    """What the definitions say of one place in an object.

    ``merges`` is whether a list there is merged by item; ``keys`` are the fields that name an
    item, the strongest first, and () where the items are the names (finalizers).
    """

    __slots__ = ("_elements", "_fields", "_schema", "_shapes", "keys", "merges")

    def __init__(self, schema: Mapping[str, Any], shapes: Shapes) -> None:
        self._schema = schema
        self._shapes = shapes
        self._fields: dict[str, Shape | None] = {}
        self._elements: Shape | None = None
        strategy = schema.get(_STRATEGY)
        self.merges = isinstance(strategy, str) and "merge" in strategy.split(",")
        self.keys = _keys(schema) if self.merges else ()

    def field(self, name: str) -> Shape | None:
        """The shape of a field, or of any value where the place is a map; None if unknown."""
        if name in self._fields:
            return self._fields[name]
        schema = _mapping(self._schema.get("properties")).get(name)
        if schema is None:
            schema = self._schema.get("additionalProperties")
        shape = self._shapes.shape(schema)
        if len(self._fields) < _REMEMBERED:
            self._fields[name] = shape
        return shape

    def elements(self) -> Shape | None:
        """The shape of a list's items; None if unknown."""
        if self._elements is None and self._schema.get("type") == "array":
            self._elements = self._shapes.shape(self._schema.get("items"))
        return self._elements


class Shapes:
    """The kinds of a set of OpenAPI definitions."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        """``definitions`` by name, as JSON; what is not as OpenAPI wants it counts as unknown."""
        self._definitions = definitions
        self._known: dict[int, Shape] = {}
        self._kinds: dict[tuple[str, str], Mapping[str, Any]] = {}
        for definition in definitions.values():
            schema = _mapping(definition)
            for group, version, kind in _kinds(schema):
                api_version = f"{group}/{version}" if group else version
                self._kinds[api_version, kind] = schema

    def of(self, api_version: str, kind: str) -> Shape | None:
        """The shape of a kind's objects; None for a kind that the definitions do not have."""
        schema = self._kinds.get((api_version, kind))
        return None if schema is None else self._shape(schema)

    def shape(self, schema: Any) -> Shape | None:
        """The shape that a schema stands for, its references followed."""
        for _ in range(_MAX_REFERENCES):
            if not isinstance(schema, Mapping):
                return None
            reference = schema.get("$ref")
            if not reference:
                return self._shape(schema)
            schema = self._definitions.get(str(reference).removeprefix(_REFERENCE))
        return None

    def _shape(self, schema: Mapping[str, Any]) -> Shape:
        shape = self._known.get(id(schema))
        if shape is None:
            shape = self._known[id(schema)] = Shape(schema, self)
        return shape


_REMEMBERED = 1000  # fields a shape, as those of a map come from outside


def _keys(schema: Mapping[str, Any]) -> tuple[str, ...]:
    keys = schema.get(_KEYS)
    if isinstance(keys, list):
        return tuple(str(key) for key in keys)
    key = schema.get(_KEY)
    return (str(key),) if key else ()


def _kinds(schema: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    rows = schema.get(_KINDS)
    for row in rows if isinstance(rows, list) else ():
        yield tuple(str(_mapping(row).get(name) or "") for name in ("group", "version", "kind"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
