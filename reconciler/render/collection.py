"""Lists of items joined: each name once, and generated objects merged into those they name."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.render import bounds
from reconciler.render.context import Context
from reconciler.render.ids import Kind
from reconciler.render.items import Item, Value
from reconciler.render.provenance import Trace
from reconciler.render.scalars import string_map

Key = tuple[Kind, str, str]  # of an Id


class Collision(Exception):
    """Two objects with one name, or too many of them; ``places`` says where they come from."""

    def __init__(self, message: str, places: str) -> None:
        super().__init__(message)
        self.places = places


def append(items: list[Item], more: Iterable[Item], taken: set[Key] | None = None) -> None:
    """Add to ``items`` in place. Raises Collision.

    ``taken`` are the keys of the items, and stay so: for whoever appends many times.
    """
    more = tuple(more)
    if len(items) + len(more) > bounds.OBJECTS:
        raise Collision(f"more than {bounds.OBJECTS} objects", "")
    taken = {item.id.key for item in items} if taken is None else taken
    wanted = len(taken) + len(more)
    taken.update(item.id.key for item in more)
    if len(taken) < wanted:
        raise _collision(items, more)
    items += more


def _collision(items: Iterable[Item], more: Iterable[Item]) -> Collision:
    """Of the first one that is called like an item, or like one before it."""
    first = {item.id.key: item for item in items}
    for item in more:
        other = first.get(item.id.key)
        if other is not None:  # it may be the same, where one base is taken twice
            return Collision(
                f"may not add resource with an already registered id: {item.id}",
                f" (from {item.origin}, and before from {other.origin})",
            )
        first[item.id.key] = item
    raise AssertionError("nothing is called alike")


def names(items: list[Item]) -> set[str]:
    """Every name that one of them has or had."""
    now = {item.id.name for item in items}
    return now.union(former.name for item in items for former in item.former)


def absorb(items: list[Item], made: Item, context: Context, taken: set[str]) -> None:
    """Add a generated object, or lay it over the one it names, in place. Raises RenderError.

    ``taken`` are the ``names`` of the items, and stay so.
    """
    name, key = made.id.name, made.id.key
    hits = enumerate(items) if name in taken else ()
    found = [index for index, item in hits if item.answers_to(key)]
    taken.add(name)
    if len(found) > 1:
        shown = ", ".join(f"{items[index].id} from {items[index].origin}" for index in found)
        raise context.error(
            f"{_MERGING}: found multiple objects {shown} that could accept merge of {made.id}"
        )
    if not found:
        if made.books.behavior in ("merge", "replace"):
            raise context.error(
                f"{_MERGING}: id {made.id} does not exist; cannot merge or replace:"
                f" {_candidates(items, made)}"
            )
        items.append(made)
        return
    old = items[found[0]]
    if made.books.behavior not in ("merge", "replace"):
        raise context.error(
            f"{_MERGING}: id {made.id} exists (from {old.origin}); can not use behavior:"
            f" '{made.books.behavior or 'unspecified'}', behavior must be merge or replace"
        )
    items[found[0]] = _laid_over(old, made)


_MERGING = "merging from generator"


def _candidates(items: list[Item], made: Item) -> str:
    names = [str(item.id) for item in items if item.id.kind == made.id.kind]
    return f"there are {', '.join(names[:10])}" if names else f"there is no {made.id.kind.kind}"


def _laid_over(old: Item, made: Item) -> Item:
    """The generated object with the old one's name, labels and annotations beneath its own."""
    value = dict(made.value)
    metadata, before = dict(value["metadata"]), old.value["metadata"]
    for field in ("labels", "annotations"):
        merged = {**string_map(before.get(field)), **string_map(metadata.get(field))}
        metadata.pop(field, None)
        if merged:
            metadata[field] = merged
    metadata["name"] = before["name"]
    metadata.pop("namespace", None)
    if before.get("namespace"):
        metadata["namespace"] = before["namespace"]
    value["metadata"] = metadata
    if made.books.behavior == "merge":
        for field in ("data", "binaryData"):
            merged = {**string_map(old.value.get(field)), **string_map(value.get(field))}
            value.pop(field, None)
            if merged:
                value[field] = merged
    books = made.books._replace(
        prefixes=old.books.prefixes,
        suffixes=old.books.suffixes,
        behavior=old.books.behavior,
        hashed=made.books.hashed and old.books.hashed,
        variables=old.books.variables,
        trace=_trace(old, made),
    )
    origin = old.origin if made.books.behavior == "merge" else made.origin
    return Item(value, origin, old.former, books)


def _trace(old: Item, made: Item) -> Trace | None:
    """What changed the old object stays; replaced, it comes from where the new one does."""
    before, now = old.books.trace, made.books.trace
    if before is None or now is None or made.books.behavior == "merge":
        return before or now
    return now._replace(steps=before.steps)


def difference(before: list[Item], after: list[Item], label: str) -> str:
    """Where two lists do not hold the same objects, one label left aside; "" if they do."""
    values = {item.id.key: _without(item.value, label) for item in after}
    for item in before:
        if item.id.key not in values:
            return f"id in self missing from other; id: {item.id}"
        if values[item.id.key] != item.value:
            return f"nodes unequal: {item.id} ({item.origin})"
    return "lists have different number of entries" if len(before) != len(after) else ""


def _without(value: Value, label: str) -> Value:
    """The object without a label that is its only one: kustomize sees a change in others."""
    labels = value["metadata"].get("labels")
    if not isinstance(labels, dict) or labels.keys() != {label}:
        return value
    metadata = {key: item for key, item in value["metadata"].items() if key != "labels"}
    return {**value, "metadata": metadata}
