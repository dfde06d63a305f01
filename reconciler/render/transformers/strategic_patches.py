"""``patchesStrategicMerge``: patches as files or inline, each for the object that it names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.model.errors import RenderError
from reconciler.render import patching, resources
from reconciler.render.context import Context
from reconciler.render.fieldspecs import Unfit
from reconciler.render.items import Item, Step


def from_field(words: list[str], context: Context) -> Iterator[Step]:
    """``patchesStrategicMerge`` of a kustomization."""
    patches = [
        (item, context.under(index))
        for index, entry in enumerate(words)
        for item in _read(entry, context.under(index))
    ]
    if not patches:
        raise context.error(f"patch appears to be empty; files=[{' '.join(words)}], Patch=")
    yield _step(patches)


def from_file(words: dict[str, Any], context: Context) -> Step:
    """PatchStrategicMergeTransformer: ``paths``, ``patches`` (text)."""
    paths, text = words.get("paths", []), words.get("patches", "")
    if not paths and not text:
        raise context.error("empty file path and empty patch content")
    patches = [
        (item, context.under("paths", index))
        for index, path in enumerate(paths)
        for item in _read(path, context.under("paths", index))
    ]
    if text:
        here = context.under("patches")
        patches += [(item, here) for item in _inline(text, here)]
    if not patches:
        raise context.error("patch appears to be empty")
    return _step(patches)


def _read(entry: str, context: Context) -> list[Item]:
    """An entry is a patch itself if it reads as one, and a path otherwise."""
    if "\n" in entry or ":" in entry:
        try:
            return _inline(entry, context)
        except RenderError:
            if "\n" in entry or ": " in entry:  # no path, and may be a Secret's: not to be shown
                raise
    return resources.of(context.patches(entry), patches=True)


def _inline(text: str, context: Context) -> list[Item]:
    try:
        return resources.of(context.files.patches(context.source.path, text.encode()), patches=True)
    except RenderError as error:
        raise context.inline(error) from None


def _step(patches: list[tuple[Item, Context]]) -> Step:
    def step(items: list[Item]) -> list[Item]:
        result = list(items)
        for patch, context in patches:
            try:
                at = patching.find(result, patch.value)
                value = patching.for_target(patch.value, result[at])
                laid = patching.apply(result[at], value, context.merger)
            except Unfit as unfit:
                place = (
                    "" if patch.origin.path == context.source.path else f" (patch {patch.origin})"
                )
                raise context.error(f"{unfit}{place}") from None
            result[at : at + 1] = [] if laid is None else [laid]
        return result

    return step
