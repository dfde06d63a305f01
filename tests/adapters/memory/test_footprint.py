"""Which fields an object sets."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.adapters.memory import footprint
from tests.adapters.memory.build import FREE, PLAIN, TEXT, TEXTS, UNIQUE, named_items, paths, shape

SHAPE = shape(
    text=TEXT,
    texts=TEXTS,
    whole={**TEXTS, "x-kubernetes-map-type": "atomic"},
    nested={"type": "object", "properties": {"x": TEXT, "y": TEXT}},
    list=named_items(value=TEXT),
    unique=UNIQUE,
    plain=PLAIN,
    free=FREE,
)

CASES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "a scalar": ({"text": "a"}, ("text",)),
    "a null": ({"text": None}, ("text",)),
    "declared fields": ({"nested": {"x": "1"}}, ("nested/x",)),
    "an empty map": ({"nested": {}, "texts": {}}, ("nested", "texts")),
    "a map's names": ({"texts": {"a": "1"}}, ("texts/a",)),
    "an atomic map": ({"whole": {"a": "1"}}, ("whole",)),
    "an atomic list": ({"plain": ["a"]}, ("plain",)),
    "an empty list": ({"plain": [], "list": [], "unique": []}, ("plain",)),
    "a set's items": ({"unique": ["a", "b"]}, ('unique/v:"a"', 'unique/v:"b"')),
    "items and what is in them": (
        {"list": [{"name": "x", "value": "1"}]},
        ('list/k:{"name":"x"}', 'list/k:{"name":"x"}/name', 'list/k:{"name":"x"}/value'),
    ),
    "items of one name": ({"list": [{"name": "x"}, {"name": "x"}]}, ('list/k:{"name":"x"}',)),
    "names without a schema": (
        {"free": {"a": {"b": [1], "c": 2}}},
        ("free/a", "free/a/b", "free/a/c"),
    ),
}


@pytest.mark.parametrize(("value", "found"), CASES.values(), ids=CASES)
def test_an_object_sets_these_fields(value: Any, found: tuple[str, ...]) -> None:
    assert footprint.field_set(value, SHAPE) == paths(*found)


def test_declared_fields_on_the_way_are_named_and_items_are_not() -> None:
    found = footprint.named(paths("nested/x", 'list/k:{"name":"x"}/value', "free/a/b"), SHAPE)
    assert found == paths(
        "nested", "nested/x", "list", 'list/k:{"name":"x"}/value', "free", "free/a/b"
    )
