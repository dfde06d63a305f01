"""The demo interrupted at any moment leaves no process behind."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.process import RECONCILER

WARDEN = Path(__file__).with_name("warden.py")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LINES = 36  # of a play's output, after which it still has an act to go


def interrupted(
    folder: Path, number: int, *, after: str = "", lines: int = 0, delay: float = 0.0
) -> dict[str, Any]:
    """What became of a demo that got a signal after so many lines, or one with these words, and so
    many seconds more."""
    given = [str(int(number)), after, str(lines), str(delay)]
    done = subprocess.run(
        [sys.executable, WARDEN, *given, RECONCILER, "demo", "fleet"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["lived"], "it had ended before the signal came"
    return found


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("seed", range(2))
def test_a_signal_at_any_moment_leaves_no_process(
    seed: int, number: signal.Signals, tmp_path: Path
) -> None:
    chance = random.Random(f"{seed} {number}")
    lines = chance.randint(1, LINES)
    became = interrupted(tmp_path, number, lines=lines, delay=chance.uniform(0, 0.1))
    assert became["left"] == []
    assert became["code"] == 130, became
    assert [path.name for path in tmp_path.iterdir()] == ["fleet"]


@pytest.mark.parametrize("seed", range(2))
def test_nor_does_one_that_comes_before_the_first_act(seed: int, tmp_path: Path) -> None:
    became = interrupted(tmp_path, signal.SIGINT, delay=random.Random(seed).uniform(0, 0.4))
    assert became["left"] == []
    assert became["code"] != 0


@pytest.mark.parametrize("moment", ["is deleted", "Tidy up"])
def test_an_interruption_of_an_act_is_said(moment: str, tmp_path: Path) -> None:
    became = interrupted(tmp_path, signal.SIGINT, after=moment)
    assert (became["left"], became["code"]) == ([], 130), became
    assert "interrupted" in became["err"]
