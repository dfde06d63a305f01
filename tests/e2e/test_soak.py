"""Commits, edits, deletions, restarts of the API server and deaths of the agent, at random.

``make test`` does so for two minutes. The long form, and one with a seed of one's own:

    make soak MINUTES=30
    make soak MINUTES=30 SEED=4711

How often each fault fired is printed. In the end the cluster is exactly as the last commit says,
and the agent that lived on has grown neither in memory nor in descriptors.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.crash import verdict
from tests.e2e.crash.soak import FAULTS, Soak, growth
from tests.e2e.crash.trial import Trial
from tests.e2e.world import World

MINUTES = float(os.environ.get("MINUTES") or 2)
HEAP = 4 * 2**20  # bytes that it may grow by while it finds its size
CONNECTIONS = 8  # at most one for each thread that applies; how many of them there are is chance


@pytest.fixture
def soak(world: World, record_property: Callable[[str, object], None]) -> Iterator[Soak]:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
    record_property("told", f"the seed is {seed}, for {MINUTES:g} minutes")
    trial = Trial(world, seed)
    made = Soak(trial, MINUTES * 60)
    yield made
    made.discard()
    trial.clear()


@pytest.mark.timeout(900 + 90 * MINUTES)
def test_a_site_under_all_faults_ends_exactly_at_the_last_commit_and_leaks_nothing(
    soak: Soak, record_property: Callable[[str, object], None]
) -> None:
    soak.run()
    record_property("told", soak.summary())
    verdict.check_cluster(soak.trial)
    verdict.check_books(soak.trial)
    verdict.check_foreigners(soak.trial)
    verdict.check_note(soak.trial)
    record_property("told", f"{verdict.check_deletions(soak.trial)} deletions, all of them due")
    assert all(soak.fired[name] for name in FAULTS), soak.summary()
    assert growth([weight.descriptors for weight in soak.weights]) <= CONNECTIONS, soak.weights
    assert growth([weight.memory for weight in soak.weights]) <= HEAP, soak.weights


def test_growth_is_what_all_late_values_have_more_than_all_early_ones() -> None:
    assert growth([5, 6, 5, 7, 9, 8, 9, 9]) == 3
    assert growth([5, 9, 5, 7, 9, 8, 9, 6]) == 0
