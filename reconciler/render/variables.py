"""``vars``: names for fields of objects, put in where ``$(NAME)`` stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from reconciler.documents import styles
from reconciler.documents.scalars import INT64_MIN
from reconciler.model.errors import RenderError
from reconciler.render import bare, fieldpaths, fieldspecs, places, sharing
from reconciler.render.context import Context
from reconciler.render.fieldspecs import Specs, Unfit
from reconciler.render.ids import Id, Kind, is_cluster_scoped, kind_of, space_of
from reconciler.render.items import Item
from reconciler.render.scalars import CONTAINERS, text
from reconciler.render.sources import Path, Source

_NAME = "metadata.name"


class Variable(NamedTuple):
    """A name for one field of one object of a kind; it stands ``at`` a place in ``source``."""

    name: str
    field: str
    kind: Kind
    source: Source
    at: Path

    def __str__(self) -> str:
        return f"'{{{self.name} {self.kind} {{{self.field}}}}}'"

    def error(self, message: str) -> RenderError:
        return self.source.error(message, self.at)


def of(rows: list[dict[str, Any]], context: Context) -> tuple[Variable, ...]:
    return tuple(
        Variable(
            row.get("name", ""),
            (row.get("fieldref") or {}).get("fieldPath") or _NAME,
            _kind(row.get("objref") or {}),
            context.source,
            (*context.at, index),
        )
        for index, row in enumerate(rows)
    )


def added(
    known: tuple[Variable, ...],
    more: tuple[Variable, ...],
    doing: str,
    context: Context | None = None,
) -> tuple[Variable, ...]:
    """Both together. Raises RenderError where a name comes twice, with what was being done.

    ``context`` is where ``more`` come from as a whole; without it each has its own place.
    """
    names = {variable.name: variable for variable in known}
    for variable in more:
        if variable.name in names:
            before = names[variable.name].source.path
            raise (context or variable).error(
                f"{doing}: var '{variable.name}' already encountered (before in {before})"
            )
        names[variable.name] = variable
    return known + more


def attached(items: list[Item], rows: list[dict[str, Any]], context: Context) -> list[Item]:
    """The items, those that a var points at knowing so. Raises RenderError."""
    result = list(items)
    for index, row in enumerate(rows):
        is_meant = _meaning(row.get("objref") or {})
        found = [at for at, item in enumerate(result) if is_meant(item)]
        if len(found) > 1:
            shown = ", ".join(f"{result[at].id} from {result[at].origin}" for at in found)
            raise context.error(
                f"merging vars: found {len(found)} resId matches for var {row.get('name', '')}"
                f" (unable to disambiguate): {shown}",
                index,
            )
        for at in found:
            item = result[at]
            names = (*item.books.variables, row.get("name", ""))
            result[at] = item.with_books(item.books._replace(variables=names))
    return result


def _kind(target: dict[str, Any]) -> Kind:
    kind = Kind(target.get("group", ""), target.get("version", ""), target.get("kind", ""))
    version = target.get("apiVersion", "")
    if version and version.count("/") < 2:
        parsed = kind_of(version, kind.kind)
        return Kind(parsed.group or kind.group, parsed.version, kind.kind)
    return kind


def _meaning(target: dict[str, Any]) -> Callable[[Item], bool]:
    """Whether a var points at an object, by what it is or was called."""
    kind, name, namespace = _kind(target), target.get("name", ""), target.get("namespace", "")
    strict = bool(namespace) or is_cluster_scoped(kind)
    space = space_of(kind, namespace)

    def fits(it: Id) -> bool:
        return it.kind == kind and it.name == name and (not strict or it.space == space)

    def is_meant(item: Item) -> bool:
        return item.was_called(name) and any(map(fits, (*item.formers(), item.id)))

    return is_meant


def resolved(items: list[Item], names: tuple[Variable, ...], specs: Specs) -> list[Item]:
    """The items with every ``$(NAME)`` in the fields of ``specs`` replaced. Raises RenderError."""
    if not names:
        return items
    values = {variable.name: _value(variable, items) for variable in names}

    def fill(old: str) -> Any:
        return replaced(old.written if isinstance(old, styles.Folded) else old, values)

    def put(old: Any) -> Any:
        if isinstance(old, str):
            return fill(old)
        if isinstance(old, dict):
            return {k: fill(v) if isinstance(v, str) else v for k, v in old.items()}
        if isinstance(old, list):
            if not all(isinstance(item, str) for item in old):
                raise Unfit("invalid value type expect a string")
            return [fill(item) for item in old]
        return old

    return [_resolved(item, specs, put) for item in items]


def _resolved(item: Item, specs: Specs, put: Callable[[Any], Any]) -> Item:
    value = item.value
    for route in specs.routes(item.id.kind):
        if item.books.bare:
            leads = set(fieldspecs.places(value, route))
            met = (one for one in item.books.bare if {one.place, one.place[:-1]} & leads)
            value = bare.as_texts(met, value)
        try:
            value = fieldspecs.change(value, route, put)
        except Unfit as unfit:
            raise RenderError(
                f"considering field '{route.path}' of object {item.id}: {unfit}",
                path=item.origin.path,
                line=item.origin.line,
            ) from None
    if item.books.shared:
        value, _ = sharing.settled(item.value, value, item.books.shared)
    return item.with_value(value)


def _found(value: Any, field: str) -> Any:
    try:
        return _typed(fieldpaths.lookup(value, field))
    except Unfit:  # it leads through a scalar, or to an item by something that is no index
        return fieldpaths.MISSING


def _value(variable: Variable, items: list[Item]) -> Any:
    for item in items:
        if variable.name in item.books.variables:
            found = _found(item.value, variable.field)
            if found is None:
                found = _null(item, variable.field)
            if found is fieldpaths.MISSING:
                raise variable.error(
                    f"field specified in var {variable} not found in corresponding"
                    f" resource: {item.id} from {item.origin} has no {variable.field}"
                )
            return found
    raise variable.error(
        f"var {variable} cannot be mapped to a field in the set of known resources:"
        " no object is its objref"
    )


def _null(item: Item, field: str) -> str:
    """A null's text: what its file writes, which may be nothing."""
    value = item.value
    for place in item.books.blanks:
        if places.at(value, place) is None:
            value = places.put(value, place, "")
    found = fieldpaths.lookup(value, field)
    return "null" if found is None else str(found)


def _typed(found: Any) -> Any:
    """A field as Go reads it from its text; MISSING where that is no number to Go (``0x1F``)."""
    if isinstance(found, bool) or not isinstance(found, int | float | styles.Date | styles.Folded):
        return found
    written = text(found)
    if isinstance(found, str):
        return written
    if _DIGITS.fullmatch(written):
        number = int(written)
        return number if INT64_MIN <= number < -INT64_MIN else fieldpaths.MISSING
    return styles.without(found) if _DECIMAL.fullmatch(written) else fieldpaths.MISSING


_DIGITS = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")


def replaced(content: str, values: dict[str, Any]) -> Any:
    """``$(NAME)`` as its value, of its own type where it is all there is; ``$$`` is ``$``."""
    whole = _REFERENCE.fullmatch(content)
    if whole and whole[1] is not None:
        found = values.get(whole[1])
        return content if found is None or isinstance(found, CONTAINERS) else found

    def put(match: re.Match[str]) -> str:
        if match[1] is None:
            return "$"
        found = values.get(match[1])
        return match[0] if found is None or isinstance(found, CONTAINERS) else text(found)

    return _REFERENCE.sub(put, content)
