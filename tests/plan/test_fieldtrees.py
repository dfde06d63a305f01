from __future__ import annotations

import pytest

from reconciler.model import fields
from reconciler.plan import fieldtrees

TREE = {
    "f:metadata": {"f:labels": {"f:app": {}}},
    "f:spec": {
        "f:replicas": {},
        "f:containers": {
            'k:{"name":"main"}': {".": {}, "f:name": {}, "f:image": {}},
            'k:{"name":"side"}': {".": {}, "f:name": {}},
        },
    },
}
IMAGE = ("spec", "containers", fields.Item((("name", "main"),)), "image")


def test_each_owned_field_has_a_path() -> None:
    assert [fields.show(path) for path in fieldtrees.leaves(TREE)] == [
        "metadata.labels.app",
        "spec.replicas",
        "spec.containers[name=main].name",
        "spec.containers[name=main].image",
        "spec.containers[name=side].name",
    ]


def test_a_field_is_owned_where_it_or_a_whole_above_it_is() -> None:
    assert fieldtrees.owns(TREE, IMAGE)
    assert fieldtrees.owns(TREE, ("spec", "replicas", "below"))
    assert not fieldtrees.owns(TREE, ("spec", "paused"))


@pytest.mark.parametrize(
    ("rule", "gone"),
    [
        ("/spec/replicas", ["spec.replicas"]),
        ("/spec/containers/*/image", ["spec.containers[name=main].image"]),
        (
            "/spec/containers/[name=main]",
            ["spec.containers[name=main].name", "spec.containers[name=main].image"],
        ),
        ("/metadata", ["metadata.labels.app"]),
        ("/spec/replicas/below", []),
    ],
)
def test_what_a_rule_covers_is_cut_out(rule: str, gone: list[str]) -> None:
    before = [fields.show(path) for path in fieldtrees.leaves(TREE)]
    left = fieldtrees.without(TREE, [fields.parse(rule)])
    assert [path for path in before if path not in gone] == [
        fields.show(path) for path in fieldtrees.leaves(left)
    ]


def test_a_strangers_tree_is_passed_over() -> None:
    strange = {"x": {}, "k:{": {}, "v:[": {}, "f:a": 5, "i:one": {}}
    assert [fields.show(path) for path in fieldtrees.leaves(strange)] == ["a"]
    assert fieldtrees.union([strange, {"f:a": {"f:b": {}}}])["f:a"] == {"f:b": {}}
