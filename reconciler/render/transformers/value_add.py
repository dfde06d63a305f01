"""ValueAddTransformer, which only a file can configure: a value put into fields by path."""

from __future__ import annotations

from typing import Any

from reconciler.render import fieldspecs, shapes
from reconciler.render.context import Context
from reconciler.render.fieldspecs import Route, Unfit, scalar_only
from reconciler.render.items import Item, Step, Value
from reconciler.render.scalars import text
from reconciler.render.selectors import Selector
from reconciler.render.transformers import namespace

_NAMESPACE = "metadata/namespace"


def from_file(words: dict[str, Any], context: Context) -> Step:
    """``value`` (the folder's name if none), ``targets``, ``targetFilePath``."""
    value = words.get("value", "").strip() or context.folder.path.rpartition("/")[2]
    targets = [*words.get("targets", ()), *_more_targets(words, context)]
    if not targets:
        raise context.error("must specify at least one target")
    for index, target in enumerate(targets):
        if not target.get("fieldPath"):
            raise context.error("fieldPath cannot be empty", "targets", index)
        if target.get("filePathPosition", 0) < 0:
            raise context.error(
                f"value of FilePathPosition ({target['filePathPosition']}) cannot be negative",
                "targets",
                index,
            )

    def step(items: list[Item]) -> list[Item]:
        for index, target in enumerate(targets):
            selector = Selector.of(target.get("selector") or {})
            with context.placing("targets", index):
                selector.check()
                matched = [selector.matches(item) for item in items]
            items = [
                _put(item, value, target, context) if is_meant else item
                for item, is_meant in zip(items, matched, strict=True)
            ]
        return items

    return step


def _more_targets(words: dict[str, Any], context: Context) -> list[dict[str, Any]]:
    path = words.get("targetFilePath")
    if not path:
        return []
    found: list[dict[str, Any]] = []
    for source in context.settings(path, "targetFilePath")[:1]:
        try:
            fitted = shapes.fit(source.value, {"targets": [shapes.VALUE_TARGET]}, lenient=True)
        except shapes.Misshapen as error:
            raise source.error(str(error), error.path) from None
        found += fitted.get("targets", [])
    return found


def _put(item: Item, value: str, target: dict[str, Any], context: Context) -> Item:
    path, position = target["fieldPath"], target.get("filePathPosition", 0)
    if path == _NAMESPACE:
        return context.changed(item, lambda old: namespace.in_namespace(item, old, value))

    def put(old: Any) -> str:
        scalar_only(old)
        return inserted(text(old or ""), position - 1, value) if position > 0 else value

    def change(old: Value) -> Value:
        route = Route(fieldspecs.split(path), True, path)
        _refuse_lists(old, route)
        if _ends_in_null(old, route):
            return old
        new: Value = fieldspecs.change(old, route, put, "")
        return new

    return context.changed(item, change)


def _refuse_lists(value: Any, route: Route) -> None:
    for part in route.parts:
        if isinstance(value, list):
            raise Unfit("wrong node kind: expected MappingNode but got SequenceNode")
        value = value.get(part) if isinstance(value, dict) else None


def _ends_in_null(value: Any, route: Route) -> bool:
    """Whether there is a null on the way, below which nothing is made."""
    for part in route.parts[:-1]:
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return value is None


def inserted(path: str, at: int, part: str) -> str:
    """A path with a part more at a position, the last if there are fewer parts."""
    if not path:
        return part
    parts = [word for word in path.split("/") if word]
    parts.insert(at, part)
    return ("/" if path.startswith("/") else "") + "/".join(parts)
