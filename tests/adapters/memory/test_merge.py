"""What is applied, over what is there; and fields taken out."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from reconciler.adapters.memory.merge import merge, remove
from tests.adapters.memory.build import PLAIN, TEXT, TEXTS, UNIQUE, named_items, paths, shape

SHAPE = shape(
    text=TEXT,
    texts=TEXTS,
    nested={"type": "object", "properties": {"x": TEXT, "y": TEXT}},
    list=named_items(value=TEXT, more=named_items()),
    unique=UNIQUE,
    plain=PLAIN,
)


def listed(names: str) -> dict[str, Any]:
    return {"list": [{"name": name} for name in names]}


MERGES: dict[str, tuple[Any, Any, Any]] = {
    "other fields stay": (
        {"text": "a", "nested": {"x": "1"}},
        {"nested": {"y": "2"}},
        {"text": "a", "nested": {"x": "1", "y": "2"}},
    ),
    "a list without keys is replaced": ({"plain": ["a", "b"]}, {"plain": ["c"]}, {"plain": ["c"]}),
    "a set is joined": (
        {"unique": ["b", "a"]},
        {"unique": ["a", "c"]},
        {"unique": ["b", "a", "c"]},
    ),
    "an item's other fields stay": (
        {"list": [{"name": "x", "value": "1"}]},
        {"list": [{"name": "x", "more": [{"name": "y"}]}]},
        {"list": [{"name": "x", "value": "1", "more": [{"name": "y"}]}]},
    ),
    "an empty list changes no items": (listed("ab"), {"list": []}, listed("ab")),
    "an empty map changes no names": (
        {"texts": {"a": "1"}},
        {"texts": {}},
        {"texts": {"a": "1"}},
    ),
}


@pytest.mark.parametrize(("live", "applied", "merged"), MERGES.values(), ids=MERGES)
def test_what_is_applied_is_laid_over_what_is_there(live: Any, applied: Any, merged: Any) -> None:
    before = copy.deepcopy((live, applied))
    assert merge(live, applied, SHAPE) == merged
    assert (live, applied) == before


@pytest.mark.parametrize(
    ("live", "applied", "merged"),
    [
        ("ab", "ba", "ba"),
        ("abc", "ca", "bca"),
        ("xab", "ba", "xba"),
        ("axb", "ba", "xba"),
        ("abx", "ba", "bxa"),
        ("axb", "ab", "axb"),
        ("ab", "acb", "acb"),
        ("xy", "ab", "xyab"),
        ("xay", "bac", "xbayc"),
    ],
)
def test_applied_items_keep_their_order(live: str, applied: str, merged: str) -> None:
    assert merge(listed(live), listed(applied), SHAPE) == listed(merged)


REMOVALS: dict[str, tuple[Any, tuple[str, ...], Any]] = {
    "nothing": ({"text": "a"}, (), {"text": "a"}),
    "a field": ({"text": "a", "plain": ["b"]}, ("text",), {"plain": ["b"]}),
    "a field with all that is in it": (
        {"nested": {"x": "1"}, "text": "a"},
        ("nested",),
        {"text": "a"},
    ),
    "an item": (listed("ab"), ('list/k:{"name":"a"}',), listed("b")),
    "an item's field": (
        {"list": [{"name": "a", "value": "1"}]},
        ('list/k:{"name":"a"}/value',),
        listed("a"),
    ),
    "a set's item": ({"unique": ["a", "b"]}, ('unique/v:"a"',), {"unique": ["b"]}),
    "the last name of a map": ({"texts": {"a": "1"}}, ("texts/a",), {"texts": None}),
    "the last item of a list": (listed("a"), ('list/k:{"name":"a"}',), {"list": None}),
    "all": ({"text": "a"}, ("text",), None),
    "what is not there": ({"text": "a"}, ("nested/x",), {"text": "a"}),
}


@pytest.mark.parametrize(("value", "gone", "left"), REMOVALS.values(), ids=REMOVALS)
def test_fields_are_taken_out(value: Any, gone: tuple[str, ...], left: Any) -> None:
    before = copy.deepcopy(value)
    assert remove(value, paths(*gone), SHAPE) == left
    assert value == before
