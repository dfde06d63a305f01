"""Which objects a patch or a replacement is meant for: regular expressions and label selectors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from reconciler.model.regex import Malformed, Matches, matcher
from reconciler.render import labelselectors
from reconciler.render.fieldspecs import Unfit
from reconciler.render.ids import Id, Kind
from reconciler.render.items import Item
from reconciler.render.scalars import string_map

_PATTERNS = 4096
_KINDS = 1024


@lru_cache(_PATTERNS)
def whole(pattern: str) -> Matches:
    """A regular expression as a function of the whole text. Raises Unfit."""
    return found(pattern, "^(?:", ")$")


def found(pattern: str, before: str = "", behind: str = "") -> Matches:
    """A regular expression as a function of the text that it may be found in. Raises Unfit.

    ``before`` and ``behind`` are no stranger's, and hold it.
    """
    try:
        return matcher(pattern, before, behind)
    except Malformed as error:
        raise Unfit(str(error)) from None


_ANY = Kind()


class Selector(NamedTuple):
    """``""`` matches anything; group, version, kind, name and namespace are patterns."""

    kind: Kind = _ANY
    name: str = ""
    namespace: str = ""
    labels: str = ""
    annotations: str = ""

    @classmethod
    def of(cls, words: Mapping[str, Any]) -> Selector:
        """From a ``target`` or ``select`` mapping."""
        return cls(
            kind=Kind(words.get("group", ""), words.get("version", ""), words.get("kind", "")),
            name=words.get("name", ""),
            namespace=words.get("namespace", ""),
            labels=words.get("labelSelector", ""),
            annotations=words.get("annotationSelector", ""),
        )

    @property
    def names_nothing(self) -> bool:
        """Whether only label and annotation selectors are given, if any."""
        return not (any(self.kind) or self.name or self.namespace)

    def check(self) -> None:
        """Raises Unfit for a pattern that cannot be read.

        Selectors of labels are read when an object is there that they are asked about.
        """
        for part in (*self.kind, self.name, self.namespace):
            whole(part)

    def matches_kind(self, kind: Kind) -> bool:
        return _is_kind(self.kind, kind)

    def matches_id(self, it: Id) -> bool:
        """By the namespace as it is written, not by the one it counts as in."""
        return (
            self.matches_kind(it.kind)
            and _fits(self.name, it.name)
            and _fits(self.namespace, it.namespace)
        )

    def matches_labels(self, item: Item) -> bool:
        """By labels, if it has some. Raises Unfit for a selector that cannot be read."""
        return not self.labels or _selects(self.labels, item, "labels")

    def matches_annotations(self, item: Item) -> bool:
        """By annotations, if it has some. Raises Unfit for a selector that cannot be read."""
        return not self.annotations or _selects(self.annotations, item, "annotations")

    def matches(self, item: Item) -> bool:
        """Name and namespace may be the first or the present ones.

        Raises Unfit for a selector of labels or annotations that cannot be read.
        """
        now = item.id
        if not self.matches_kind(now.kind):
            return False
        first = item.former[0] if item.former else now
        name, space = self.name, self.namespace
        return (
            (not name or _fits(name, first.name) or _fits(name, now.name))
            and (not space or _fits(space, first.space) or _fits(space, now.space))
            and self.matches_labels(item)
            and self.matches_annotations(item)
        )

    def __str__(self) -> str:
        it = Id(self.kind, self.name, self.namespace, "")
        return f"{it}:a={self.annotations}:l={self.labels}"


def _selects(selector: str, item: Item, field: str) -> bool:
    metadata = item.value.get("metadata") or {}
    return labelselectors.matcher(selector)(string_map(metadata.get(field)))


@lru_cache(_KINDS)  # there are many objects of a kind
def _is_kind(patterns: Kind, kind: Kind) -> bool:
    group, version, name = patterns
    return (
        (not name or _fits(name, kind.kind))
        and (not group or _fits(group, kind.group))
        and (not version or _fits(version, kind.version))
    )


def _fits(pattern: str, name: str) -> bool:
    return not pattern or pattern == name or whole(pattern)(name)
