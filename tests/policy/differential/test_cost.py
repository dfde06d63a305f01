"""What the API server gives up on is denied before, whatever the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


def test_what_is_past_the_servers_budget_is_denied(
    plane: ControlPlane, record_property: Callable[[str, object], None]
) -> None:
    plane.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", server.CRD)
    documents = [
        each
        for number, expression in enumerate(EXPRESSIONS)
        for each in server.case_policy(
            f"costs-{number}", {"validations": [{"expression": expression}]}
        )
    ]
    assert server.install(plane, documents) == {}
    server.install(plane, server.sentinel("costs"))
    server.ready(plane, "costs")
    judge = ours.Ours(ours.library(documents), [server.CRD])
    cases = [
        server.case(f"costs-{number}", _spec(*size))
        for number in range(len(EXPRESSIONS))
        for size in SIZES
    ]
    theirs = list(server.send_all(plane, server.KIND, cases))
    server.remove(plane, [*documents, *server.sentinel("costs")])
    mine = [judge.message(value) for value in cases]
    past = [bool(verdict.message) for verdict in theirs]
    near = [BUDGET in message for message in mine]
    told = f"{len(cases)} evaluations, {sum(past)} past the server's budget"
    record_property("told", f"{told}, {sum(near)} denied as near it or past it")
    assert sum(past) and not all(near)
    for value, verdict, message in zip(cases, theirs, mine, strict=True):
        assert message or not verdict.message, (value["metadata"]["name"], verdict.message)
