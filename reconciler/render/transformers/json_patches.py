"""``patchesJson6902``: JSON patches for the objects that a target selects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.render import jsonpatches
from reconciler.render.context import Context
from reconciler.render.items import Step
from reconciler.render.selectors import Selector
from reconciler.render.transformers.patches import json_step


def from_field(words: list[dict[str, Any]], context: Context) -> Iterator[Step]:
    """``patchesJson6902`` of a kustomization."""
    for index, row in enumerate(words):
        renamed = {**row, "jsonOp": row.get("patch", "")}
        yield from_file(renamed, context.under(index))


def from_file(words: dict[str, Any], context: Context) -> Step:
    """PatchJson6902Transformer: ``target``, ``path`` or ``jsonOp``."""
    target, path, text = words.get("target"), words.get("path", ""), words.get("jsonOp", "")
    if not target or not target.get("name"):
        raise context.error("must specify the target name", *(["target"] if target else []))
    if not path and not text:
        raise context.error("empty file path and empty jsonOp")
    if path and text:
        raise context.error("must specify a file path or jsonOp, not both")
    where, data = context.read(path, "path") if path else (context.source.path, text.encode())
    with context.placing("target"):
        selector = Selector.of(target)
        selector.check()
    with context.placing():
        operations = jsonpatches.parse(data, where, context)
    if not operations:
        raise context.error(f"patch appears to be empty; file={path}, JsonOp=")
    return json_step(operations, selector, context, remember=False)
