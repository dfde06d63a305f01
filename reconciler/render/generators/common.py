"""What generated ConfigMaps and Secrets have in common: name, options, behaviour, origin."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from reconciler.model.origins import Origin
from reconciler.render.context import Context
from reconciler.render.items import Books, Item, Value

_BEHAVIORS = ("", "create", "merge", "replace")
_LINE = 70


def item(value: Value, row: dict[str, Any], context: Context) -> Item:
    """The generated object, named, with its options. Raises RenderError."""
    name, options = row.get("name", ""), row.get("options") or {}
    if not name:
        raise context.error("a configmap must have a name")
    metadata: Value = {"name": name}
    if row.get("namespace"):
        metadata["namespace"] = row["namespace"]
    for field in ("labels", "annotations"):
        if options.get(field):
            metadata[field] = options[field]
    value["metadata"] = metadata
    if options.get("immutable"):
        value["immutable"] = True
    field = str(context.at[0]) if context.at else ""
    return Item(
        value,
        Origin(context.source.path, context.source.line_of(field), field),
        books=Books(
            hashed=not options.get("disableNameSuffixHash", False),
            behavior=behavior(row.get("behavior", "")),
        ),
    )


def behavior(word: str) -> str:
    """A behaviour that is not known means what none means."""
    return word if word in _BEHAVIORS else ""


def with_global_options(row: dict[str, Any], options: dict[str, Any] | None) -> dict[str, Any]:
    """An entry with the kustomization's ``generatorOptions`` laid under its own."""
    if not options:
        return row
    own = row.get("options") or {}
    merged: dict[str, Any] = {
        field: {**options.get(field, {}), **own.get(field, {})}
        for field in ("labels", "annotations")
    }
    for field in ("disableNameSuffixHash", "immutable"):
        merged[field] = bool(own.get(field) or options.get(field))
    return {**row, "options": merged}


def with_metadata(words: dict[str, Any]) -> dict[str, Any]:
    """A generator's own file: name and namespace may stand in its metadata."""
    metadata = words.get("metadata") or {}
    row = dict(words)
    for field in ("name", "namespace"):
        row[field] = words.get(field) or metadata.get(field, "")
    if words.get("env"):
        row["envs"] = list(words.get("envs", ()))
    return row


def base64(data: bytes) -> str:
    """In lines of 70 characters; without a line's end if there is but one."""
    text = b64encode(data).decode()
    if len(text) < _LINE:
        return text
    return "".join(text[at : at + _LINE] + "\n" for at in range(0, len(text), _LINE))
