"""A tree and a folder in, the objects that kustomize would print for it out.

Pure: everything is read through the Tree; errors are RenderError with file, line and column,
and MissingBlobs from the tree passes through. Called by ``site``, and by whoever renders a
folder for its own sake.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.model.errors import RenderError
from reconciler.model.origins import Origin
from reconciler.render import (
    braced,
    collection,
    hashes,
    level,
    marks,
    order,
    provenance,
    references,
    resources,
    variables,
)
from reconciler.render.cache import Cache
from reconciler.render.collection import Collision
from reconciler.render.context import Context
from reconciler.render.folder import Folder, Problem
from reconciler.render.ids import Former
from reconciler.render.items import Item, Value
from reconciler.render.kept import Reads
from reconciler.render.scalars import string_map

if TYPE_CHECKING:
    from reconciler.model.rendered import Tree


class Resource(NamedTuple):
    """One object, as plain JSON values that others may share: not to be changed."""

    value: Mapping[str, Any]
    origin: Origin
    former: tuple[Former, ...] = ()  # what it was called in the build


def build(
    tree: Tree, path: str, *, restrict: bool = True, cache: Cache | None = None
) -> tuple[Resource, ...]:
    """Build the kustomization in a folder (``""`` is the root), in the order of the output.

    Paths are told as this one is given, with or without a ``/`` before them.

    ``restrict`` keeps each kustomization's files in or below its folder. A ``cache`` that was
    handed to builds before saves what this one has in common with them. Raises RenderError.
    """
    cache = cache or Cache()
    reads = Reads()
    try:
        start = Folder(tree, "", restrict=restrict, reads=reads)
        whole = "/" if path.startswith("/") else ""
        at, _ = start.real(whole + start.resolve(path.removeprefix("/")), path)
        folder = Folder(tree, at, restrict=restrict, reads=reads)
    except Problem as problem:
        raise RenderError(str(problem), path=path) from None
    key = (folder.path, restrict)
    kept = cache.builds.find(key, tree)
    if kept is not None:
        found: tuple[Resource, ...] = kept[1]
        return found
    try:
        built = _build(folder, cache)
    except RecursionError:
        raise RenderError("something in this build is nested too deeply", path=path) from None
    cache.builds.add(key, reads, built)
    return built


def _settled(items: list[Item], top: level.Level, cache: Cache) -> list[Item]:
    items = references.fixed(items, cache.references(top.config.name_reference))
    return variables.resolved(items, top.variables, top.config.var_reference)


def _build(folder: Folder, cache: Cache) -> tuple[Resource, ...]:
    top, own = level.build(folder, cache)
    here = Context(folder, cache, top.config, top.schemas.shapes, own.source, ())
    items = hashes.suffixed(list(top.items))
    items = braced.as_nulls(lambda found: _settled(found, top, cache))(items)
    for item in items:
        resources.check(item.value, item.origin)
    items = [item for item in items if not _is_local(item)]
    items = order.arranged(items, own.fields.get("sortOptions"), here.under("sortOptions"))
    try:
        collection.append([], items)
    except Collision as collision:
        raise here.error(f"{collision}{collision.places}") from None
    wanted = frozenset(own.list("buildMetadata"))
    if wanted:
        finished = ((_finished(item, wanted), item) for item in items)
    else:
        finished = ((_printed(item.value), item) for item in items)
    return tuple(Resource(value, item.origin, item.former) for value, item in finished)


def _is_local(item: Item) -> bool:
    """Marked as configuration for local tools; it took part in the build, and ends here."""
    mark = marks.annotations_of(item.value).get(marks.LOCAL)
    return mark is not None and mark not in ("false", False)


def _finished(item: Item, wanted: frozenset[str]) -> Value:
    """The object as printed, with what ``buildMetadata`` asks for."""
    value = _printed(item.value)
    metadata, trace = dict(value.get("metadata") or {}), item.books.trace
    if provenance.LABEL in wanted:
        label, text = provenance.MANAGED_BY
        metadata["labels"] = {**(metadata.get("labels") or {}), label: text}
    annotations = dict(metadata.get("annotations") or {})
    if trace and provenance.ORIGINS in wanted:
        annotations[marks.ORIGIN] = trace.shown_origin()
    if trace and trace.steps and provenance.TRANSFORMERS in wanted:
        annotations[marks.TRANSFORMATIONS] = trace.shown_steps()
    if annotations:
        metadata["annotations"] = annotations
    return {**value, "metadata": metadata}


def _printed(value: Value) -> Value:
    """The object as printed: annotations as strings, without those of the books."""
    metadata = value.get("metadata")
    if not isinstance(metadata, dict) or "annotations" not in metadata:
        return value
    found = metadata["annotations"]
    if found and _is_clean(found):
        return value
    annotations = {
        key: text
        for key, text in string_map(found).items()
        if key not in marks.NEVER_PRINTED and key not in (marks.ORIGIN, marks.TRANSFORMATIONS)
    }
    rest = {key: item for key, item in metadata.items() if key != "annotations"}
    if annotations:
        rest["annotations"] = annotations
    return {**value, "metadata": rest}


def _is_clean(annotations: Any) -> bool:
    """Whether they are printed as they are."""
    if not isinstance(annotations, dict):
        return False
    for key, text in annotations.items():
        if text.__class__ is not str or key.startswith(_SUSPECT):
            return False
    return True


_SUSPECT = ("internal.config.", "config.k", "alpha.config.")  # how our own begin
