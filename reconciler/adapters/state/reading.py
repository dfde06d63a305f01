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
from reconciler.adapters.state import journal as journal_rows
from reconciler.model.errors import StateDamaged, StateUnavailable, UsageError
from reconciler.model.journal import JournalRow
from reconciler.model.pauses import Asked
from reconciler.model.refs import ObjectRef
from reconciler.model.values import Record
from reconciler.ports import QueuedNote

# Without the right to write, SQLite reads a log only where its index is there already.
_UNWRITABLE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
_ATTEMPTS = 10


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
    with database.reported(file), folder.reported(path, "cannot be read"):
        return StateReading(file, _open(file))


def _open(file: Path) -> sqlite3.Connection:
    for _ in range(_ATTEMPTS):
        found = _beside_writer(file) if _log(file).exists() else _unwatched(file)
        if found is not None:
            return found
    raise StateUnavailable(f"the agent starts and stops with the database {file}; try again")


def _log(file: Path) -> Path:
    return Path(f"{file}-wal")


def _unwatched(file: Path) -> sqlite3.Connection | None:
    """The database while nobody has it open; None where somebody had in the meantime.

    SQLite's read-only mode would leave a log and its index behind. A writer makes the log first.
    """
    before = _version(file)
    memory = _in_memory(file, "mode=ro&immutable=1", file)
    if not _log(file).exists() and _version(file) == before:
        return memory
    memory.close()
    return None


def _version(file: Path) -> tuple[int, ...]:
    found = file.stat()
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _beside_writer(file: Path) -> sqlite3.Connection:
    """The database while the agent runs, or after it was killed."""
    try:
        return _connect(file, "mode=ro", file)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _UNWRITABLE:
            raise
    # Who may not write here reads a copy of both files, which nobody is changing: beside a
    # running agent the log has its index.
    with tempfile.TemporaryDirectory(prefix="fleet-reconciler-") as temporary:
        copy = Path(temporary, file.name)
        shutil.copyfile(file, copy)
        shutil.copyfile(_log(file), _log(copy))
        return _in_memory(copy, "mode=ro", file)


def _in_memory(file: Path, options: str, shown: Path) -> sqlite3.Connection:
    source = _connect(file, options, shown)
    try:
        memory = sqlite3.connect(":memory:", isolation_level=None)
        source.backup(memory)
    finally:
        source.close()
    return memory


def _connect(file: Path, options: str, shown: Path) -> sqlite3.Connection:
    connection = database.connect(file, options)
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

    def journal(self, since: float = 0.0) -> tuple[JournalRow, ...]:
        with database.reported(self._path):
            return journal_rows.read(self._connection, since=since)

    def pauses(self) -> tuple[Asked, ...]:
        with database.reported(self._path):
            return rows.pauses(self._connection)

    def queued_note(self) -> QueuedNote | None:
        with database.reported(self._path):
            return rows.note(self._connection)

    def close(self) -> None:
        self._connection.close()
