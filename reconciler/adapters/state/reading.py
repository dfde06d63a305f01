"""The state as commands read it: nothing is created or locked, and the agent may run.

In: the state folder. Out: the same values that the agent sees. Used by ``app`` for commands.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from pathlib import Path

from reconciler.adapters.state import database, folder, migrations, rows
from reconciler.model.errors import StateDamaged, UsageError
from reconciler.model.refs import ObjectRef
from reconciler.model.values import Record
from reconciler.ports import QueuedNote

# Without the right to write, SQLite reads a log only where its index is there already.
_UNWRITABLE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}


def open_reading(path: Path) -> StateReading:
    """Open the database in the state folder ``path`` for reading.

    Raises UsageError where there is none or where its version is another agent's, StateDamaged
    and StateUnavailable.
    """
    file = path / folder.DATABASE
    try:
        size = file.stat().st_size
    except OSError as error:
        raise UsageError(f"there is no state to read in {path}: {error.strerror}") from None
    if size == 0:
        raise StateDamaged(f"the database {file} is damaged: it was emptied")
    with database.reported(file):
        try:
            return StateReading(file, _connect(file, file))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _UNWRITABLE:
                raise
        return StateReading(file, _connect_copy(file))


def _connect(file: Path, shown: Path) -> sqlite3.Connection:
    connection = database.connect(file, "ro")
    try:
        version = migrations.check_version(connection, shown)
        if version < migrations.VERSION:
            raise UsageError(
                f"the database {shown} has schema version {version}, not {migrations.VERSION}:"
                " start this version's agent once, it brings it up to date"
            )
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_copy(file: Path) -> sqlite3.Connection:
    """Nobody writes where nobody can, so a copy of both files is whole. It has no name later."""
    with tempfile.TemporaryDirectory(prefix="fleet-reconciler-") as temporary:
        copy = Path(temporary, file.name)
        with folder.reported(file.parent, "cannot be read"):
            shutil.copyfile(file, copy)
            log = Path(f"{file}-wal")
            if log.exists():
                shutil.copyfile(log, f"{copy}-wal")
        source = _connect(copy, file)
        try:
            memory = sqlite3.connect(":memory:", isolation_level=None)
            source.backup(memory)
        finally:
            source.close()
    return memory


class StateReading:
    """The reading half of ports.State; for one thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    def records(self) -> Mapping[ObjectRef, Record]:
        with database.reported(self._path):
            return rows.records(self._connection)

    def meta(self, key: str) -> str:
        with database.reported(self._path):
            return rows.meta(self._connection, key)

    def queued_note(self) -> QueuedNote | None:
        with database.reported(self._path):
            return rows.note(self._connection)

    def close(self) -> None:
        self._connection.close()
