"""``patches``: strategic merge or JSON 6902, inline or from a file, by name or by selector.

Without a target a strategic merge patch finds its object by its own kind, name and namespace,
and it is an error if there is none. With one it is laid over every object that the selector
matches, and none is no error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from reconciler.documents import styles
from reconciler.model.errors import RenderError
from reconciler.render import jsonpatches, patching, resources, unquoted
from reconciler.render.context import Context
from reconciler.render.fieldspecs import Unfit
from reconciler.render.items import Item, Step, Value
from reconciler.render.jsonpatches import Operation
from reconciler.render.scalars import string_map
from reconciler.render.selectors import Selector


def from_field(words: list[dict[str, Any]], context: Context) -> Iterator[Step]:
    """``patches`` of a kustomization."""
    for index, row in enumerate(words):
        yield from_file(row, context.under(index))


def from_file(words: dict[str, Any], context: Context) -> Step:
    """PatchTransformer: ``path`` or ``patch``, ``target``, ``options``."""
    patch = _read(words, context)
    target = words.get("target")
    selector = None if target is None else Selector.of(target)
    if selector and (patch.objects or patch.operations):
        with context.placing("target"):
            selector.check()
    if patch.operations is not None:
        if selector is None and patch.operations:
            raise context.error(f"must specify a target for JSON patch {patch.shown}")
        return json_step(patch.operations, selector, context, remember=True)
    options = words.get("options") or {}
    allow = {
        "names": bool(options.get("allowNameChange")),
        "kinds": bool(options.get("allowKindChange")),
    }
    if selector is None:
        return _by_name(patch.objects, context, patch, allow)
    if len(patch.objects) > 1:
        raise context.error(
            "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set"
            f" `patches.target` field: {patch.shown}"
        )
    return _by_selector(patch.objects, selector, context, allow)


_LIST = (b"- ", b"[")
_ANNOTATIONS = ("/metadata/annotations", "/metadata")  # where kustomize keeps an object's origin


class _Patch(NamedTuple):
    """Objects of a strategic merge patch, or operations of a JSON patch."""

    shown: str
    objects: list[Item]
    operations: list[Operation] | None


def _read(words: dict[str, Any], context: Context) -> _Patch:
    inline, path = words.get("patch", "").strip(), words.get("path", "")
    if bool(inline) == bool(path):
        problem = "patch and path can't be set at the same time"
        raise context.error(problem if path else "must specify one of patch and path in this entry")
    if path:
        doing = f"failed to get the patch file from path({path}): "
        where, data = context.read(path, "path", doing=doing)
        shown = f'[path: "{path}"]'
    else:
        where, data = context.source.path, inline.encode()
        shown = f"[patch: {_summary(inline)}]"
    try:
        if data.lstrip().startswith(_LIST):  # no object; read once where it is plain to see
            raise RenderError("missing Resource metadata: found a list", path=where)
        objects = _objects(where, data, context)
    except RenderError as not_strategic:
        try:
            return _Patch(shown, [], jsonpatches.parse(data, where, context))
        except (RenderError, Unfit) as not_json:
            raise context.error(
                f"unable to parse SM or JSON patch from {shown}: as a strategic merge patch:"
                f" {_told(not_strategic, path)}; as a JSON patch: {_told(not_json, path)}"
            ) from None
    return _Patch(shown, objects, None)


def _told(error: RenderError | Unfit, path: str) -> str:
    """An error with its place: in the file, or in the text of a patch that has none."""
    if path or isinstance(error, Unfit):
        return str(error)
    return f"{error.message} (line {error.line} of the patch)" if error.line else error.message


def _objects(where: str, data: bytes, context: Context) -> list[Item]:
    digest = context.folder.reads.seen.get(where) if where != context.source.path else None
    return resources.of(context.files.patches(where, data, digest or ""), patches=True)


def _summary(text: str) -> str:
    """Of a patch that cannot be read, nothing else is known not to be secret."""
    lines = text.count("\n") + 1
    return f"{lines} lines" if lines > 1 else "1 line"


def _by_name(patches: list[Item], context: Context, patch: _Patch, allow: dict[str, bool]) -> Step:
    def step(items: list[Item]) -> list[Item]:
        result: list[Item] = list(items)
        for one in patches:
            try:
                at = patching.find(result, one.value)
            except Unfit as unfit:
                place = "" if one.origin.path == context.source.path else f" (patch {one.origin})"
                raise context.error(
                    f'no resource matches strategic merge patch "{one.id}": {unfit}{place}'
                ) from None
            result[at : at + 1] = _laid(result[at], one.value, context, allow)
        return result

    return step


def _by_selector(
    patches: list[Item], selector: Selector, context: Context, allow: dict[str, bool]
) -> Step:
    def step(items: list[Item]) -> list[Item]:
        with context.placing("target"):
            keys = {item.id.key for item in items if selector.matches(item)} if patches else set()
        if not keys:
            return items
        result: list[Item] = []
        for item in items:
            if item.id.key in keys:
                patch = patching.for_target(patches[0].value, item)
                result.extend(_laid(item, patch, context, allow))
            else:
                result.append(item)
        if any(allow.values()):
            _check_ids(result, context)
        return result

    return step


def _check_ids(items: list[Item], context: Context) -> None:
    """Raises RenderError where two objects came to be called the same."""
    seen = set()
    for item in items:
        if item.id.key in seen:
            raise context.error(
                f"may not add resource with an already registered id: {item.id} ({item.origin})"
            )
        seen.add(item.id.key)


def _laid(item: Item, patch: Value, context: Context, allow: dict[str, bool]) -> list[Item]:
    try:
        patched = patching.apply(item, patch, context.merger, **allow)
    except Unfit as unfit:
        raise context.misfit(item, unfit) from None
    return [] if patched is None else [patched]


def json_step(
    operations: list[Operation], selector: Selector | None, context: Context, *, remember: bool
) -> Step:
    """The step that applies a JSON patch to every object that ``selector`` matches."""
    forgets = any(operation.get("path") in _ANNOTATIONS for operation in operations)

    def change(item: Item) -> Item:
        before, books = item.remembering() if remember else item, item.books
        trace = None if forgets else books.trace
        if books.shared or books.bare or books.blanks or trace is not books.trace:
            # Nothing but a value is left of what went through JSON.
            before = before.with_books(books._replace(shared=(), bare=(), blanks=(), trace=trace))
        value = styles.without(unquoted.of(item, unquoted.VALUES))
        found = _annotated(value) if before.is_noted else value
        after = context.changed(
            before.with_value(found), lambda value: jsonpatches.apply(value, operations)
        )
        return after.with_value(_annotations_as_texts(after.value))

    def step(items: list[Item]) -> list[Item]:
        if selector is None or not operations:
            return items
        with context.placing("target"):
            meant = [selector.matches(item) for item in items]
        return [
            change(item) if is_meant else item for item, is_meant in zip(items, meant, strict=True)
        ]

    return step


def _annotated(value: Value) -> Value:
    """The object as a patch finds it then: with annotations, so that one can be added."""
    metadata = value.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("annotations"):
        return value
    return {**value, "metadata": {**metadata, "annotations": {}}}


def _annotations_as_texts(value: Value) -> Value:
    """The object as a patch leaves it: kustomize writes its annotations anew, as strings."""
    metadata = value.get("metadata")
    found = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(found, dict):
        return value
    texts = string_map(found)
    if texts == found and texts:
        return value
    rest = {key: item for key, item in metadata.items() if key != "annotations"}
    return {**value, "metadata": {**rest, "annotations": texts} if texts else rest}
