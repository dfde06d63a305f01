"""What changed, as sets of fields."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.adapters.memory.compare import Comparison, compare
from tests.adapters.memory.build import FREE, PLAIN, TEXT, TEXTS, UNIQUE, named_items, paths, shape

SHAPE = shape(
    text=TEXT,
    flag={"type": "boolean"},
    texts=TEXTS,
    whole={**TEXTS, "x-kubernetes-map-type": "atomic"},
    list=named_items(value=TEXT),
    unique=UNIQUE,
    plain=PLAIN,
    free=FREE,
)
ITEM = 'list/k:{"name":"x"}'


def changes(
    added: tuple[str, ...] = (), modified: tuple[str, ...] = (), removed: tuple[str, ...] = ()
) -> Comparison:
    return Comparison(added=paths(*added), modified=paths(*modified), removed=paths(*removed))


CASES: dict[str, tuple[Any, Any, Comparison]] = {
    "nothing": ({"text": "a"}, {"text": "a"}, changes()),
    "a value": ({"text": "a"}, {"text": "b"}, changes(modified=("text",))),
    "a field": ({}, {"text": "b"}, changes(added=("text",))),
    "a field less": ({"text": "b"}, {}, changes(removed=("text",))),
    "a map and its name": ({}, {"texts": {"a": "1"}}, changes(added=("texts", "texts/a"))),
    "a map's name": ({"texts": {}}, {"texts": {"a": "1"}}, changes(added=("texts/a",))),
    "an atomic map": ({"whole": {}}, {"whole": {"a": "1"}}, changes(modified=("whole",))),
    "an atomic list": ({"plain": ["a"]}, {"plain": ["b"]}, changes(modified=("plain",))),
    "an item's field": (
        {"list": [{"name": "x", "value": "1"}]},
        {"list": [{"name": "x", "value": "2"}]},
        changes(modified=(f"{ITEM}/value",)),
    ),
    "an item": (
        {"list": []},
        {"list": [{"name": "x"}]},
        changes(added=(ITEM, f"{ITEM}/name")),
    ),
    "the order of items": (
        {"list": [{"name": "x"}, {"name": "y"}], "unique": ["a", "b"]},
        {"list": [{"name": "y"}, {"name": "x"}], "unique": ["b", "a"]},
        changes(),
    ),
    "a set's item": (
        {"unique": ["a", "b"]},
        {"unique": ["b", "c"]},
        changes(added=('unique/v:"c"',), removed=('unique/v:"a"',)),
    ),
    "a second item of the name": (
        {"list": [{"name": "x", "value": "1"}]},
        {"list": [{"name": "x", "value": "1"}, {"name": "x"}]},
        changes(added=(ITEM,), removed=(f"{ITEM}/name", f"{ITEM}/value")),
    ),
    "one item of two that had the name": (
        {"list": [{"name": "x", "value": "1"}, {"name": "x"}]},
        {"list": [{"name": "x", "value": "1"}]},
        changes(added=(f"{ITEM}/name", f"{ITEM}/value"), removed=(ITEM,)),
    ),
    "a scalar that becomes a map": (
        {"free": {"a": 1}},
        {"free": {"a": {"b": 1}}},
        changes(added=("free/a/b",), modified=("free/a",)),
    ),
    "a map that becomes a list": (
        {"free": {"a": {"b": 1}}},
        {"free": {"a": [1]}},
        changes(modified=("free/a",), removed=("free/a/b",)),
    ),
    "a number that becomes true": (
        {"free": {"a": 1}},
        {"free": {"a": True}},
        changes(modified=("free/a",)),
    ),
    "null and an empty map": (
        {"texts": None},
        {"texts": {}},
        changes(modified=("texts",)),
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), CASES.values(), ids=CASES)
def test_these_fields_changed(old: Any, new: Any, expected: Comparison) -> None:
    assert compare(old, new, SHAPE) == expected
