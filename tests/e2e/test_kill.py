"""kill -9 at seeded moments and a restart after each: nothing is lost and nothing written twice.

``make test`` kills the agent 25 times. The long form, and one with a seed of one's own:

    make test PYTEST_ARGS="-s tests/e2e/test_kill.py" KILLS=200
    make test PYTEST_ARGS="-s tests/e2e/test_kill.py" KILLS=200 SEED=4711

The seed is printed, and so is how many kills met the agent in which phase. Chance decides what
is asked for; how far the agent has come when it dies depends on the machine as well, so that the
same seed makes the same commits and draws the same delays, and not the very same run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.e2e.crash import phases, verdict
from tests.e2e.crash.ledger import Ledger
from tests.e2e.crash.trial import Trial
from tests.e2e.world import World

KILLS = int(os.environ.get("KILLS", "25"))
LEAST = KILLS // 25  # kills that each phase must have met


@pytest.fixture
def trial(world: World) -> Iterator[Trial]:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
    print(f"the seed is {seed}")
    made = Trial(world, seed)
    yield made
    made.clear()


@pytest.mark.timeout(120 + 15 * KILLS)
def test_nothing_is_lost_and_nothing_is_written_that_did_not_need_it(trial: Trial) -> None:
    with Ledger(trial.world.plane, trial.paths) as ledger:
        while trial.kills < KILLS:
            aim = trial.choose()
            found = trial.kill(aim)
            print(f"kill {trial.kills} aimed at {aim} and met {', '.join(sorted(found))}")
        print(trial.summary())
        verdict.converge(trial)
        print(verdict.check_writes(trial, ledger).counts)
        verdict.check_cluster(trial)
        verdict.check_books(trial)
        verdict.check_foreigners(trial)
        verdict.check_note(trial)
        print(f"{verdict.check_deletions(trial)} objects pruned")
        verdict.check_rest(trial, ledger)
    assert all(trial.hits[phase] >= LEAST for phase in phases.PHASES), trial.summary()
