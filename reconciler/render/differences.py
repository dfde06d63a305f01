"""Two states of an object in, the fields that differ out; and whether rules allow a difference.

What a patch says is no measure of what it does: ``$patch: replace``, ``move`` and indexes change
more than they name. So only the objects are looked at, with and without it. Called by
``overriding``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from reconciler.documents import styles
from reconciler.model import fields, quantities, regex
from reconciler.model.fields import Item, Path, Step
from reconciler.model.refs import ObjectRef
from reconciler.model.rules import OverrideRule, matches

UNTOUCHED = ("apiVersion", "kind", "metadata", "status")  # of any object


class _Absent:
    """Where a side has nothing at all."""


ABSENT = _Absent()


class Difference(NamedTuple):
    """``path`` is as shown; ``place`` knows an item of a list by all that stayed as it was."""

    path: Path
    place: Path
    before: Any
    after: Any


def between(before: Any, after: Any, path: Path = (), place: Path = ()) -> Iterator[Difference]:
    """Each field that differs; a list of another length as a whole."""
    if before is after:
        return
    if isinstance(after, dict) and after and isinstance(before, dict | _Absent):
        old = before if isinstance(before, dict) else {}
        for name in sorted({*old, *after}, key=str):
            step = str(name)
            pair = (old.get(name, ABSENT), after.get(name, ABSENT))
            yield from between(*pair, (*path, step), (*place, step))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, pair in enumerate(zip(before, after, strict=True)):
            item = _item(*pair)
            shown: Step = _name(item) or index
            yield from between(*pair, (*path, shown), (*place, item or index))
    elif not _same(before, after):
        yield Difference(path, place, before, after)


# What tells the items of a list apart, where each has it and no two have the same.
_KEYS = ("name", "containerPort", "port", "mountPath", "devicePath", "ip", "key", "topologyKey")


def in_order(before: Any, after: Any) -> Any:
    """``after`` with the items of its lists in the order that they had before, where they are the
    same ones: a strategic merge puts those that it names first, which nobody asked for."""
    if isinstance(before, dict) and isinstance(after, dict):
        new = {name: in_order(before.get(name), value) for name, value in after.items()}
        return new if any(new[name] is not after[name] for name in after) else after
    if not isinstance(before, list) or not isinstance(after, list) or len(before) != len(after):
        return after
    order = _order(before, after)
    new_items = [in_order(old, after[at]) for old, at in zip(before, order, strict=True)]
    is_same = all(new is old for new, old in zip(new_items, after, strict=True))
    return after if is_same else new_items


def _order(before: list[Any], after: list[Any]) -> list[int]:
    """Where in ``after`` each item of ``before`` is; each in its own place where that is not
    known."""
    for key in _KEYS:
        places = {_plain(item, key): at for at, item in enumerate(after)}
        wanted = [_plain(item, key) for item in before]
        if len(places) == len(after) and places.keys() == set(wanted) - {None}:
            return [places[name] for name in wanted]
    return list(range(len(after)))


def _plain(item: Any, key: str) -> tuple[str, str] | None:
    value = item.get(key) if isinstance(item, dict) else None
    return (styles.kind(value).__name__, str(value)) if isinstance(value, str | int) else None


def _item(before: Any, after: Any) -> Item | None:
    """An item by its plain fields that stayed as they were."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return None
    keys = [
        (str(name), str(value))
        for name, value in before.items()
        if isinstance(value, str | int) and _same(value, after.get(name, ABSENT))
    ]
    return Item(tuple(sorted(keys))) if keys else None


def _name(item: Item | None) -> Item | None:
    named = tuple(pair for pair in item.keys if pair[0] == "name") if item else ()
    return Item(named) if named else None


def _same(before: Any, after: Any) -> bool:
    """Equal, and of one type: 1 is neither true nor 1.0."""
    if styles.kind(before) is not styles.kind(after):
        return False
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(
            _same(value, after[name]) for name, value in before.items()
        )
    if isinstance(before, list):
        return len(before) == len(after) and all(map(_same, before, after))
    return bool(before == after)


def refusal(found: Difference, ref: ObjectRef, rules: Iterable[OverrideRule]) -> str:
    """Why this must not be, without any value of it; ``""`` where the rules allow it.

    The last rule that names the field decides.
    """
    where = f"{fields.show(found.path)} of {ref}"
    if not found.path or found.path[0] in UNTOUCHED:
        return f"{where} is not for overrides"
    rule = None
    for each in rules:
        if _names(each, ref, found.place):
            rule = each
    if rule is None:
        return f"{where} is not what `overrides` allows"
    if found.after is ABSENT:
        return f"{where} would be gone"
    why = _kind(found) or _bound(rule, found.after)
    return f"{where} must be {why}" if why else ""


def _names(rule: OverrideRule, ref: ObjectRef, place: Path) -> bool:
    kind = f"{ref.kind}.{ref.group}" if ref.group else ref.kind
    pattern = fields.parse(rule.field)
    return (
        rule.kind == kind
        and matches(rule.name, ref.name)
        and len(pattern) == len(place)
        and fields.covers(pattern, place)
    )


_PLAIN = ((bool, "true or false"), (str, "a string"), (int | float, "a number"))


def _kind(found: Difference) -> str:
    """What its value must be as it was of that kind before; only plain values have bounds."""
    for kind, words in _PLAIN:
        if isinstance(found.before, kind):
            is_one = isinstance(found.after, kind)
            is_bool = isinstance(found.after, bool)
            return "" if is_one and is_bool == isinstance(found.before, bool) else words
    if found.before is ABSENT and isinstance(found.after, bool | str | int | float):
        return ""
    return "a plain value, and have been one"


def _bound(rule: OverrideRule, value: Any) -> str:
    if rule.enum:
        return (
            ""
            if orjson.dumps(value, default=float).decode() in rule.enum
            else f"one of {_list(rule.enum)}"
        )
    if rule.pattern:
        is_fit = isinstance(value, str) and regex.whole(rule.pattern)(value)
        return "" if is_fit else f"a string that matches {rule.pattern}"
    amount = None if isinstance(value, bool) else quantities.parse(str(value))
    if amount is None:
        return "a number or a quantity"
    least, most = quantities.parse(rule.least), quantities.parse(rule.most)
    if least is not None and amount < least:
        return f"at least {rule.least}"
    if most is not None and amount > most:
        return f"at most {rule.most}"
    return ""


def _list(texts: tuple[str, ...]) -> str:
    shown = ", ".join(texts[:10])
    return shown if len(texts) <= 10 else f"{shown}, ..."
