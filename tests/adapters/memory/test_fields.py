"""Sets of fields and fieldsV1."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from reconciler.adapters.memory import fields
from tests.adapters.memory.build import paths

FORMS: dict[str, tuple[tuple[str, ...], Any]] = {
    "nothing": ((), {}),
    "a field": (("a",), {"f:a": {}}),
    "a field below one that is nobody's": (("a/b",), {"f:a": {"f:b": {}}}),
    "a field and one below it": (("a", "a/b"), {"f:a": {".": {}, "f:b": {}}}),
    "names that begin alike": (("a", "ab", "a/b"), {"f:a": {".": {}, "f:b": {}}, "f:ab": {}}),
    "an item": (('a/k:{"name":"x"}',), {"f:a": {'k:{"name":"x"}': {}}}),
    "a name that is a dot": (("a/f:.",), {"f:a": {"f:.": {}}}),
}


@pytest.mark.parametrize(("texts", "form"), FORMS.values(), ids=FORMS)
def test_a_set_has_one_form(texts: tuple[str, ...], form: Any) -> None:
    assert orjson.loads(fields.encode(paths(*texts))) == form
    assert fields.decode(form) == paths(*texts)


words = some.sampled_from(("f:a", "f:b", "f:ab", 'k:{"n":1}', 'v:"x"', "f:"))
sets = some.frozensets(some.lists(words, min_size=1, max_size=4).map(tuple))


@given(sets)
def test_any_set_comes_back(found: fields.FieldSet) -> None:
    assert fields.decode(orjson.loads(fields.encode(found))) == found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("f:spec", "f:replicas"), ".spec.replicas"),
        (("f:c", 'k:{"name":"main"}', "f:image"), '.c[name="main"].image'),
        (("f:p", 'k:{"port":80,"protocol":"TCP"}'), '.p[port=80,protocol="TCP"]'),
        (("f:metadata", "f:finalizers", 'v:"x"'), '.metadata.finalizers[="x"]'),
        (("f:args", "i:2"), ".args[2]"),
        (("f:labels", "f:a.b/c"), ".labels.a.b/c"),
    ],
)
def test_a_path_is_written_as_the_api_server_does(path: fields.Path, text: str) -> None:
    assert fields.text(path) == text
