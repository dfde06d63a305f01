"""Scalars that a replacement made, and that have no type yet but what they are read as.

To kustomize such a one is text without quotes: ``80`` is printed as a number, and takes any text
in its place; but once a strategic merge patch or a variable comes by, it is the string ``"80"``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from reconciler.documents import styles
from reconciler.documents.scalars import RESOURCE, Unsupported, Word, resolve
from reconciler.render import places, sharing
from reconciler.render.fieldspecs import Unfit
from reconciler.render.places import Place
from reconciler.render.scalars import text


class Bare(NamedTuple):
    """Where it was made in an object, and its text."""

    place: Place
    text: str

    def is_left(self, value: Any) -> bool:
        """Whether it is still there as it was made."""
        found = places.at(value, self.place)
        if isinstance(found, str):
            return text(found) == self.text
        return found is not places.NOWHERE and _same(found, self.text)


def read(content: str) -> Any:
    """What a text is read as. Raises Unfit for what JSON does not have."""
    try:
        return styles.plain(resolve(content, RESOURCE), content, patch=False)
    except Unsupported as error:
        raise Unfit(f"{error} is no number that JSON has") from None


def put(content: str, place: Place) -> Any:
    """What a text is at a place; annotations keep what is null as it is written."""
    value = read(content)
    return Word(content, None) if value is None and sharing.is_annotation(place) else value


def _same(found: Any, content: str) -> bool:
    try:
        value = read(content)
    except Unfit:
        return False
    return value.__class__ is found.__class__ and value == found


def at(bares: Iterable[Bare], value: Any, place: Place) -> Bare | None:
    """The one that is left at a place."""
    return next((one for one in bares if one.place == place and one.is_left(value)), None)


def as_texts(bares: Iterable[Bare], value: Any) -> Any:
    """The value with them as strings; where no text was put, nothing is written, which is null."""
    for one in bares:
        is_text = not one.text or isinstance(places.at(value, one.place), str)
        if not is_text and one.is_left(value):
            value = places.put(value, one.place, styles.tagged(one.text))
    return value


def over(old: Any, new: str) -> Any:
    """A text in the place of a scalar, whose quotes it keeps: without, ``12`` is a number."""
    if text(old) == new:
        return old
    return new if styles.has_quotes(old) else read(new)
