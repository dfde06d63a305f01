"""Objects out of the text of a file: lists taken apart, each object checked for its name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.documents.scalars import BLANK, BRACED
from reconciler.model.errors import RenderError
from reconciler.model.origins import Origin
from reconciler.render import marks
from reconciler.render.items import NO_BOOKS, Books, Item, Path
from reconciler.render.scalars import CONTAINERS, string_map, text
from reconciler.render.sources import Source


def of(sources: tuple[Source, ...], *, patches: bool = False) -> list[Item]:
    """The objects of a file's documents. Raises RenderError.

    Those of ``patches`` keep what they have for nothing at all, which a merge asks for.
    """
    queue = list(_unwrapped(sources))
    items: list[Item] = []
    while queue:
        source, value = queue.pop(0)
        if value is None or value is BLANK or value in ({}, []):
            continue
        _check(source, value)
        if text(value["kind"]).endswith("List") and "items" in value:
            queue.extend((source, item) for item in _members(source, value))
        else:
            items.append(_item(source, value, blank=patches))
    return items


def _item(source: Source, value: dict[str, Any], *, blank: bool) -> Item:
    blanks: list[Path] = []
    if not value.get("metadata"):  # a list without items: nothing else has none
        value = {**value, "metadata": {}}
    if not blank:
        value = _without_blanks(value, (), blanks)
    books = Books(blanks=tuple(blanks)) if blanks else NO_BOOKS
    return marks.absorbed(Item(value, Origin(source.path, source.document.line), (), books))


def _without_blanks(value: Any, path: Path, blanks: list[Path]) -> Any:
    """The value with null where the file has nothing; where that is goes into ``blanks``."""
    result = value
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, CONTAINERS):
            new = _without_blanks(item, (*path, key), blanks)
            if new is item:
                continue
        elif item is BLANK or item is BRACED:
            blanks.append((*path, key))
            new = None if item is BLANK else ""
        else:
            continue
        if result is value:
            result = value.copy()
        result[key] = new
    return result


def _unwrapped(sources: tuple[Source, ...]) -> Iterator[tuple[Source, Any]]:
    """A file that is one ``kind: List`` is its members, in place."""
    for source in sources:
        value = source.value
        is_list = isinstance(value, dict) and value.get("kind") in ("List", "ResourceList")
        if len(sources) == 1 and is_list and ("items" in value or "functionConfig" in value):
            yield from ((source, item) for item in _members(source, value))
        else:
            yield source, value


def _members(source: Source, value: dict[str, Any]) -> list[Any]:
    members = value.get("items")
    if members is None or members is BLANK:
        return []
    if not isinstance(members, list):
        raise source.error(
            f"expected array in {value['kind']}/items, found {_brief(members)}", ("items",)
        )
    return members


def _check(source: Source, value: Any) -> None:
    if not isinstance(value, dict):
        raise _refusal(
            source, f"missing Resource metadata: found {_brief(value)} where an object should be"
        )
    kind = text(value.get("kind") or "")
    metadata = value.get("metadata") or {}
    if _described(value) == _NAMELESS:
        raise _refusal(
            source, "missing Resource metadata: found neither apiVersion, kind nor a name"
        )
    if not kind:
        raise _refusal(source, f"missing kind in object {_described(value)}")
    if not isinstance(metadata, dict):
        raise source.error(
            f"missing metadata.name in object {_described(value)}: metadata is not a mapping, found"
            f" {_brief(metadata)}",
            ("metadata",),
        )
    if not kind.endswith("List") and not text(metadata.get("name") or ""):
        raise _refusal(source, f"missing metadata.name in object {_described(value)}")


def check(value: dict[str, Any], origin: Origin) -> None:
    """Raises RenderError where a patch took away what names an object."""
    metadata = value.get("metadata")
    named = isinstance(metadata, dict) and text(metadata.get("name") or "")
    kind = text(value.get("kind") or "")
    if not kind or not (named or kind.endswith("List")):
        missing = "metadata.name" if kind else "kind"
        raise RenderError(
            f"missing {missing} in object {_described(value)}", path=origin.path, line=origin.line
        )


_NAMELESS = "{{ } {{ } map[] map[]}}"


def _refusal(source: Source, message: str) -> RenderError:
    return RenderError(message, path=source.path, line=source.document.line)


def _described(value: dict[str, Any]) -> str:
    """As kustomize shows an object's metadata."""
    metadata = value.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    maps = " ".join(_go_map(metadata.get(name)) for name in ("labels", "annotations"))
    api_version, kind = text(value.get("apiVersion") or ""), text(value.get("kind") or "")
    name, space = text(metadata.get("name") or ""), text(metadata.get("namespace") or "")
    return f"{{{{{api_version} {kind}}} {{{{{name} {space}}} {maps}}}}}"


def _go_map(value: Any) -> str:
    return "map[" + " ".join(f"{k}:{v}" for k, v in sorted(string_map(value).items())) + "]"


def _brief(value: Any) -> str:
    """Its type alone, as it may be a secret."""
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "a scalar")


_TYPES = ((list, "a list"), (dict, "a mapping"), (str, "a text"))
