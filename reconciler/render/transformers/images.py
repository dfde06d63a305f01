"""``images``: another name, tag or digest for container images.

An entry's ``name`` is a regular expression over an image's name. Two passes: any ``image``
under ``containers`` and ``initContainers``, in whatever kind, and the fields that the
configuration names. CustomResourceDefinitions are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from reconciler.render import fieldspecs
from reconciler.render.context import Context
from reconciler.render.fieldspecs import Specs, scalar_only
from reconciler.render.items import Item, Step, Value
from reconciler.render.scalars import text
from reconciler.render.selectors import compile_pattern

_LISTS = ("containers", "initContainers")
_REST = r"(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$"


def from_field(words: list[dict[str, Any]], context: Context) -> Iterator[Step]:
    """``images`` of a kustomization."""
    for index, row in enumerate(words):
        yield _step(row, context.config.images, context.under(index))


def from_file(words: dict[str, Any], context: Context) -> Step:
    """ImageTagTransformer: ``imageTag``, ``fieldSpecs``."""
    return _step(words.get("imageTag", {}), context.specs(words), context)


def _step(row: dict[str, Any], specs: Specs, context: Context) -> Step:
    with context.placing("name"):
        matches = compile_pattern("^" + row.get("name", "") + _REST)

    @lru_cache(1024)
    def renamed(image: str) -> str:
        return _renamed(image, row) if matches.match(image) else image

    def put(old: Any) -> Any:
        scalar_only(old)
        if old is None:
            return old
        before = text(old)
        after = renamed(before)
        return old if after == before else after

    def change(item: Item) -> Callable[[Value], Value]:
        def apply(value: Value) -> Value:
            value = _in_containers(value, put)
            for route in specs.routes(item.id.kind):
                value = fieldspecs.change(value, route, put)
            return value

        return apply

    def step(items: list[Item]) -> list[Item]:
        return [
            item
            if item.id.kind.kind == "CustomResourceDefinition"
            else context.changed(item, change(item))
            for item in items
        ]

    return step


def _in_containers(value: Any, put: Callable[[Any], Any]) -> Any:
    """Every image in lists of containers, however deep."""
    if isinstance(value, dict):
        result = value
        for key, old in value.items():
            if not isinstance(old, dict | list):
                continue
            new = _in_containers(old, put)
            if key in _LISTS and isinstance(new, list):
                new = _in_list(new, put)
            if new is not old:
                result = {**result, key: new}
        return result
    if isinstance(value, list):
        items = [_in_containers(item, put) for item in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value


def _in_list(containers: list[Any], put: Callable[[Any], Any]) -> list[Any]:
    items = [_in_container(container, put) for container in containers]
    return items if any(a is not b for a, b in zip(items, containers, strict=True)) else containers


def _in_container(container: Any, put: Callable[[Any], Any]) -> Any:
    if container is None:
        return container
    if not isinstance(container, dict):
        raise fieldspecs.Unfit(
            f"wrong node kind: expected MappingNode but got {fieldspecs.node_kind(container)}"
        )
    old = container.get("image")
    new = put(old) if old is not None else None
    return container if new is old else {**container, "image": new}


def _renamed(image: str, row: dict[str, Any]) -> str:
    name, tag, digest = split(image)
    name = row.get("newName") or name
    new_tag, new_digest, suffix = (row.get(key) for key in ("newTag", "digest", "tagSuffix"))
    if new_tag or new_digest:
        tag, digest = new_tag or "", new_digest or ""
    elif suffix:
        tag, digest = tag + suffix, ""
    return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def split(image: str) -> tuple[str, str, str]:
    """``host:5000/name:tag@digest`` as name (with host), tag and digest."""
    slash = max(image.find("/"), 0)
    colon, at = image.find(":", slash), image.find("@", slash)
    if at >= 0 and (colon < 0 or at < colon):
        return image[:at], "", image[at + 1 :]
    if colon < 0:
        return image, "", ""
    if at < 0:
        return image[:colon], image[colon + 1 :], ""
    return image[:colon], image[colon + 1 : at], image[at + 1 :]
