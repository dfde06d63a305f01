"""What the API server gives up on is denied before, whatever the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.controlplane.plane import ControlPlane
from tests.policy.differential import ours, server

L, S = "object.spec.l", "object.spec.s"
EXPRESSIONS = (
    f"{L}.all(x, {L}.all(y, x + y != 'z'))",
    f"{L}.all(x, {S}.contains(x + 'z') || true)",
    f"{L}.map(x, {S} + x).all(t, t.size() > 0)",
    f"{L}.filter(x, {S}.matches('(a|b)+c' + x)).size() >= 0",
    f"{L}.map(x, {S}.upperAscii()).join(',').size() > 0",
    f"sets.contains({L}, {L})",
    f"{L}.all(x, x in {L})",
    f"{S}.replace('a', 'aaaaaaaa').replace('a', 'aaaaaaaa').size() > 0",
    f"{L}.all(x, {S}.split('').size() > 0)",
    f"{L}.all(x, url('https://h/' + {S}).getHost() == 'h')",
)
SIZES = ((2, 10), (20, 100), (60, 1_000), (99, 20_000), (600, 30_000), (3_000, 100), (10, 300_000))
BUDGET = "cost budget"


def _spec(entries: int, characters: int) -> dict[str, Any]:
    return {"l": [f"e{number}" for number in range(entries)], "s": "ab" * (characters // 2)}


def _validated(expression: str) -> dict[str, Any]:
    return {"validations": [{"expression": expression}]}


def _conditional(expression: str) -> dict[str, Any]:
    """Its conditions together are past their budget before any of them is past its own."""
    conditions = [{"name": f"c{n}", "expression": f"({expression}) || {n} > 9"} for n in range(4)]
    return {"matchConditions": conditions, "validations": [{"expression": "true"}]}


@pytest.mark.parametrize("spec", [_validated, _conditional])
def test_what_is_past_the_servers_budget_is_denied(
    plane: ControlPlane,
    record_property: Callable[[str, object], None],
    spec: Callable[[str], dict[str, Any]],
) -> None:
    name = f"costs{spec.__name__.replace('_', '-')}"
    plane.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", server.CRD)
    documents = [
        each
        for number, expression in enumerate(EXPRESSIONS)
        for each in server.case_policy(f"{name}-{number}", spec(expression))
    ]
    assert server.install(plane, documents) == {}
    server.install(plane, server.sentinel(name))
    server.ready(plane, name)
    judge = ours.Ours(ours.library(documents), [server.CRD])
    cases = [
        server.case(f"{name}-{number}", _spec(*size))
        for number in range(len(EXPRESSIONS))
        for size in SIZES
    ]
    theirs = list(server.send_all(plane, server.KIND, cases))
    server.remove(plane, [*documents, *server.sentinel(name)])
    mine = [judge.message(value) for value in cases]
    past = [bool(verdict.message) for verdict in theirs]
    near = [BUDGET in message for message in mine]
    told = f"{len(cases)} evaluations, {sum(past)} past the server's budget"
    record_property("told", f"{told}, {sum(near)} denied as near it or past it")
    assert sum(past) and not all(near)
    for value, verdict, message in zip(cases, theirs, mine, strict=True):
        assert message or not verdict.message, (value["metadata"]["name"], verdict.message)
