"""``openapi``: the schema that strategic merge goes by, in place of kustomize's own.

Its paths say which kinds that kustomize does not know are outside of namespaces.

The first kustomization that names one, counted from the root, decides for the whole build.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from reconciler.render.context import Context
from reconciler.schema import kustomize
from reconciler.schema.openapi import Shapes

_BUILT_IN = ("v1.21.2",)


class Schemas(NamedTuple):
    """The schema in force; ``chosen`` once a kustomization has named one."""

    shapes: Shapes
    chosen: bool = False


def built_in() -> Schemas:
    """kustomize's own, while nothing else is named."""
    return Schemas(kustomize.shapes())


def chosen(words: dict[str, str], current: Schemas, context: Context) -> Schemas:
    """The schema in force after a kustomization's ``openapi``. Raises RenderError."""
    path, version = words.get("path"), words.get("version")
    document = None if path is None else _document(path, context)
    if current.chosen or (document is None and not version):
        return current
    if document is not None:
        if version:
            raise context.error("builtin version and custom schema provided, cannot use both")
        definitions = document.get("definitions")
        known = definitions if isinstance(definitions, dict) else {}
        return Schemas(Shapes(known, document.get("paths")), chosen=True)
    if version not in _BUILT_IN:
        raise context.error(
            f"the specified OpenAPI version is not built in: found {version!r}, built in are"
            f" {', '.join(_BUILT_IN)}",
            "version",
        )
    return Schemas(kustomize.shapes(), chosen=True)


def _document(path: str, context: Context) -> dict[str, Any]:
    """A file's value, JSON or YAML."""
    where, data = context.read(path, "path")
    if data.startswith(b"{"):
        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise context.error(f"invalid schema file: {where}:{error.lineno}: {error}") from None
    else:
        sources = context.files.settings(where, data)
        document = sources[0].value if sources else {}
    return document if isinstance(document, dict) else {}
