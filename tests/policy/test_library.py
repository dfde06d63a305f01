"""The policies that come with the project deny what they are for, and nothing else."""

from __future__ import annotations

import re

import pytest

from reconciler.model.rendered import Action
from reconciler.policy import admit
from tests.policy import library
from tests.policy.differential import ours

TRIALS = [trial for name in library.NAMES for trial in library.trials(name)]


@pytest.mark.parametrize("name", library.NAMES)
def test_a_policy_compiles_says_why_and_is_tried_both_ways(name: str) -> None:
    text = (library.FOLDER / f"{name}.yaml").read_text()
    assert re.match(r"# [A-Z]", text), "the file begins with a sentence of why"
    found = ours.library(library.documents(name))
    assert found.problems == ()
    assert [each.name for each in found.policies] == [name]
    assert {bool(trial.message) for trial in library.trials(name)} == {True, False}


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.id)
def test_an_object_passes_or_does_not(trial: library.Trial) -> None:
    found = ours.library(library.documents(trial.policy))
    thing = ours.thing(trial.value)
    before = admit.Before(
        ref=thing.ref, api_version=thing.api_version, body=thing.body, origin=thing.origin
    )
    spaces = [ours.thing(space) for space in library.spaces()]
    findings = admit.admit(
        spaces if trial.removed else [*spaces, thing],
        found,
        before=[before] if trial.removed else [],
        user=admit.agent("fleet-system"),
    ).findings
    denied = [finding.message for finding in findings if finding.action is Action.DENY]
    if trial.message:
        assert any(trial.message in message for message in denied), denied
    else:
        assert denied == []
