"""Every function of Kubernetes' CEL gives what the API server gives, value or error."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reconciler.policy.admission.library import Library
from tests.controlplane.plane import ControlPlane
from tests.policy.differential import fuzz, ours, server, table

Documents = list[dict[str, Any]]


def _named() -> Iterator[tuple[str, table.Row]]:
    for number, row in enumerate(table.ROWS):
        yield f"row-{number}", row


def _policy(name: str, expression: str) -> Documents:
    return server.case_policy(name, {"validations": [{"expression": expression}]})


@pytest.fixture(scope="module")
def installed(plane: ControlPlane) -> Iterator[Documents]:
    status, answer = plane.request(
        "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", server.CRD
    )
    assert status in (201, 409), answer
    documents = [each for name, row in _named() for each in _policy(name, row[1])]
    refused = server.install(plane, documents)
    assert refused == {}
    server.install(plane, server.sentinel("functions"))
    server.ready(plane, "functions")
    yield documents
    server.remove(plane, [*documents, *server.sentinel("functions")])


def test_every_function_decides_as_the_server_does(
    plane: ControlPlane, installed: Documents, record_property: Callable[[str, object], None]
) -> None:
    found: Library = ours.library(installed)
    assert found.problems == ()
    judge = ours.Ours(found, [server.CRD])
    cases = [(name, row, server.case(name, spec)) for name, row in _named() for spec in row[2]]
    theirs = server.send_all(plane, server.KIND, (ours.canonical(value) for _, _, value in cases))
    kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    lenient: list[str] = []
    strict: list[str] = []
    words: list[str] = []
    errors: list[str] = []
    for (_, (function, expression, _), value), verdict in zip(cases, theirs, strict=True):
        mine = judge.message(value)
        kinds[function][_kind(verdict.message)] += 1
        line = f"{expression} of {value['spec']}: {mine!r}, and the server {verdict.message!r}"
        if not mine and verdict.message:
            lenient.append(line)
        elif mine and not verdict.message:
            strict.append(line)
        elif not verdict.message.endswith(mine):
            (errors if _kind(mine) == _kind(verdict.message) == "erred" else words).append(line)
    told = (
        f"{len(cases)} cases of {len(kinds)} functions: {len(lenient)} more lenient,"
        f" {len(strict)} stricter, {len(words)} denied with other words,"
        f" {len(errors)} errors in other words"
    )
    record_property("told", told)
    report = "\n".join(["LENIENT", *lenient, "STRICT", *strict, "WORDS", *words, "ERRORS", *errors])
    assert not lenient, report
    assert all(line.startswith(table.STRICTER) for line in strict), report
    for function, seen in kinds.items():
        assert seen["allowed"] and seen["denied"], (function, seen)


FUZZED = int(os.environ.get("FUZZ_EACH", "2"))  # inputs a row
VALUED = 10 * FUZZED  # inputs a value
SEED = int(os.environ.get("FUZZ_SEED", "7"))


def test_fuzzed_inputs_of_the_table_decide_as_on_the_server(
    plane: ControlPlane, installed: Documents, record_property: Callable[[str, object], None]
) -> None:
    judge = ours.Ours(ours.library(installed), [server.CRD])
    rows = dict(_named())
    cases = [(rows[name], server.case(name, spec)) for name, spec in fuzz.specs(SEED, FUZZED)]
    theirs = server.send_all(plane, server.KIND, (ours.canonical(value) for _, value in cases))
    lenient: list[str] = []
    strict: list[str] = []
    for ((_, expression, _), value), verdict in zip(cases, theirs, strict=True):
        mine = judge.message(value)
        if bool(mine) != bool(verdict.message):
            line = f"{expression} of {value['spec']!r}: {mine!r}, server {verdict.message!r}"
            (strict if mine else lenient).append(line)
    told = f"{len(cases)} inputs: {len(lenient)} more lenient, {len(strict)} stricter"
    record_property("told", told)
    assert not lenient, "\n".join(lenient)
    assert all(line.startswith(table.STRICTER) for line in strict), "\n".join(strict)


@pytest.fixture(scope="module")
def valued(plane: ControlPlane) -> Iterator[Documents]:
    """Policies that deny everything and say what a function gave."""
    plane.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", server.CRD)
    documents: Documents = []
    for number, (text, _) in enumerate(fuzz.VALUES):
        shown = text.replace("X", "object.spec.x").replace("Y", "object.spec.y")
        check = {"expression": f"{shown} == 'no value'", "messageExpression": f"'is ' + {shown}"}
        documents += server.case_policy(f"value-{number}", {"validations": [check]})
    assert server.install(plane, documents) == {}
    server.install(plane, server.sentinel("values"))
    server.ready(plane, "values")
    yield documents
    server.remove(plane, [*documents, *server.sentinel("values")])


def test_fuzzed_values_are_the_servers(
    plane: ControlPlane, valued: Documents, record_property: Callable[[str, object], None]
) -> None:
    judge = ours.Ours(ours.library(valued), [server.CRD])
    cases = [server.case(name, spec) for name, spec in fuzz.values(SEED, VALUED)]
    theirs = server.send_all(plane, server.KIND, map(ours.canonical, cases))
    wrong, erred = [], 0
    for value, verdict in zip(cases, theirs, strict=True):
        mine = judge.message(value)
        kinds = _kind(mine), _kind(verdict.message)
        erred += kinds == ("erred", "erred")
        if kinds[0] != kinds[1] or (kinds[0] == "denied" and not verdict.message.endswith(mine)):
            wrong.append(f"{value['spec']!r}: {mine!r}, server {verdict.message!r}")
    told = f"{len(cases)} values of {len(fuzz.VALUES)} expressions, {erred} of them errors:"
    record_property("told", f"{told} {len(wrong)} differ")
    assert not wrong, "\n".join(wrong)


def _kind(message: str) -> str:
    if not message:
        return "allowed"
    return "erred" if "resulted in error" in message else "denied"


def test_what_the_server_refuses_at_creation_is_refused_when_it_is_loaded(
    plane: ControlPlane, record_property: Callable[[str, object], None]
) -> None:
    wrong, count = [], 0
    for number, expression in enumerate(table.REFUSED):
        name = f"refused-{number}"
        documents = _policy(name, expression)
        theirs = server.install(plane, documents[:1]).get(name, "")
        server.remove(plane, documents[:1])
        problems = ours.library(documents).problems
        mine = problems[0].message if problems else ""
        count += bool(theirs)
        if bool(theirs) != bool(mine):
            wrong.append(f"{expression!r}: {mine!r}, and the server {theirs!r}")
    told = f"{len(table.REFUSED)} expressions, {count} of them refused: {len(wrong)} differ"
    record_property("told", told)
    assert not wrong, "\n".join(wrong)
