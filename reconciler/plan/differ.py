"""Wanted against found, field by field, as server-side apply understands lists.

In: what we set, the live object, and a guide: the tree of all fields that anybody owns in it
(``fieldtrees.union``), which tells a list of keyed items from a set and from one that is a single
value. Out: only fields that we set and that are otherwise, in order. Values that the API server
writes in another form (1000m and 1, an empty map and none) are equal, but for the few empty maps
that say something, as ``emptyDir: {}`` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from reconciler.model.fields import Element, Item, Path
from reconciler.plan import fieldtrees

_DEEPEST = 100
_QUANTITY = re.compile(
    r"([+-]?(?:\d{1,30}\.?\d{0,30}|\.\d{1,30}))(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?\d{1,2}))?"
)
_SCALES: Mapping[str, Decimal] = {
    **{f"{prefix}i": Decimal(1024) ** power for power, prefix in enumerate("KMGTPE", 1)},
    **{prefix: Decimal(1000) ** power for power, prefix in enumerate("kMGTPE", 1)},
    **{prefix: Decimal(1000) ** -power for power, prefix in enumerate("mun", 1)},
}


class Absent:
    """There is nothing at that place."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """``wanted`` and ``found`` are JSON values, or ABSENT."""

    path: Path
    wanted: Any
    found: Any


def differences(wanted: Any, found: Any, guide: fieldtrees.Tree) -> tuple[Difference, ...]:
    """What of ``wanted`` is otherwise in ``found``."""
    return tuple(_compare(wanted, found, guide, ()))


def _compare(wanted: Any, found: Any, guide: fieldtrees.Tree, at: Path) -> Iterator[Difference]:
    if len(at) < _DEEPEST:
        if isinstance(wanted, dict) and isinstance(found, dict):
            yield from _fields(wanted, found, guide, at)
            return
        if isinstance(wanted, list) and isinstance(found, list):
            keys = _keys(guide)
            if keys:
                yield from _items(wanted, found, guide, at, keys)
                return
            if any(key.startswith("v:") for key in guide):
                yield from _elements(wanted, found, at)
                return
    if not same(wanted, found, amounts=_holds_amounts(at)):
        yield Difference(path=at, wanted=wanted, found=found)


def _fields(
    wanted: Mapping[str, Any], found: Mapping[str, Any], guide: fieldtrees.Tree, at: Path
) -> Iterator[Difference]:
    for name, value in wanted.items():
        path = (*at, name)
        if name in found:
            yield from _compare(value, found[name], guide.get(f"f:{name}") or {}, path)
        elif not _empty(value) or _is_meant(name, value):
            yield Difference(path=path, wanted=value, found=ABSENT)


# Members of unions that are chosen by being there, with nothing in them: a volume's kind, and whom
# a NetworkPolicy means.
_MEANT = frozenset(("emptyDir", "namespaceSelector", "podSelector"))


def _is_meant(name: str, value: Any) -> bool:
    return name in _MEANT and isinstance(value, dict)


def _keys(guide: fieldtrees.Tree) -> tuple[str, ...]:
    """The names of a keyed list's keys, as its owners' entries show them."""
    for key in guide:
        found = fieldtrees.step(key) if key.startswith("k:") else None
        if isinstance(found, Item):
            return tuple(name for name, _ in found.keys)
    return ()


def _items(
    wanted: list[Any], found: list[Any], guide: fieldtrees.Tree, at: Path, keys: tuple[str, ...]
) -> Iterator[Difference]:
    """Items by their keys; and their order, where each one that we set is there."""
    below = {fieldtrees.step(key): tree for key, tree in guide.items()}
    live = {_item(each, keys): each for each in reversed(found)}
    ours = [_item(each, keys) for each in wanted]
    complete = True
    for item, value in zip(ours, wanted, strict=True):
        match = _match(item, live)
        if match is None:
            complete = False
            yield Difference(path=(*at, item), wanted=value, found=ABSENT)
        else:
            yield from _compare(value, live[match], below.get(match) or {}, (*at, match))
    if complete:
        order = [_item(each, keys) for each in found]
        places = [order.index(match) for item in ours if (match := _match(item, live)) is not None]
        if places != sorted(places):
            shown = [str(order[place]) for place in sorted(places)]
            yield Difference(path=at, wanted=[str(item) for item in ours], found=shown)


def _match(item: Item, live: Mapping[Item, Any]) -> Item | None:
    """The live item of these keys; a key that we leave out has a default that we do not know."""
    if item in live:
        return item
    given = {pair for pair in item.keys if pair[1] != _UNSET}
    fits = [each for each in live if given <= set(each.keys)]
    return fits[0] if given and len(fits) == 1 else None


_UNSET = ""


def _item(value: Any, keys: tuple[str, ...]) -> Item:
    inner = value if isinstance(value, dict) else {}
    return Item(
        tuple((key, fieldtrees.text(inner[key]) if key in inner else _UNSET) for key in keys)
    )


def _elements(wanted: list[Any], found: list[Any], at: Path) -> Iterator[Difference]:
    there = {orjson.dumps(each) for each in found}
    for each in wanted:
        words = orjson.dumps(each)
        if words not in there:
            yield Difference(path=(*at, Element(words.decode())), wanted=each, found=ABSENT)


_WORDS = frozenset(("value", "args", "command", "data", "stringData", "metadata"))


def _holds_amounts(path: Path) -> bool:
    """Whether 1000m and 1 may mean the same here; in words that a program reads they do not."""
    return not path or not _WORDS & {path[0], path[-1]}


def same(one: Any, other: Any, *, amounts: bool = True, beyond: bool = False) -> bool:
    """Whether the API server means the same by both; ``amounts``: strings may be quantities,
    ``beyond``: the other may have more names in its maps, as defaults are."""
    if _empty(one) and _empty(other):
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        if any(_is_meant(name, one.get(name)) and other.get(name) is None for name in _MEANT):
            return False
        names = {
            name
            for each in ((one,) if beyond else (one, other))
            for name, value in each.items()
            if not _empty(value)
        }
        return all(
            same(
                one.get(name),
                other.get(name),
                amounts=amounts and name not in _WORDS,
                beyond=beyond,
            )
            for name in names
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            same(*pair, amounts=amounts, beyond=beyond) for pair in zip(one, other, strict=True)
        )
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if one == other:
        return True
    if isinstance(one, str) and isinstance(other, str) and not amounts:
        return False
    quantities = (_amount(one), _amount(other))
    return None not in quantities and quantities[0] == quantities[1]


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, dict | list) and not value)


def _amount(value: Any) -> Decimal | None:
    """A number, or a quantity in any of its forms (Kubernetes API reference, Quantity)."""
    if isinstance(value, int | float):
        return Decimal(str(value))
    found = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    number, suffix, exponent = found.groups()
    scale = _SCALES[suffix] if suffix else Decimal(10) ** int(exponent or 0)
    return Decimal(number) * scale
