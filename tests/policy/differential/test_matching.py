"""Policies apply to what they apply to in the API server, with the parameters that they have there.

Every row's objects are sent as the agent sends them, by apply. Before any policy is there they
are sent as dry-runs: what comes back is what the server says where it is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.values import Preview
from reconciler.schema import resources
from tests.controlplane.plane import ControlPlane
from tests.controlplane.processes import until
from tests.policy.differential import further, matching, ours, server

Value = dict[str, Any]

_APPLY = "application/apply-patch+yaml"
_THREADS = 4
_LENIENT = "more lenient"
_PARTS = {**matching.PARTS, **further.PARTS}
_DEFINITIONS = (*matching.DEFINITIONS, server.CRD)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """An object of a row; None is the removal of the old one."""

    part: str
    name: str
    number: int
    row: matching.Row
    value: Value | None
    old: Value | None

    @property
    def key(self) -> tuple[str, int]:
        return self.name, self.number

    @property
    def differs(self) -> str:
        return dict(enumerate(self.row.differs)).get(self.number, "")


def _trials() -> Iterator[Trial]:
    for part, name, row in matching.named(_PARTS):
        old = _own(name, row.old, name=name) if row.old else None
        more = {"name": name} if old else {}  # what is really there has the row's name
        for number, each in enumerate(row.objects):
            value = _own(name, each, **more)
            yield Trial(part=part, name=name, number=number, row=row, value=value, old=old)
        if not row.objects:
            yield Trial(part=part, name=name, number=0, row=row, value=None, old=old)


def _own(row: str, value: Value, **more: str) -> Value:
    """As only the row's own policy sees it."""
    metadata = value["metadata"]
    labels = {**metadata.get("labels", {}), "case": row}
    return {**value, "metadata": {**metadata, "labels": labels, **more}}


def _documents(name: str, row: matching.Row) -> list[Value]:
    """Its policy, for its own objects alone, and its bindings."""
    match = row.spec.get("matchConstraints", matching.match())
    selector = match.get("objectSelector", {})
    own = {**selector, "matchLabels": {**selector.get("matchLabels", {}), "case": name}}
    spec = {
        "failurePolicy": "Fail",
        **matching.check("false", message=matching.NO),
        **row.spec,
        "matchConstraints": {**match, "objectSelector": own},
    }
    head = {"apiVersion": "admissionregistration.k8s.io/v1"}
    policy = {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec}
    return [
        {**head, **policy},
        *(
            {
                **head,
                "kind": "ValidatingAdmissionPolicyBinding",
                "metadata": {"name": f"{name}-{number}"},
                "spec": {"policyName": name, "validationActions": ["Deny"], **binding},
            }
            for number, binding in enumerate(row.bindings)
        ),
    ]


class Side:
    """The API server's."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self.previews: dict[tuple[str, int], Preview] = {}

    def apply(self, value: Mapping[str, Any], *, dry: bool = False) -> tuple[int, Value]:
        path = f"{_path(value)}?fieldManager=fleet-reconciler&force=true"
        return self._plane.request(
            "PATCH", path + ("&dryRun=All" if dry else ""), ours.canonical(value), _APPLY
        )

    def keep(self, value: Mapping[str, Any]) -> None:
        status, answer = self.apply(value)
        assert status in (200, 201), answer

    def _preview(self, trial: Trial) -> Preview:
        assert trial.value is not None
        status, answer = self.apply(trial.value, dry=True)
        assert status in (200, 201), answer
        live = self._plane.request("GET", _path(trial.value))[1] if trial.old else None
        return Preview(value=answer, old=live)

    def look(self) -> None:
        """What becomes of every object, with no policy about."""
        trials = [trial for trial in _trials() if trial.value is not None]
        with ThreadPoolExecutor(_THREADS) as pool:
            for trial, preview in zip(trials, pool.map(self._preview, trials), strict=True):
                self.previews[trial.key] = preview

    def message(self, trial: Trial) -> str:
        """What the policies say, ``""`` where they allow it. Any other refusal fails the test."""
        if trial.value is not None:
            status, answer = self.apply(trial.value, dry=True)
        else:
            assert trial.old is not None
            path = f"{_path(trial.old)}?dryRun=All"
            status, answer = self._plane.request(
                "DELETE", path, {"propagationPolicy": "Background"}
            )
        message = str(answer.get("message", ""))
        assert status < 300 or "ValidatingAdmissionPolicy" in message, answer
        return "" if status < 300 else message


def _path(value: Mapping[str, Any]) -> str:
    version, kind, metadata = value["apiVersion"], value["kind"], value["metadata"]
    root = "/api/v1" if version == "v1" else f"/apis/{version}"
    space = metadata.get("namespace")
    within = f"/namespaces/{space}" if space else ""
    plural = matching.PLURALS.get(kind) or resources.plural(kind)
    return f"{root}{within}/{plural}/{metadata['name']}"


@pytest.fixture(scope="module")
def side(binaries: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    """A control plane of their own, where no parameters of other policies were ever watched."""
    folder = tmp_path_factory.mktemp("matching")
    with ControlPlane(folder, binaries, controllers=False) as plane:
        yield _prepared(plane)


def _prepared(plane: ControlPlane) -> Side:
    """All that the rows are about is there, and every policy acts."""
    found = Side(plane)
    for each in (*matching.SPACES, *_DEFINITIONS):
        found.keep(each)
    for each in _DEFINITIONS:
        until(partial(_is_served, plane, each), f"{each['metadata']['name']} is served")
    for each in _kept():
        found.keep(each)
    found.look()
    documents = [each for _, name, row in matching.named(_PARTS) for each in _documents(name, row)]
    assert server.install(plane, documents) == {}
    server.install(plane, server.sentinel("matching"))
    server.ready(plane, "matching")
    for trial in _trials():
        if trial.row.params and trial.number == 0:
            until(partial(_has_params, found, trial), f"{trial.name} has its parameters")
    return found


def _kept() -> Iterator[Value]:
    """What is there before the policies are."""
    for trial in _trials():
        if trial.number == 0:
            yield from trial.row.params
            yield from [trial.old] if trial.old else []


def _has_params(side: Side, trial: Trial) -> bool:
    """Whether the server knows the kind of its parameters by now, and has them."""
    return "failed to configure" not in side.message(trial)


def _is_served(plane: ControlPlane, definition: Mapping[str, Any]) -> bool:
    spec = definition["spec"]
    root = f"/apis/{spec['group']}/{spec['versions'][0]['name']}"
    return plane.request("GET", f"{root}/{spec['names']['plural']}")[0] == 200


class Ours:
    """Our side of a row, with what its repository declares."""

    def __init__(self, name: str, row: matching.Row) -> None:
        self._library = ours.library(_documents(name, row))
        assert self._library.problems == ()
        self._around = [
            *matching.SPACES,
            *(matching.DEFINITIONS if row.declared else ()),
            *row.params,
        ]

    def alone(self, trial: Trial) -> str:
        """As ``validate`` says it, which asks nobody."""
        judge = ours.Ours(self._library, self._around)
        if trial.value is None:
            assert trial.old is not None
            return judge.removal(trial.old)
        return judge.told(trial.value, trial.old)[0]

    def asking(self, trial: Trial, preview: Preview) -> tuple[str, bool]:
        """As a site says it, and whether it asked the server."""
        judge = ours.Ours(self._library, self._around, ask=lambda _: preview)
        assert trial.value is not None
        return judge.told(trial.value, trial.old)


class Count:
    """What came of the trials, and what is wrong."""

    def __init__(self) -> None:
        self.trials = self.denied = self.asked = 0
        self.differ: Counter[str] = Counter()  # verdicts that count, on site
        self.unasked: Counter[str] = Counter()  # those of objects that a site asks about
        self.wrong: list[str] = []

    def add(self, side: Side, trial: Trial, mine: Ours, theirs: str) -> None:
        alone, asked = mine.alone(trial), False
        last = alone
        if trial.value is not None:
            last, asked = mine.asking(trial, side.previews[trial.key])
        self.trials += 1
        self.denied += bool(theirs)
        self.asked += asked
        said = _differs(last, theirs)
        self.differ[said] += 1
        self.unasked[_differs(alone, theirs)] += asked
        if said != trial.differs:
            told = f"{trial.key}, {said or 'the same'} and not {trial.differs or 'the same'}"
            self.wrong.append(f"{told}: {last!r}, and the server {theirs!r}")
        if not asked and last != alone:
            self.wrong.append(f"{trial.key}: {last!r}, and {alone!r} by validate")

    def __str__(self) -> str:
        return (
            f"{self.trials} objects, {self.denied} denied: {self.differ[_LENIENT]} more lenient,"
            f" {self.differ[matching.STRICTER]} stricter, {self.differ[matching.WORDS]} denied"
            f" with other words; {self.asked} of them uncertain, of which {self.unasked[_LENIENT]}"
            " would be allowed if the server were not asked"
        )


def _differs(mine: str, theirs: str) -> str:
    if bool(mine) != bool(theirs):
        return matching.STRICTER if mine else _LENIENT
    return "" if theirs.endswith(mine) else matching.WORDS


_CHANGES = ("changed", "removed")


def test_policies_apply_as_they_do_in_the_server(
    side: Side, record_property: Callable[[str, object], None]
) -> None:
    _compare(side, [each for each in _PARTS if each not in _CHANGES], record_property)


def test_changes_and_removals_are_judged_as_in_the_server(
    side: Side, record_property: Callable[[str, object], None]
) -> None:
    _compare(side, _CHANGES, record_property)


def _compare(
    side: Side, parts: Sequence[str], record_property: Callable[[str, object], None]
) -> None:
    trials = [trial for trial in _trials() if trial.part in parts]
    judges = {trial.name: Ours(trial.name, trial.row) for trial in trials}
    count, seen = Count(), set()
    with ThreadPoolExecutor(_THREADS) as pool:
        for trial, theirs in zip(trials, pool.map(side.message, trials), strict=True):
            count.add(side, trial, judges[trial.name], theirs)
            seen.add((trial.part, bool(theirs)))
    record_property("told", f"{len(judges)} policies, {count}")
    assert not count.wrong, "\n".join(count.wrong)
    assert len(seen) == 2 * len(parts)  # allowed and denied
