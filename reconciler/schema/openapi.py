"""Where lists are merged by keys: read from OpenAPI definitions, asked by strategic merge.

Serves kustomize's built-in definitions (``kustomize.shapes``) and those that a kustomization
brings along under ``openapi``, which take their place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_KINDS = "x-kubernetes-group-version-kind"
_NAMES = ("group", "version", "kind")
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

    def __init__(self, definitions: Mapping[str, Any], paths: Any = None) -> None:
        """``definitions`` by name, as JSON; what is not as OpenAPI wants it counts as unknown.

        ``paths`` say which kinds are outside of namespaces.
        """
        self._definitions = definitions
        self._cluster_scoped = _cluster_scoped(_mapping(paths))
        self._known: dict[int, Shape] = {}
        self._kinds: dict[tuple[str, str], Mapping[str, Any]] = {}
        for definition in definitions.values():
            schema = _mapping(definition)
            for api_version, kind in _kinds(schema):
                self._kinds[api_version, kind] = schema

    def of(self, api_version: str, kind: str) -> Shape | None:
        """The shape of a kind's objects; None for a kind that the definitions do not have."""
        schema = self._kinds.get((api_version, kind))
        return None if schema is None else self._shape(schema)

    def is_cluster_scoped(self, api_version: str, kind: str) -> bool:
        """Whether the paths name a kind, and never within a namespace."""
        return (api_version, kind) in self._cluster_scoped

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


def _cluster_scoped(paths: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    scoped: dict[tuple[str, str], bool] = {}
    for path, item in paths.items():
        spaced = "namespaces/{namespace}" in path
        for kind in _kinds(_mapping(_mapping(item).get("get"))):
            scoped[kind] = scoped.get(kind, False) or spaced
    return frozenset(kind for kind, spaced in scoped.items() if not spaced)


def _kinds(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """API versions and kinds that a definition or a path is about."""
    rows = schema.get(_KINDS)
    for row in rows if isinstance(rows, list) else (rows,):
        names = _mapping(row)
        group, version, kind = (str(names.get(name) or "") for name in _NAMES)
        if names:
            yield (f"{group}/{version}" if group else version), kind


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
