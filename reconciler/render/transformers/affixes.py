"""``namePrefix`` and ``nameSuffix``: put something before or after each object's name.

Namespaces, CustomResourceDefinitions and APIServices keep their names. What refers to the
names follows at the end of the build.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.render import bounds, fieldspecs
from reconciler.render.context import Context
from reconciler.render.fieldspecs import Specs, Unfit, scalar_only
from reconciler.render.ids import Kind
from reconciler.render.items import Books, Item, Step
from reconciler.render.scalars import text

_KEPT = (
    Kind(kind="CustomResourceDefinition"),
    Kind(group="apiregistration.k8s.io", kind="APIService"),
    Kind(kind="Namespace"),
)
_NAME = "metadata/name"


def prefix_from_field(words: str, context: Context) -> Iterator[Step]:
    """``namePrefix`` of a kustomization."""
    if words:
        yield _step(words, "", context.config.name_prefix, context)


def suffix_from_field(words: str, context: Context) -> Iterator[Step]:
    """``nameSuffix`` of a kustomization."""
    if words:
        yield _step("", words, context.config.name_suffix, context)


def prefix_from_file(words: dict[str, Any], context: Context) -> Step:
    """PrefixTransformer: ``prefix``, ``fieldSpecs``."""
    return _step(words.get("prefix", ""), "", _specs(words, context), context)


def suffix_from_file(words: dict[str, Any], context: Context) -> Step:
    """SuffixTransformer: ``suffix``, ``fieldSpecs``."""
    return _step("", words.get("suffix", ""), _specs(words, context), context)


def both_from_file(words: dict[str, Any], context: Context) -> Step:
    """PrefixSuffixTransformer: ``prefix``, ``suffix``, ``fieldSpecs``."""
    before, after = prefix_from_file(words, context), suffix_from_file(words, context)
    return lambda items: after(before(items))


def _specs(words: dict[str, Any], context: Context) -> Specs:
    if "fieldSpecs" not in words:
        raise context.error("fieldSpecs is not expected to be nil")
    return context.specs(words)


def _step(prefix: str, suffix: str, specs: Specs, context: Context) -> Step:
    def put(old: Any) -> Any:
        scalar_only(old)
        new = f"{prefix}{'' if old is None else text(old)}{suffix}"
        if len(new) > bounds.NAME:
            raise Unfit(f"the name gets longer than {bounds.NAME} characters")
        return new

    def rename(item: Item) -> Item:
        kind = item.original.kind
        if any(kept.selects(kind) for kept in _KEPT):
            return item
        for route in specs.routes(kind):
            if route.path == _NAME and (prefix or suffix):
                item = item.remembering()
                item = item.with_books(_noted(item.books, prefix, suffix))
            if route in specs.routes(item.id.kind):  # a patch may have changed the kind since
                item = context.changed(item, fieldspecs.changer(route, put, ""))
        return item

    return lambda items: [rename(item) for item in items]


def _noted(books: Books, prefix: str, suffix: str) -> Books:
    return books._replace(
        prefixes=(*books.prefixes, prefix) if prefix else books.prefixes,
        suffixes=(*books.suffixes, suffix) if suffix else books.suffixes,
    )
