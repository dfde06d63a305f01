"""How long the command line takes to begin, against the least that it could take.

``reconciler --help`` beside ``import click``: one after the other, over and over, so that what the
machine does besides slows both. The target is a ratio of 1.5.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_RECONCILER = str(Path(sys.executable).with_name("reconciler"))
_COMMANDS = {
    "import click": [sys.executable, "-c", "import click"],
    "--help": [_RECONCILER, "--help"],
    "bootstrap --help": [_RECONCILER, "bootstrap", "--help"],
    "version": [_RECONCILER, "version"],
}


def run(rounds: int) -> Iterator[tuple[str, str]]:
    """Rows for the table: medians, and their ratio to ``import click``."""
    taken: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    for _ in range(rounds):
        for name, command in _COMMANDS.items():
            taken[name].append(_seconds(command))
    least, *ours = ((name, statistics.median(times)) for name, times in taken.items())
    yield f"python -c '{least[0]}'", f"{least[1] * 1000:.0f} ms"
    for name, seconds in ours:
        yield f"reconciler {name}", f"{seconds * 1000:.0f} ms, {seconds / least[1]:.2f} times that"


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
