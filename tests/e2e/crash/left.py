"""What a dead agent left in its state folder, read from a copy, as the next agent will find it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from reconciler.adapters.state import SqliteState, open_state
from reconciler.model.refs import ObjectRef
from tests.e2e.crash import objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """``objects``: for each its uid, and the number of the commit that its bytes are of."""

    accepted: str
    rendering: bool
    queued: bool  # a note
    objects: dict[ObjectRef, tuple[str, int]]


@contextmanager
def database(folder: Path) -> Iterator[SqliteState | None]:
    """The database, opened; None where there is none."""
    if not (folder / "state.db").exists():
        yield None
        return
    with tempfile.TemporaryDirectory() as copy:
        for file in folder.glob("state.db*"):
            shutil.copy(file, copy)
        state = open_state(Path(copy))
        try:
            yield state
        finally:
            state.close()


def kept(folder: Path) -> Kept | None:
    """What is in the database; None where there is none."""
    with database(folder) as state:
        if state is None:
            return None
        return Kept(
            accepted=state.meta("accepted"),
            rendering=bool(state.meta("rendering")),
            queued=state.queued_note() is not None,
            objects={
                ref: (record.uid, objects.serial_of(orjson.loads(record.body)))
                for ref, record in state.records().items()
            },
        )
