"""``openapi``: the schema that strategic merge goes by, in place of kustomize's own.

Its paths say which kinds that kustomize does not know are outside of namespaces.

The first kustomization that names one, counted from the root, decides for the whole build. What
kustomize has read of its own by then stays beside it, and so does what it would have to look into
for a kind that it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from reconciler.render.context import Context
from reconciler.render.items import Item
from reconciler.schema import kustomize
from reconciler.schema.openapi import Shapes

_BUILT_IN = ("v1.21.2",)


class Schemas(NamedTuple):
    """The schema in force; ``chosen`` once a kustomization has named one.

    ``merged``: a strategic merge has gone by kustomize's own. ``wondered``: a kind that is none of
    those stood before it, so that its own are read after the named one.
    """

    shapes: Shapes
    chosen: bool = False
    merged: bool = False
    wondered: bool = False

    def after(self, items: Iterable[Item], *, merged: bool) -> Schemas:
        """The same once it has met these objects, and merges, if there were some."""
        if self.chosen:
            return self
        known = self.shapes
        return self._replace(
            merged=self.merged or merged,
            wondered=self.wondered
            or any(known.of(item.id.kind.api_version, item.id.kind.kind) is None for item in items),
        )


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
        own = kustomize.definitions() if current.merged or current.wondered else {}
        both = {**own, **known} if current.merged else {**known, **own}
        return Schemas(Shapes(both, document.get("paths")), chosen=True)
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
