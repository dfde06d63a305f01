"""A process to be killed: ``python -m tests.adapters.state.writer save|create FOLDER``."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from reconciler.adapters.state import open_state
from tests.contracts.state_contract import note, record


def save(folder: Path) -> None:
    """Move one record, one value and the note on together, and say so when it is done."""
    state = open_state(folder)
    for number in count(int(state.meta("number") or "0") + 1):
        gone = record(f"o-{number - 1}").ref
        new = record(f"o-{number}", body=b"%d" % number * 3_000)
        state.save(put=[new], drop=[gone], meta={"number": str(number)})
        print(number, flush=True)
        state.queue_note(note(str(number)))


def create(folder: Path) -> None:
    for number in count():
        open_state(folder / str(number)).close()
        print(number, flush=True)


if __name__ == "__main__":
    {"save": save, "create": create}[sys.argv[1]](Path(sys.argv[2]))
