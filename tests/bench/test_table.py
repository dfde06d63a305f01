"""``python -m bench``: which targets are not met is told at the end, and by the exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench import table

MET = table.at_most("time", 1.0, 2.0, " s")
MISSED = table.at_least("  ratio", 1.0, 2.0, " times")
BESIDE = table.Row(what="beside", figure="3")


def _ran(folder: Path, *words: str) -> tuple[int, list[str]]:
    """On a machine without kustomize and go. The exit code, and the lines."""
    done = subprocess.run(
        [sys.executable, "-m", "bench", *words],
        env={"PATH": "", "XDG_CACHE_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def test_a_target_is_a_ceiling_or_a_floor_and_reaching_it_meets_it() -> None:
    assert table.at_most("time", 2.0, 2.0).met and not table.at_most("time", 2.1, 2.0).met
    assert table.at_least("ratio", 2.0, 2.0).met and not table.at_least("ratio", 1.9, 2.0).met


def test_the_summary_counts_targets_and_names_those_that_are_not_met() -> None:
    assert table.summary([MET, BESIDE]) == "1 of 1 targets are met"
    assert (
        table.summary([MISSED, MET, BESIDE])
        == "1 of 2 targets are met\nNOT MET: ratio: 1.00 times, not at least 2 times"
    )
    assert table.summary([BESIDE]) == "0 of 0 targets are met"


def test_what_has_no_target_is_not_missed() -> None:
    assert not table.is_missed([MET, BESIDE])
    assert table.is_missed([MET, MISSED, BESIDE])


def test_a_target_that_is_not_met_ends_the_benchmark_with_1(tmp_path: Path) -> None:
    code, lines = _ran(tmp_path, "kustomize")
    assert code == 1
    assert lines[1].endswith("NOT MET") and "NOT COMPARED" in lines[1]
    assert lines[2] == "0 of 1 targets are met"
    assert lines[3].startswith("NOT MET: kustomize: NOT COMPARED")


def test_a_short_run_fails_for_no_target(tmp_path: Path) -> None:
    code, lines = _ran(tmp_path, "--short", "kustomize")
    assert code == 0
    assert lines[-1].startswith("NOT MET: kustomize: ")


def test_an_unknown_benchmark_is_no_success(tmp_path: Path) -> None:
    assert _ran(tmp_path, "kustomise")[0] == 2
