"""``images``: another name, tag or digest for container images.

An entry's ``name`` is a regular expression over an image's name. Two passes: any ``image``
under ``containers`` and ``initContainers``, in whatever kind, and the fields that the
configuration names. CustomResourceDefinitions are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from reconciler.documents import strings, styles
from reconciler.render import bare, fieldspecs, places
from reconciler.render.bare import Bare
from reconciler.render.context import Context
from reconciler.render.fieldspecs import Specs, Unfit
from reconciler.render.items import Item, Step
from reconciler.render.places import Place
from reconciler.render.scalars import text
from reconciler.render.selectors import found

_IMAGES = 1024
_REST = r"(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$"


def from_field(words: list[dict[str, Any]], context: Context) -> Iterator[Step]:
    """``images`` of a kustomization: all entries in one pass, each image through all of them."""
    entries = [_entry(row, context.under(index)) for index, row in enumerate(words)]
    yield _step(entries, context.config.images, context)
    yield from (list for _ in entries[1:])  # kustomize counts a step an entry


def from_file(words: dict[str, Any], context: Context) -> Step:
    """ImageTagTransformer: ``imageTag``, ``fieldSpecs``."""
    return _step([_entry(words.get("imageTag", {}), context)], context.specs(words), context)


Entry = Callable[[str], str]


def _entry(row: dict[str, Any], context: Context) -> Entry:
    with context.placing("name"):
        matches = found(row.get("name", ""), "^", _REST)
    return lambda image: _renamed(image, row) if matches(image) else image


def _step(entries: list[Entry], specs: Specs, context: Context) -> Step:
    @lru_cache(_IMAGES)
    def renamed(image: str, times: int) -> str:
        for entry in entries:
            for _ in range(times):
                image = entry(image)
        return styles.Untyped(image) if strings.is_plain(image) else image

    def change(item: Item) -> Item:
        value, owned, bares = item.value, set[int](), item.books.bare
        try:
            for place, (old, times) in _places(item, specs, context).items():
                fieldspecs.scalar_only(old)
                called = text(old)
                new: Any = [] if old is None else renamed(called, times)
                if new == called:  # a number that is no image's name stays one
                    continue
                if styles.has_quotes(old):
                    new = styles.over(old, new)
                elif new.__class__ is str:
                    bares, new = (*bares, Bare(place, new)), bare.read(new)
                value = places.put(value, place, new, owned)
        except Unfit as unfit:
            raise context.misfit(item, unfit) from None
        if bares is not item.books.bare:
            item = item.with_books(item.books._replace(bare=bares))
        return item.with_value(value)

    return lambda items: [change(item) for item in items]


def _places(item: Item, specs: Specs, context: Context) -> dict[Place, tuple[Any, int]]:
    """Where images are, what stands there, and how many passes come by."""
    value, kind = item.value, item.id.kind
    if kind.kind == "CustomResourceDefinition":
        return {}
    passes = {
        place: (places.at(value, place), 1) for place in context.cache.images.of_object(value)
    }
    for _, _, _, place, old in specs.finder.hits(value, kind):
        passes[place] = old, passes[place][1] + 1 if place in passes else 1
    return passes


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
