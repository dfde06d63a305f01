from __future__ import annotations

import dataclasses
from typing import Any

import orjson
import pytest

from reconciler.model import fields
from reconciler.model.refs import ObjectRef
from reconciler.model.rules import AdoptRule, DriftMode, DriftRule, matches
from reconciler.plan import modes

WEB = ObjectRef.parse("Deployment.apps/shop/web")
BODY = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app": "web", "fleet-reconciler.dev/site": "a.b"}},
    "spec": {
        "replicas": 3,
        "template": {"spec": {"containers": [{"name": "main", "image": "x", "args": ["a"]}]}},
    },
}
IGNORE, WARN, CORRECT = DriftMode.IGNORE, DriftMode.WARN, DriftMode.CORRECT


def rule(mode: DriftMode, *paths: str, **selectors: Any) -> DriftRule:
    return dataclasses.replace(DriftRule(mode=mode, fields=paths), **selectors)


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("", "x", True),
        ("web", "web", True),
        ("web", "web2", False),
        ("web-*", "web-1", True),
        ("*", "", True),
        ("a*b*c", "abc", True),
        ("a*b*c", "axxbxxc", True),
        ("ab*ba", "aba", False),
        ("*-tmp", "x-tmp-y", False),
        ("*a" * 100, "a" * 250 + "b", False),
    ],
)
def test_a_star_stands_for_any_run(pattern: str, name: str, fits: bool) -> None:
    assert matches(pattern, name) is fits


def test_the_last_rule_that_matches_a_field_decides() -> None:
    rules = (rule(WARN), rule(IGNORE, "/spec/replicas"), rule(CORRECT, "/spec/template"))
    assert modes.mode(rules, ("spec", "replicas")) is IGNORE
    assert modes.mode(rules, ("spec", "template", "spec")) is CORRECT
    assert modes.mode(rules, ("spec", "paused")) is WARN
    assert modes.mode((), ("spec",)) is CORRECT


def test_no_rule_lets_our_own_label_go() -> None:
    rules = (rule(WARN), rule(IGNORE, "/metadata/labels"))
    assert modes.mode(rules, ("metadata", "labels", "fleet-reconciler.dev/site")) is CORRECT
    assert modes.mode(rules, ("metadata", "labels", "app")) is IGNORE


@pytest.mark.parametrize(
    ("selectors", "fits"),
    [
        ({}, True),
        ({"kind": "Deployment.apps"}, True),
        ({"kind": "Deployment"}, False),
        ({"namespace": "sh*", "name": "web"}, True),
        ({"name": "other"}, False),
    ],
)
def test_a_rule_selects_by_kind_namespace_and_name(selectors: dict[str, str], fits: bool) -> None:
    assert bool(modes.of_object([rule(WARN, **selectors)], WEB, {})) is fits


def test_a_rule_selects_by_labels() -> None:
    labelled = DriftRule(mode=WARN, labels={"app": "web"})
    assert modes.of_object([labelled], WEB, {"app": "web"})
    assert not modes.of_object([labelled], WEB, {"app": "api"})


@pytest.mark.parametrize(
    ("rules", "paths"),
    [
        ((rule(IGNORE, "/spec/replicas"),), ("/spec/replicas",)),
        ((rule(IGNORE, "/spec/nothing"),), ()),
        ((rule(IGNORE, "/spec"), rule(CORRECT, "/spec/replicas")), ("/spec/template",)),
        (
            (rule(IGNORE, "/spec/template/spec/containers/*/image"),),
            ("/spec/template/spec/containers/[name=main]/image",),
        ),
        ((rule(IGNORE),), ("/metadata/labels/app", "/spec")),
        ((rule(IGNORE), rule(WARN)), ()),
    ],
)
def test_ignored_fields_are_named_one_by_one(
    rules: tuple[DriftRule, ...], paths: tuple[str, ...]
) -> None:
    assert modes.ignored(rules, BODY) == paths


@pytest.mark.parametrize(
    ("items", "path", "named"),
    [
        ([{"port": 80, "targetPort": 1}], "*/targetPort", ["[port=80]/targetPort"]),
        (
            [{"name": "http", "port": 80, "targetPort": 1}],
            "[port=80]/targetPort",
            ["[name=http]/targetPort"],
        ),
        (
            [
                {"name": "v", "mountPath": "/a", "readOnly": True},
                {"name": "v", "mountPath": "/b", "readOnly": True},
            ],
            "[mountPath=~1a]/readOnly",
            ["[mountPath=~1a,name=v]/readOnly"],
        ),
        ([{"id": 3, "rate": 1}], "*/rate", ["[id=3,rate=1]/rate"]),
    ],
)
def test_a_rule_may_call_an_item_by_any_of_its_fields(
    items: list[dict[str, Any]], path: str, named: list[str]
) -> None:
    found = modes.ignored((rule(IGNORE, f"/spec/list/{path}"),), {"spec": {"list": items}})
    assert list(found) == [f"/spec/list/{each}" for each in named]


def test_a_field_told_by_the_servers_keys_has_the_mode_of_a_rule_by_name() -> None:
    wanted = {"ports": [{"name": "http", "port": 80, "targetPort": 1}]}
    at = ("ports", fields.Item((("port", "80"), ("protocol", "TCP"))), "targetPort")
    rules = (rule(WARN, "/ports/[name=http]/targetPort"),)
    assert modes.mode_in(rules, at, wanted) is WARN
    assert modes.mode_in(rules, at, {}) is CORRECT


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("/spec/replicas", ("spec", "replicas")),
        ("/spec/template/spec/containers/[name=main]/args", ("args",)),
        ("/spec/template", ("spec", "template")),
    ],
)
def test_a_body_is_applied_without_what_is_left_to_others(path: str, gone: tuple[str, ...]) -> None:
    body = orjson.dumps(BODY, option=orjson.OPT_SORT_KEYS)
    left = orjson.loads(modes.leave_out(body, (fields.parse(path),)))
    assert left != BODY
    assert gone[-1] not in orjson.dumps(left).decode().replace('"fleet', "")
    assert left["metadata"] == BODY["metadata"]
    assert modes.leave_out(body, ()) == body


def test_an_emptied_map_goes_and_an_empty_one_stays() -> None:
    body = b'{"data":{"a":"1"},"spec":{"empty":{}}}'
    assert modes.leave_out(body, (fields.parse("/data/a"),)) == b'{"spec":{"empty":{}}}'
    assert fields.parse("/data/a") == ("data", "a")


def test_adopters_are_those_of_the_rules_that_select_the_object() -> None:
    rules = (
        AdoptRule(managers=("helm-controller",), kind="Deployment.apps"),
        AdoptRule(managers=("kubectl",), namespace="other"),
    )
    assert modes.adopters(rules, WEB) == {"helm-controller"}
