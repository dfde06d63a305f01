"""What is said of each field: whose it is, and what would be done."""

from __future__ import annotations

import json
from typing import Any

from reconciler.model import fields
from reconciler.model.refs import ObjectRef
from reconciler.model.rules import DriftMode, DriftRule
from reconciler.plan import owners
from reconciler.plan.owners import Would

REF = ObjectRef("", "ConfigMap", "app", "a")
SECRET = ObjectRef("", "Secret", "app", "a")
OURS = ("fleet-reconciler", "Apply")
THEIRS = ("kubectl-edit", "Update")


def body(**data: str) -> bytes:
    value = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}
    return json.dumps(value).encode()


def live(data: dict[str, str], *entries: tuple[tuple[str, str], tuple[str, ...]]) -> dict[str, Any]:
    """An object with these owners of its data's keys."""
    managed = [
        {
            "manager": manager,
            "operation": operation,
            "apiVersion": "v1",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {f"f:{key}": {} for key in keys}},
        }
        for (manager, operation), keys in entries
    ]
    metadata = {"name": "a", "namespace": "app", "uid": "u", "managedFields": managed}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def would(wanted: bytes, obj: dict[str, Any], *rules: DriftRule) -> dict[str, Would]:
    found = owners.fields_of(REF, wanted, obj, rules)
    return {fields.show(each.path): each.would for each in found}


def rule(mode: DriftMode, *paths: str) -> DriftRule:
    return DriftRule(mode=mode, fields=paths)


def test_each_field_has_its_own_fate() -> None:
    obj = live(
        {"kept": "1", "edited": "x", "shared": "1", "extra": "1", "dropped": "1"},
        (OURS, ("kept", "dropped")),
        (THEIRS, ("edited", "shared", "extra")),
    )
    wanted = body(kept="1", edited="1", shared="1", missing="1")
    assert would(wanted, obj) == {
        "data.kept": Would.KEEP,
        "data.edited": Would.PUT_BACK,
        "data.shared": Would.HOLD_AGAIN,
        "data.extra": Would.LEAVE,
        "data.dropped": Would.DROP,
        "data.missing": Would.PUT_BACK,
    }


def test_the_rules_decide_what_becomes_of_a_difference() -> None:
    obj = live({"a": "x", "b": "x"}, (THEIRS, ("a", "b")))
    wanted = body(a="1", b="1")
    rules = (rule(DriftMode.WARN, "/data/a"), rule(DriftMode.IGNORE, "/data/b"))
    assert would(wanted, obj, *rules) == {"data.a": Would.WARN, "data.b": Would.IGNORE}


def test_every_owner_of_a_field_is_named() -> None:
    obj = live({"a": "1"}, (OURS, ("a",)), (THEIRS, ("a",)))
    (found,) = owners.fields_of(REF, body(a="1"), obj, ())
    assert [entry.manager for entry in found.owners] == ["fleet-reconciler", "kubectl-edit"]
    assert (found.wanted, found.found) == ('"1"', '"1"')


def test_a_secrets_values_are_masked() -> None:
    obj = live({"a": "bGl2ZQ=="}, (THEIRS, ("a",)))
    (found,) = owners.fields_of(SECRET, body(a="d2FudGVk"), obj, ())
    assert "bGl2ZQ" not in found.found and "d2FudGVk" not in found.wanted
    assert found.would is Would.PUT_BACK


def test_trees_of_strangers_break_nothing() -> None:
    obj = live({"a": "1"}, (OURS, ("a",)))
    odd_trees: tuple[Any, ...] = (
        None,
        [],
        "x",
        {"f:data": None},
        {"k:{": {}},
        {"f:data": {"f:a": []}},
    )
    for tree in odd_trees:
        entry = {**obj["metadata"]["managedFields"][0], "manager": "odd", "fieldsV1": tree}
        odd = {**obj, "metadata": {**obj["metadata"]}}
        odd["metadata"]["managedFields"] = [*obj["metadata"]["managedFields"], entry]
        assert would(body(a="1"), odd)["data.a"] in (Would.KEEP, Would.LEAVE), tree
