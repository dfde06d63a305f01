"""``crds``: OpenAPI definitions of custom resources, whose fields say what they hold.

Extensions of a property (``x-kubernetes-...``) add it to the transformers' table: to labels,
annotations, prefixes, or the references to another kind's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from reconciler.model.errors import RenderError
from reconciler.render import config, gonames, telling
from reconciler.render.config import Config, NameReference
from reconciler.render.context import Context
from reconciler.render.fieldspecs import FieldSpec, Specs
from reconciler.render.ids import Kind

_ANNOTATION = "x-kubernetes-annotation"
_LABELS = "x-kubernetes-label-selector"
_IDENTITY = "x-kubernetes-identity"
_VERSION = "x-kubernetes-object-ref-api-version"
_KIND = "x-kubernetes-object-ref-kind"
_NAME_KEY = "x-kubernetes-object-ref-name-key"
_OBJECT = ("kind", "apiVersion", "metadata")
_DEPTH = 32  # definitions may refer to themselves

Path = tuple[str, ...]
Definitions = Mapping[str, Mapping[str, Any]]


def load(path: str, context: Context) -> Config:
    """What one file of ``crds`` adds. Raises RenderError and fieldspecs.Unfit."""
    definitions = _definitions(path, context)
    result = config.EMPTY
    for name, properties in definitions.items():
        if all(field in properties for field in _OBJECT):
            kind = Kind(kind=name.rpartition(".")[2])
            result = result.merged(_config(kind, _found(definitions, name, (), ())))
    return result


def _definitions(path: str, context: Context) -> Definitions:
    """Each definition's properties by its name."""
    where, data = context.read(path)
    refusal = f"unable to parse open API definition from '{path}'"
    if data.startswith(b"{"):
        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise context.error(f"{refusal}: {where}:{error.lineno}: {error}") from None
    else:
        try:
            sources = context.converted(where, data)
        except RenderError as error:
            raise telling.told(error, refusal) from None
        document = sources[0].value if sources else {}
    if not isinstance(document, dict) or not all(isinstance(d, dict) for d in document.values()):
        raise context.error(
            f"{refusal}: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal"
            f" {gonames.json(document)} into Go value of type accumulator.nameToApiMap: expected a"
            " mapping of names to definitions, each with a Schema"
        )
    return {name: _properties(definition) for name, definition in document.items()}


def _properties(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = definition.get("Schema", definition.get("schema"))
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return properties if isinstance(properties, dict) else {}


Row = tuple[str, Path, Kind]  # the table's name, the field, the kind that it refers to


def _found(
    definitions: Definitions, name: str, path: Path, trail: tuple[str, ...]
) -> Iterator[Row]:
    """Every property of a definition, and of those it refers to, that says what it holds."""
    for field, found in definitions.get(name, {}).items():
        if not isinstance(found, dict):
            continue
        here = (*path, field)
        for extension, table in _TABLES.items():
            if isinstance(found.get(extension), str):
                yield table, here, Kind()
        version, kind = found.get(_VERSION), found.get(_KIND)
        if isinstance(version, str) and isinstance(kind, str):
            key = found.get(_NAME_KEY)
            named = key if isinstance(key, str) else "name"
            yield "name_reference", (*here, named), Kind(version=version, kind=kind)
        reference = found.get("$ref")
        if isinstance(reference, str) and reference not in trail and len(trail) < _DEPTH:
            yield from _found(definitions, reference, here, (*trail, reference))


_TABLES = {
    _ANNOTATION: "common_annotations",
    _LABELS: "common_labels",
    _IDENTITY: "name_prefix",
}


def _config(kind: Kind, rows: Iterator[Row]) -> Config:
    tables: dict[str, Specs] = {}
    references: dict[Kind, Specs] = {}
    for table, path, target in rows:
        spec = FieldSpec(kind, "/".join(path))
        if table == "name_reference":
            references[target] = references.get(target, Specs()).merged([spec])
        else:
            tables[table] = tables.get(table, Specs()).merged([spec])
    named = tuple(NameReference(target, specs) for target, specs in references.items())
    return Config(**tables, name_reference=named)
