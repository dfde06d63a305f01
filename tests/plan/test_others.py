from __future__ import annotations

import dataclasses
from typing import Any

import orjson
import pytest

from reconciler.model import fields
from reconciler.model.origins import Origin
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.plan import modes, others, ownership
from tests.plan.test_ownership import OURS, entry, live

PORTS = [
    {"name": "http", "port": 80, "targetPort": 8080},
    {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 5353},
]
BODY = {
    "spec": {"ports": PORTS, "cameras": [{"name": "a", "rate": 1}], "selector": {"a": "1"}},
}
PORT: dict[str, Any] = {".": {}, "f:port": {}, "f:targetPort": {}}
TREE: dict[str, Any] = {
    "f:spec": {
        "f:ports": {
            'k:{"port":80,"protocol":"TCP"}': PORT,
            'k:{"port":53,"protocol":"UDP"}': PORT,
        },
        "f:cameras": {},
        "f:selector": {},
    }
}


def manifest(*left: str) -> Manifest:
    return Manifest(
        ref=ObjectRef.parse("Service/a/b"),
        api_version="v1",
        body=orjson.dumps(BODY),
        digest="d",
        origin=Origin("a.yaml"),
        left=left,
    )


def held(*left: str) -> list[str]:
    return [fields.rule(path) for path in others.held(manifest(*left), live(entry(OURS, TREE)))]


@pytest.mark.parametrize(
    ("left", "paths"),
    [
        ("/spec/ports/[name=http]/targetPort", ["/spec/ports/[port=80,protocol=TCP]/targetPort"]),
        ("/spec/ports/[targetPort=5353]", ["/spec/ports/[port=53,protocol=UDP]"]),
        (
            "/spec/ports/*/targetPort",
            [
                "/spec/ports/[port=80,protocol=TCP]/targetPort",
                "/spec/ports/[port=53,protocol=UDP]/targetPort",
            ],
        ),
        ("/spec/ports", ["/spec/ports"]),
        ("/spec/nobodys/thing", ["/spec/nobodys/thing"]),
    ],
)
def test_what_is_left_is_named_as_the_api_server_names_it(left: str, paths: list[str]) -> None:
    assert held(left) == paths


@pytest.mark.parametrize("left", ["/spec/cameras/[name=a]/rate", "/spec/selector/a"])
def test_no_part_of_what_is_one_value_can_be_left(left: str) -> None:
    assert held(left) == []


def test_an_item_that_is_not_there_yet_is_made_whole() -> None:
    ports = {'k:{"port":80,"protocol":"TCP"}': PORT}
    there = live(entry(OURS, {"f:spec": {"f:ports": ports}}))
    found = others.held(manifest("/spec/ports/*/targetPort"), there)
    assert [fields.rule(path) for path in found] == [
        "/spec/ports/[port=80,protocol=TCP]/targetPort"
    ]


def test_what_is_left_of_a_named_port_is_given_up_and_no_longer_sent() -> None:
    there = live(entry(OURS, TREE))
    found = others.held(manifest("/spec/ports/[name=http]/targetPort"), there)
    entries = ownership.released(there, found)
    assert entries is not None
    owned = orjson.loads(entries[0].fields)["f:spec"]["f:ports"]
    assert "f:targetPort" not in owned['k:{"port":80,"protocol":"TCP"}']
    assert "f:targetPort" in owned['k:{"port":53,"protocol":"UDP"}']
    sent = orjson.loads(modes.leave_out(manifest().body, found))["spec"]["ports"]
    assert sent == [{"name": "http", "port": 80}, PORTS[1]]


def test_where_nobody_owns_anything_the_rules_own_words_hold() -> None:
    nobodys = dataclasses.replace(live(), managed=())
    path = "/spec/ports/[name=http]/targetPort"
    assert others.held(manifest(path), nobodys) == (fields.parse(path),)
