"""``replacements``: a field of one object, or a given value, copied into fields of others.

A scalar that is copied over another takes that one's type (``"8080"`` over an integer is an
integer); over anything else, and into a field made for it, it comes as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from reconciler.documents import styles
from reconciler.render import (
    bare,
    bounds,
    fieldpaths,
    gonames,
    places,
    shapes,
    sharing,
    structured,
    targets,
    unquoted,
)
from reconciler.render.bare import Bare
from reconciler.render.context import Context
from reconciler.render.fieldspecs import Unfit
from reconciler.render.ids import DEFAULT, Id, Kind
from reconciler.render.items import Books, Item, Step, Value
from reconciler.render.scalars import is_scalar, text
from reconciler.render.selectors import Selector
from reconciler.render.shapes import Misshapen

_NAME = "metadata.name"
_ANNOTATIONS = "metadata.annotations."
_UNSUPPORTED = "unsupported replacement type encountered within replacement path"


def from_field(words: list[dict[str, Any]], context: Context) -> Iterator[Step]:
    """``replacements`` of a kustomization."""
    steps = list(_steps(words, context))

    def step(items: list[Item]) -> list[Item]:
        for one in steps:
            items = one(items)
        return items

    yield step


def from_file(words: dict[str, Any], context: Context) -> Step:
    """ReplacementTransformer: ``replacements``."""
    return next(from_field(words.get("replacements", []), context.under("replacements")))


def _steps(words: list[dict[str, Any]], context: Context) -> Iterator[Step]:
    for index, row in enumerate(words):
        here = context.under(index)
        if not row.get("path"):
            yield _step(row, here)
            continue
        if row.get("source") is not None or row.get("targets"):
            raise here.error("cannot specify both path and inline replacement")
        for inner, entry in _from_path(row["path"], here.under("path")):
            yield _step(entry, inner)


def _from_path(path: str, context: Context) -> Iterator[tuple[Context, dict[str, Any]]]:
    """A file with one replacement, or a list of them."""
    sources = context.settings(path)
    if not sources:
        raise context.error(f"{_UNSUPPORTED}: invalid: {path} is empty")
    for source in sources:
        is_list = isinstance(source.value, list)
        for index, row in enumerate(source.value if is_list else [source.value]):
            at = (index,) if is_list else ()
            if row is not None and not isinstance(row, dict):
                raise source.error(_no_replacement(row, listed=is_list), at)
            try:
                fitted = shapes.fit(row or {}, shapes.REPLACEMENT, at, lenient=True)
            except Misshapen as error:
                raise source.error(str(error), error.path) from None
            yield context.within(source, at), fitted


def _no_replacement(value: Any, *, listed: bool) -> str:
    found = gonames.json(value)
    if listed:
        refusal = f"json: cannot unmarshal {found} into Go value of type types.Replacement"
    else:
        refusal = f"{_UNSUPPORTED}: {'float64' if found == 'number' else found}"
    return f"{refusal}: expected a mapping, found a {found}"


class _Value(NamedTuple):
    """What is copied; ``typed`` is false for a text that a YAML reader would still give a type."""

    value: Any
    typed: bool = True
    source: int = -1  # which object it is read from, as long as it is its very field
    path: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return text(self.value)

    def with_text(self, content: str) -> _Value:
        is_text = isinstance(self.value, str) or not is_scalar(self.value)
        read = content if is_text else bare.read(content)
        return _Value(content if read is None else read, self.typed)

    def again(self, index: int, value: Any) -> _Value:
        """As it is now in an object of that index: a target may be its own source.

        Where it is no more, as what it was in was replaced, it stays what it was.
        """
        if index != self.source:
            return self
        try:
            found = fieldpaths.find(value, list(self.path))
        except Unfit:
            return self
        return self._replace(value=found) if isinstance(found, str) else self


def _step(row: dict[str, Any], context: Context) -> Step:
    source, given, wanted = row.get("source"), row.get("sourceValue"), row.get("targets")
    if (source is None and given is None) or not wanted:
        raise context.error("replacements must specify a source and at least one target")
    if source is not None and given is not None:
        raise context.error("value and resource selectors are mutually exclusive")
    for index, target in enumerate(wanted):
        if target.get("select") is None:
            raise context.error("target must specify resources to select", "targets", index)
        for selector in (target["select"], *target.get("reject", ())):
            try:
                Selector.of(selector).check()
            except Unfit as unfit:
                raise context.error(
                    f"error creating target selector: {unfit}", "targets", index
                ) from None

    def step(items: list[Item]) -> list[Item]:
        with context.placing():
            value = _Value(given, typed=False) if source is None else _source(items, source)
        for index, target in enumerate(wanted):
            here = context.under("targets", index)
            with here.placing():
                is_selected = _selection(target)
                selected = [at for at, item in enumerate(items) if is_selected(item)]
            items = [*items]
            for at in selected:
                value, items[at] = _filled(items[at], at, value, target, here)
        return items

    return step


# -- the source --------------------------------------------------------------------


def _source(items: list[Item], source: dict[str, Any]) -> _Value:
    kind = Kind(source.get("group", ""), source.get("version", ""), source.get("kind", ""))
    name, namespace = source.get("name", ""), source.get("namespace", "")

    def selects(it: Id) -> bool:
        return (
            (not name or name == it.name)
            and (not namespace or (it.namespace or DEFAULT) == namespace)
            and kind.selects(it.kind)
        )

    found = [
        (at, item) for at, item in enumerate(items) if any(map(selects, (item.id, *item.formers())))
    ]
    path = source.get("fieldPath") or _NAME
    shown = f"{Id(kind, name, namespace, '')}:{path}"
    if len(found) > 1:
        places = ", ".join(f"{item.id} from {item.origin}" for _, item in found)
        raise Unfit(f"multiple matches for selector {shown}: {places}")
    if not found:
        raise Unfit(f"nothing selected by {shown}")
    at, item = found[0]
    parts = fieldpaths.split(path)
    value = fieldpaths.find(unquoted.of(item, unquoted.TEXTS), parts)
    if value is fieldpaths.MISSING or value is None or value in ({}, []):
        raise Unfit(
            f"fieldPath `{path}` is missing for replacement source {Id(kind, name, namespace, '')}"
        )
    read = _Value(value, source=at, path=tuple(parts))
    return _refined(read, source.get("options") or {}, item)


def _refined(value: _Value, options: dict[str, Any], item: Item) -> _Value:
    delimiter, index = options.get("delimiter", ""), options.get("index", 0)
    if not delimiter:
        return value
    if not is_scalar(value.value):
        raise Unfit("delimiter option can only be used with scalar nodes")
    parts = value.text.split(delimiter)
    if not 0 <= index < len(parts):
        shown = "of a Secret" if item.id.kind.kind == "Secret" else value.text
        raise Unfit(f"options.index {index} is out of bounds for value {shown}")
    return value.with_text(parts[index])


# -- the targets -------------------------------------------------------------------


def _filled(
    item: Item, at: int, value: _Value, target: dict[str, Any], context: Context
) -> tuple[_Value, Item]:
    """The value as it is thereafter, and the object; ``at`` is its index."""
    options = target.get("options") or {}
    before, changed = item.value, targets.thawed(item.value)
    for path in target.get("fieldPaths") or [_NAME]:
        try:
            if item.is_noted and path.startswith(_ANNOTATIONS):
                changed = _with_annotations(changed)
            made = _fill(changed, path, value, options, item.books)
        except Unfit as unfit:
            raise context.misfit(item, unfit) from None
        if made is not item.books.bare:
            item = item.with_books(item.books._replace(bare=made))
        if item.books.shared:
            settled, shared = sharing.settled(before, changed, item.books.shared)
            item, changed = (
                item.with_books(item.books._replace(shared=shared)),
                targets.thawed(settled),
            )
            before = targets.thawed(changed)
        value = value.again(at, changed)
    with context.placing():
        bounds.check(changed, "a replacement")
    return value, item.with_value(changed)


def _selection(target: dict[str, Any]) -> Callable[[Item], bool]:
    """Whether a target selects an object, and rejects it in no way."""
    selector = Selector.of(target["select"])
    rejects = [Selector.of(words) for words in target.get("reject", ())]

    def is_rejected(item: Item, ids: Sequence[Id]) -> bool:
        for reject in rejects:
            is_about_labels = reject.labels or reject.annotations
            if is_about_labels and reject.matches_annotations(item) and reject.matches_labels(item):
                return True
            if not reject.names_nothing and any(map(reject.matches_id, ids)):
                return True
        return False

    def is_selected(item: Item) -> bool:
        if not (selector.matches_annotations(item) and selector.matches_labels(item)):
            return False
        ids = (item.id, *item.formers())
        return not is_rejected(item, ids) and any(map(selector.matches_id, ids))

    return is_selected


def _with_annotations(value: Value) -> Value:
    """Where they are null: kustomize has noted something in them by now, so that they are there."""
    metadata = value["metadata"]
    if "annotations" in metadata and metadata["annotations"] is None:
        return {**value, "metadata": {**metadata, "annotations": {}}}
    return value


def _fill(
    changed: Any, path: str, value: _Value, options: dict[str, Any], books: Books
) -> tuple[Bare, ...]:
    """The object's bare scalars thereafter."""
    parts = fieldpaths.split(path)
    create = bool(options.get("create"))
    if _fill_in_text(changed, parts, value, create):
        return books.bare
    leaf = _leaf(value.value) if create else None
    try:
        if create:
            if not all(part.strip() for part in parts):
                raise Unfit("a part of the path is empty")
            targets.refuse_blank(changed, parts, books.blanks)
        slots = targets.find(changed, parts, leaf)
    except Unfit as unfit:
        raise Unfit(f"{_missing(path, create)}: {unfit}") from None
    if not slots:
        raise Unfit(_missing(path, create))
    made = books.bare
    for slot in slots:
        old = slot.get()
        known = None if slot.place is None else bare.at(made, changed, slot.place)
        if known is not None or isinstance(old, styles.Untyped):
            old = targets.Untyped(known.text if known else str(old))
        new = _laid(old, value, options)
        if isinstance(new, targets.Untyped):
            made = tuple(one for one in made if one is not known)
            made += (Bare(slot.place, new.text),) if slot.place is not None else ()
            new = bare.put(new.text, slot.place or ())
        slot.set(new)
    if create and any(part.startswith("[") for part in parts):
        for place, one in list(targets.untyped(changed)):
            targets.Slot(places.at(changed, place[:-1]), place[-1]).set(bare.read(one.text))
            made += (Bare(place, one.text),)
    return made


def _fill_in_text(changed: Any, parts: list[str], value: _Value, create: bool) -> bool:
    """Put the value into a string that is JSON or YAML itself, if the path leads into one."""
    for length in range(1, len(parts)):
        try:
            found = fieldpaths.find(changed, parts[:length])
        except Unfit:
            continue
        if isinstance(found, str):
            content = structured.put(
                found, parts[length:], value.value, typed=value.typed, create=create
            )
            if content is None:
                return False
            for slot in targets.find(changed, parts[:length], None):
                slot.set(content)
            return True
    return False


def _leaf(value: Any) -> Any:
    """What a field that is made begins as."""
    return targets.NEW if is_scalar(value) else type(value)()


def _missing(path: str, create: bool) -> str:
    verb = "find or create" if create else "find"
    return f'unable to {verb} field "{path}" in replacement target'


def _laid(old: Any, value: _Value, options: dict[str, Any]) -> Any:
    """What a target's field becomes."""
    delimiter, index = options.get("delimiter", ""), options.get("index", 0)
    if delimiter:
        if not is_scalar(old):
            raise Unfit("delimiter option can only be used with scalar nodes")
        value = value.with_text(_joined(targets.text_of(old), value.text, delimiter, index))
    if isinstance(old, targets.Untyped):
        return targets.Untyped(value.text)
    if not is_scalar(old):
        return targets.thawed(value.value) if value.typed else targets.Untyped(value.text)
    if isinstance(old, str) and not isinstance(old, styles.Date):
        return styles.over(old, value.text)
    new = bare.read(value.text)
    if _tag(new) != _tag(old) and (_tag(old), _tag(new)) != ("!!float", "!!int"):
        raise Unfit(f"cannot decode {_tag(new)} as a {_tag(old)}: the field's type differs")
    return new


def _tag(value: Any) -> str:
    """What YAML calls the type of a scalar; a message has no values, which may be secret."""
    if styles.is_float(value):
        return "!!float"
    kinds = (
        *((bool, "bool"), (int, "int")),
        *((styles.Date, "timestamp"), (str, "str")),
    )
    return "!!" + next((name for kind, name in kinds if isinstance(value, kind)), "null")


def _joined(old: str, new: str, delimiter: str, index: int) -> str:
    parts = old.split(delimiter)
    if index < 0:
        parts.insert(0, new)
    elif index >= len(parts):
        parts.append(new)
    else:
        parts[index] = new
    return delimiter.join(parts)
