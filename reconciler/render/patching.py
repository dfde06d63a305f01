"""A strategic merge patch laid over an Item: what stays, what is remembered, what goes."""

from __future__ import annotations

from typing import Any

from reconciler.documents.scalars import BLANK, BRACED, Doubled, NoString
from reconciler.render import bare, ids, places, sharing, unquoted
from reconciler.render.directives import ABSENT, DIRECTIVE
from reconciler.render.fieldspecs import Unfit
from reconciler.render.following import followed
from reconciler.render.items import Books, Item, Value
from reconciler.render.merge import Merger
from reconciler.render.places import Place
from reconciler.render.scalars import string_map, text
from reconciler.render.sharing import Groups

_MAPS = ("labels", "annotations")


def apply(
    item: Item, patch: Value, merger: Merger, *, names: bool = False, kinds: bool = False
) -> Item | None:
    """The patched item, or None if the patch deletes it. Raises Unfit.

    ``names`` and ``kinds`` let the patch change the object's name and kind; its namespace never.
    """
    patch = unquoted.as_values(patch, unquoted.PATCH)
    patch = {key: value for key, value in patch.items() if key.__class__ is not NoString}  # null
    if names or kinds:
        item = item.remembering()
        patch = _as_strings(patch, ("annotations",))
    metadata = patch.get("metadata")
    if isinstance(metadata, dict) and _has_doubled([metadata.get("annotations")]):
        patch = {**patch, "metadata": _added(metadata, item)}
    if patch.get(DIRECTIVE) == "replace":
        return item  # kustomize builds the replacement of a whole object, and drops it
    if item.books.bare:
        item = _typed(item, merger)
    merged = merger.merge(_marked(item), patch)
    if merged is ABSENT or not merged:
        return None
    if item.books.blanks:
        merged = _unmarked(merged)
    if item.books.shared:
        merged, shared = _settled(item, patch, merged, merger)
        item = item.with_books(item.books._replace(shared=shared))
    patched = item.with_value(_kept(merged, item, names=names, kinds=kinds))
    if _forgets(patch):
        had = patched.books
        books = Books(variables=had.variables, blanks=had.blanks, shared=had.shared, bare=had.bare)
        return Item(patched.value, item.origin, (), books)
    return patched


def _settled(item: Item, patch: Value, merged: Value, merger: Merger) -> tuple[Value, Groups]:
    """What is shared, changed everywhere, and where it is now."""
    before = item.value

    def moved(place: Place) -> Place | None:
        return followed(place, before, merged, patch, lambda at: merger.keys_at(before, at))

    return sharing.settled(before, merged, item.books.shared, moved)


def _typed(item: Item, merger: Merger) -> Item:
    """The item with those of its bare scalars as strings which a merge comes by."""
    left = [one for one in item.books.bare if one.is_left(item.value)]
    met = [one for one in left if merger.reaches(item.value, one.place)]
    rest = tuple(one for one in left if one not in met)
    texts = bare.as_texts(met, item.value)
    return item.with_value(texts).with_books(item.books._replace(bare=rest))


def _marked(item: Item) -> Value:
    """The item's value with its blank nulls told from the others."""
    value = unquoted.of(item, unquoted.BLANKS)
    for path in item.books.blanks:
        found = places.at(value, path)
        if found is None or found == "":
            value = places.put(value, path, BRACED if found == "" else BLANK)
    return value


def _unmarked(value: Any) -> Any:
    """Null again where the patch did not come by."""
    if isinstance(value, dict):
        return {key: _unmarked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unmarked(item) for item in value]
    if value is BRACED:
        return ""
    return None if value is BLANK else value


def _kept(merged: Value, item: Item, *, names: bool, kinds: bool) -> Value:
    """What a patch must not change, put back."""
    was = item.id
    if not kinds and merged.get("kind") != item.value.get("kind"):
        merged = {**merged, "kind": was.kind.kind}
    if merged.get("apiVersion") == "":  # the object has none; a patch gives it an empty one
        merged = {**merged, "apiVersion": None}
    metadata = merged.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    wanted = dict(metadata)
    if not names:
        wanted["name"] = item.value["metadata"].get("name")  # a list may have none
    if was.namespace:
        wanted["namespace"] = item.value["metadata"]["namespace"]
    else:
        wanted.pop("namespace", None)
    return merged if wanted == metadata else {**merged, "metadata": wanted}


def _forgets(patch: Value) -> bool:
    """kustomize keeps its books in annotations; a patch that drops those drops the books.

    What is a matter of its nodes stays: what is shared, and what stands for nothing at all.
    """
    metadata = patch.get("metadata")
    if not isinstance(metadata, dict):
        return False
    if metadata.get(DIRECTIVE) == "replace":
        return True
    annotations = metadata.get("annotations", {})
    return annotations is None or (
        isinstance(annotations, dict) and annotations.get(DIRECTIVE) in ("replace", "delete")
    )


def for_target(patch: Value, item: Item) -> Value:
    """A patch as it is laid over an object that a selector found: it takes that one's version.

    Its labels and annotations are read as strings, so a null in them deletes nothing.
    """
    patch = _as_strings({**patch, "metadata": _once(patch.get("metadata"))}, _MAPS)
    metadata = patch["metadata"]
    if not text(metadata.get("namespace") or ""):
        metadata.pop("namespace", None)
    own = item.value.get("apiVersion")
    return {**patch, "apiVersion": "" if own is None else item.id.kind.api_version}


def _once(metadata: Any) -> Any:
    """Labels and annotations that stand more than once, together; the last of equal keys wins."""
    if not isinstance(metadata, dict):
        return metadata
    result = {key: value for key, value in metadata.items() if key.__class__ is not Doubled}
    for field in _MAPS:
        found = [value for key, value in metadata.items() if str(key) == field]
        if len(found) > 1 or _has_doubled(found):
            strings = [string_map(value).items() for value in found]
            result[field] = {str(key): value for rows in strings for key, value in rows}
    return result


def _added(metadata: Value, item: Item) -> Value:
    """Of annotations that an object had none of, the last of equal keys wins."""
    if (item.value.get("metadata") or {}).get("annotations"):
        return metadata
    rows = string_map(metadata["annotations"]).items()
    return {**metadata, "annotations": {str(key): value for key, value in rows}}


def _has_doubled(found: list[Any]) -> bool:
    return any(
        key.__class__ is Doubled for value in found if isinstance(value, dict) for key in value
    )


def _as_strings(patch: Value, fields: tuple[str, ...]) -> Value:
    """A patch with some maps of its metadata made maps of strings; empty ones go."""
    metadata = dict(patch.get("metadata") or {})
    for field in fields:
        if field in metadata:
            strings = string_map(metadata.pop(field))
            if strings:
                metadata[field] = strings
    return {**patch, "metadata": metadata}


def find(items: list[Item], patch: Value) -> int:
    """The one object that a patch names. Raises Unfit with the nearest names."""
    wanted = ids.of(patch)
    key = wanted.key
    found = [index for index, item in enumerate(items) if item.answers_to(key)]
    if len(found) == 1:
        return found[0]
    many = "multiple" if found else "no"
    nearest = "" if found else f"; nearest: {_nearest(items, wanted)}"
    raise Unfit(
        f"{many} matches for Id {wanted}; failed to find unique target for patch {wanted}{nearest}"
    )


def _nearest(items: list[Item], wanted: ids.Id) -> str:
    """Objects whose name or kind comes close."""
    import difflib

    known = {str(item.id): item.id for item in items}
    alike = difflib.get_close_matches(str(wanted), known, n=3, cutoff=0.5)
    alike += [shown for shown, it in known.items() if it.name == wanted.name and shown not in alike]
    return ", ".join(alike[:3]) or f"none of {len(items)} objects"
