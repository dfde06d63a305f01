from __future__ import annotations

from typing import Any

import pytest

from reconciler.model import fields
from reconciler.plan import differ, fieldtrees
from reconciler.plan.differ import ABSENT

CONTAINERS: dict[str, Any] = {
    "f:spec": {
        "f:containers": {'k:{"name":"a"}': {".": {}, "f:image": {}}, 'k:{"name":"b"}': {".": {}}}
    }
}
FINALIZERS: dict[str, Any] = {"f:metadata": {"f:finalizers": {'v:"x"': {}}}}


def shown(wanted: Any, found: Any, guide: fieldtrees.Tree) -> list[tuple[str, Any, Any]]:
    rows = differ.differences(wanted, found, guide)
    return [(fields.show(row.path), row.wanted, row.found) for row in rows]


def pod(*containers: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"containers": list(containers)}}


A, B = {"name": "a", "image": "one"}, {"name": "b", "image": "two"}


@pytest.mark.parametrize(
    ("wanted", "found", "guide", "expected"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, {}, []),
        ({"a": 1}, {"a": 2}, {}, [("a", 1, 2)]),
        ({"a": {"b": "x"}}, {"a": {}}, {}, [("a.b", "x", ABSENT)]),
        ({"a": {}}, {}, {}, []),
        (
            {"v": {"emptyDir": {}}},
            {"v": {"hostPath": {"path": "/etc"}}},
            {},
            [("v.emptyDir", {}, ABSENT)],
        ),
        ({"v": {"emptyDir": {}}}, {"v": {"emptyDir": {}}}, {}, []),
        (
            {"from": [{"podSelector": {}}]},
            {"from": [{"namespaceSelector": {}}]},
            {},
            [("from", [{"podSelector": {}}], [{"namespaceSelector": {}}])],
        ),
        (pod(A), pod({**A, "tty": True}), CONTAINERS, []),
        (
            pod(A),
            pod({**A, "image": "new"}, B),
            CONTAINERS,
            [("spec.containers[name=a].image", "one", "new")],
        ),
        (pod(A, B), pod(A), CONTAINERS, [("spec.containers[name=b]", B, ABSENT)]),
        (
            pod(A, B),
            pod(B, A),
            CONTAINERS,
            [("spec.containers", ["[name=a]", "[name=b]"], ["[name=b]", "[name=a]"])],
        ),
        ({"args": ["a", "b"]}, {"args": ["b", "a"]}, {}, [("args", ["a", "b"], ["b", "a"])]),
        (
            {"metadata": {"finalizers": ["x", "y"]}},
            {"metadata": {"finalizers": ["z", "x"]}},
            FINALIZERS,
            [('metadata.finalizers[="y"]', "y", ABSENT)],
        ),
    ],
)
def test_only_fields_that_we_set_are_compared(
    wanted: Any, found: Any, guide: fieldtrees.Tree, expected: list[tuple[str, Any, Any]]
) -> None:
    assert shown(wanted, found, guide) == expected


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("1000m", "1", True),
        ("1024Mi", "1Gi", True),
        (1, 1.0, True),
        (True, 1, False),
        ("0.5", "500m", True),
        ("1e3", "1k", True),
        ("a", "b", False),
        ("1", "2", False),
        ({}, None, True),
        ([1], [1, 2], False),
        ({"a": {}}, {}, True),
        ("9" * 400, "1", False),
    ],
)
def test_forms_of_one_value_are_equal(one: Any, other: Any, equal: bool) -> None:
    assert differ.same(one, other) is equal


def test_words_that_a_program_reads_are_no_quantities() -> None:
    assert shown({"data": {"limit": "1000m"}}, {"data": {"limit": "1"}}, {})
    env = {"spec": {"env": [{"name": "x", "value": "1.0"}]}}
    assert shown(env, {"spec": {"env": [{"name": "x", "value": "1"}]}}, {})
    assert not shown({"spec": {"limits": {"cpu": "1000m"}}}, {"spec": {"limits": {"cpu": 1}}}, {})


def test_an_item_whose_key_has_a_default_is_found_all_the_same() -> None:
    guide: dict[str, Any] = {"f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {}}}
    found = {"ports": [{"containerPort": 80, "protocol": "TCP", "name": "web"}]}
    assert shown({"ports": [{"containerPort": 80}]}, found, guide) == []
