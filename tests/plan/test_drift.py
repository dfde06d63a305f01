"""Drift by ownership: the rule, case by case."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from reconciler.model.refs import ObjectRef
from reconciler.model.values import Live
from reconciler.plan import drift
from reconciler.plan.drift import Drift
from tests.plan.test_ownership import OURS, A, B, entry, live

BEFORE = live(entry(OURS, A), entry(("controller", "Update"), B, subresource="status"))
KEYED = dataclasses.replace(BEFORE, generation=1)


def changed(base: Live, **fields: object) -> Live:
    return dataclasses.replace(base, **fields)  # type: ignore[arg-type] # names are Live's own


CASES = {
    "nothing": (BEFORE, BEFORE, Drift.NONE),
    "a change without a trace in ownership": (
        BEFORE,
        changed(BEFORE, resource_version="8"),
        Drift.SUSPECTED,
    ),
    "a version, with a generation": (KEYED, changed(KEYED, resource_version="8"), Drift.NONE),
    "a status write, and its version": (
        BEFORE,
        changed(
            live(entry(OURS, A), entry(("controller", "Update"), A, subresource="status")),
            resource_version="8",
        ),
        Drift.NONE,
    ),
    "another uid": (BEFORE, changed(BEFORE, uid="v"), Drift.CERTAIN),
    "our entry is gone": (BEFORE, live(), Drift.CERTAIN),
    "our entry lost a field": (BEFORE, live(entry(OURS, {})), Drift.CERTAIN),
    "a status entry changed": (
        BEFORE,
        live(entry(OURS, A), entry(("controller", "Update"), A, subresource="status")),
        Drift.NONE,
    ),
    "another manager came": (
        BEFORE,
        live(*BEFORE.managed, entry(("kubectl", "Update"), B)),
        Drift.SUSPECTED,
    ),
    "our entry's time, no generation": (
        BEFORE,
        live(entry(OURS, A, time="2026-02-02T00:00:00Z"), BEFORE.managed[1]),
        Drift.SUSPECTED,
    ),
    "generation": (KEYED, changed(KEYED, generation=2), Drift.SUSPECTED),
    "another manager, with a generation": (
        KEYED,
        changed(KEYED, managed=(*KEYED.managed, entry(("kubectl", "Update"), B))),
        Drift.NONE,
    ),
}


@pytest.mark.parametrize(("before", "now", "expected"), CASES.values(), ids=CASES)
def test_a_look_at_ownership_tells(before: Live, now: Live, expected: Drift) -> None:
    assert drift.compare(drift.signature(before), now) is expected


JOB = dataclasses.replace(BEFORE, ref=ObjectRef("batch", "Job", "a", "b"))
ENDS: dict[str, tuple[dict[str, Any], bool]] = {
    "running": ({"f:status": {"f:active": {}, "f:startTime": {}}}, False),
    "complete": ({"f:status": {"f:completionTime": {}, "f:conditions": {}}}, True),
    "failed": ({"f:status": {"f:conditions": {}, "f:failed": {}}}, True),
    "suspended": ({"f:status": {"f:conditions": {}}}, False),
}


@pytest.mark.parametrize(("status", "over"), ENDS.values(), ids=ENDS)
def test_a_job_that_is_over_is_known_by_its_status_fields(
    status: dict[str, Any], over: bool
) -> None:
    managed = (entry(("kube-controller-manager", "Update"), status, subresource="status"),)
    assert drift.is_finished(dataclasses.replace(JOB, managed=managed)) is over
    assert drift.is_finished(dataclasses.replace(BEFORE, managed=managed)) is False
