"""kill -9 at any moment: what was acknowledged is there, and nothing is there by half."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.adapters.state import open_state
from tests.contracts.state_contract import record

KILLS = 12


@pytest.fixture
def chance() -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    print(f"the seed is {seed}")
    return random.Random(seed)


def kill_after(lines: int, *arguments: str | Path) -> int:
    """Run the writer, kill it after so many lines, and return the last line it wrote."""
    command = [sys.executable, "-m", "tests.adapters.state.writer", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout
        said = [int(child.stdout.readline()) for _ in range(lines)]
        child.kill()
        said += [int(line) for line in child.stdout]
        assert child.wait() == -signal.SIGKILL
    return said[-1]


def test_a_killed_agent_loses_nothing_that_was_acknowledged(
    tmp_path: Path, chance: random.Random
) -> None:
    for _ in range(KILLS):
        # Two lines at least: the note before the last line is queued by this writer, then.
        acknowledged = kill_after(chance.randint(2, 60), "save", tmp_path)
        state = open_state(tmp_path)
        number = int(state.meta("number"))
        assert acknowledged <= number <= acknowledged + 1
        whole = record(f"o-{number}", body=b"%d" % number * 3_000)
        assert state.records() == {whole.ref: whole}
        queued = state.queued_note()
        assert queued is None or number - 1 <= int(queued.text) <= number
        state.close()


def test_an_agent_killed_at_its_first_start_starts_again(
    tmp_path: Path, chance: random.Random
) -> None:
    for kill in range(KILLS):
        folder = tmp_path / str(kill)
        folder.mkdir()
        kill_after(chance.randint(1, 20), "create", folder)
        for made in folder.iterdir():
            state = open_state(made)
            assert not state.records()
            state.close()
