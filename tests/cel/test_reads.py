"""Which fields of an object an expression may see."""

from __future__ import annotations

import pytest

from reconciler.cel.environment import Compiler
from reconciler.cel.reads import Read, reads


def seen(text: str) -> set[Read]:
    return set(reads(Compiler(params=False).compile(text, "bool").root))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("object.spec.type == 'a'", ("spec", "type")),
        ("object.?spec.?type.orValue('') == ''", ("spec", "type")),
        ("object['spec']['type'] == ''", ("spec", "type")),
        ("object.spec.ports.all(p, p.port == 80)", ("spec", "ports")),
        ("object.spec.ports[0].port == 80", ("spec", "ports")),
        ("object.metadata.labels['a' + 'b'] == ''", ("metadata", "labels")),
        ("object.metadata.size() == 2", ("metadata",)),
        ("[object].exists(o, o.spec.type == '')", ()),
        ("object == oldObject", ()),
    ],
)
def test_what_is_read_is_named_as_far_as_it_is_plain(text: str, path: tuple[str, ...]) -> None:
    assert seen(text) == {Read(path)}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("has(object.spec.type)", ("spec", "type")),
        ("'a' in object.metadata.labels", ("metadata", "labels", "a")),
        ("oldObject == null", ()),
        ("null != object.spec", ("spec",)),
    ],
)
def test_what_is_asked_for_by_name_is_not_looked_into(text: str, path: tuple[str, ...]) -> None:
    assert Read(path, presence=True) in seen(text)


def test_a_field_is_within_what_is_above_it_and_its_presence_within_what_is_below() -> None:
    paths = frozenset((("spec", "type"),))
    assert Read(("spec", "type", "x")).is_within(paths)
    assert Read(("spec",), presence=True).is_within(paths)
    assert not Read(("spec",)).is_within(paths)
    assert not Read(("spec", "ports"), presence=True).is_within(paths)
