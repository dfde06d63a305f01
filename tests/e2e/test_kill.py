"""kill -9 at seeded moments and a restart after each: nothing is lost and nothing written twice.

``make test`` kills the agent 25 times, and up to 50 times until each phase was met. The long form,
and one with a seed of one's own:

    make test KILLS=200 WORKERS=0 PYTEST_ARGS="-s tests/e2e/test_kill.py"
    make test KILLS=200 SEED=4711 WORKERS=0 PYTEST_ARGS="-s tests/e2e/test_kill.py"

The seed is printed, and so is how many kills met the agent in which phase. Chance decides what
is asked for; how far the agent has come when it dies depends on the machine as well, so that the
same seed draws the same numbers, and makes not the very same run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.crash import verdict
from tests.e2e.crash.ledger import Ledger
from tests.e2e.crash.trial import OWN, Trial
from tests.e2e.world import World

KILLS = int(os.environ.get("KILLS", "25"))
LEAST = KILLS // 25  # kills that each phase must have met


@pytest.fixture
def trial(world: World, record_property: Callable[[str, object], None]) -> Iterator[Trial]:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
    record_property("told", f"the seed is {seed}")
    made = Trial(world, seed)
    yield made
    made.clear()


@pytest.mark.timeout(120 + 30 * KILLS)
def test_nothing_is_lost_and_nothing_is_written_that_did_not_need_it(
    trial: Trial, record_property: Callable[[str, object], None]
) -> None:
    with Ledger(trial.world.plane, (*trial.paths, *OWN)) as ledger:
        while trial.kills < KILLS or (trial.lacks(LEAST) and trial.kills < 2 * KILLS):
            aim = trial.choose()
            met = trial.kill(aim)
            print(f"kill {trial.kills} aimed at {aim} and met {', '.join(sorted(met))}")
        record_property("told", trial.summary())
        verdict.converge(trial)
        counts = verdict.check_writes(trial, ledger).counts
        record_property("told", f"writes by their reason: {dict(sorted(counts.items()))}")
        verdict.check_own(ledger)
        verdict.check_cluster(trial)
        verdict.check_books(trial)
        verdict.check_foreigners(trial)
        verdict.check_note(trial)
        record_property("told", f"{verdict.check_deletions(trial)} deletions, all of them due")
        verdict.check_rest(trial, ledger)
    assert not trial.lacks(LEAST), trial.summary()
