"""The port State on one SQLite file.

In: the state folder. Out: the open state, which holds the folder's lock. Made by ``app``.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reconciler.adapters.state import database, folder, migrations, rows
from reconciler.adapters.state import journal as journal_rows
from reconciler.model.errors import StateDamaged, UsageError
from reconciler.model.journal import JournalRow
from reconciler.model.pauses import Asked
from reconciler.model.refs import ObjectRef
from reconciler.model.values import Record
from reconciler.ports import QueuedNote


def open_state(path: Path) -> SqliteState:
    """Take the state folder ``path``, made where it is not there, and open its database.

    Raises StateLocked, StateDamaged (call ``set_aside`` and open again), StateUnavailable, and
    UsageError for a folder that cannot be used or a database of a newer agent.
    """
    folder.prepare(path)
    held = folder.lock(path)
    try:
        return SqliteState(path / folder.DATABASE, _open(path), held)
    except BaseException:
        os.close(held)
        raise


def _open(path: Path) -> sqlite3.Connection:
    file = path / folder.DATABASE
    if not file.exists() and not file.is_symlink():
        _create(path)
    elif file.is_symlink() or not file.is_file():
        raise UsageError(f"{file} is not a regular file")
    elif file.stat().st_size == 0:  # SQLite would take it for a new one
        raise StateDamaged(f"the database {file} is damaged: it was emptied")
    with database.reported(file):
        connection = database.connect(file, "mode=rw")
        try:
            _make_ready(connection, file)
        except BaseException:
            connection.close()
            raise
    return connection


def _create(path: Path) -> None:
    """A database with its tables, which gets its name only when all of it is on disk."""
    file, new = path / folder.DATABASE, path / f"{folder.DATABASE}.new"
    with folder.reported(path, "cannot be written"), database.reported(file):
        folder.remove(new)
        # A log that stands here without its database would be read into the new one.
        folder.remove(file)
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        connection = database.connect(new, "mode=rw")
        try:
            migrations.migrate(connection)
        finally:
            connection.close()
        new.rename(file)
        folder.sync(path)


def _make_ready(connection: sqlite3.Connection, file: Path) -> None:
    migrations.check_version(connection, file)
    database.make_durable(connection)
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise StateDamaged(f"the database {file} is damaged: {found}")
    migrations.migrate(connection)
    rows.check(connection)


class SqliteState:
    """See ports.State; thread-safe. Methods raise StateDamaged and StateUnavailable."""

    def __init__(self, path: Path, connection: sqlite3.Connection, held: int) -> None:
        self._path = path
        self._connection = connection
        self._held = held
        self._mutex = threading.Lock()

    def records(self) -> Mapping[ObjectRef, Record]:
        with self._reading() as connection:
            return rows.records(connection)

    def save(
        self,
        *,
        put: Iterable[Record] = (),
        drop: Iterable[ObjectRef] = (),
        meta: Mapping[str, str] | None = None,
        journal: Iterable[JournalRow] = (),
    ) -> None:
        # Callers' code does not run inside the lock.
        records, gone, added = tuple(put), tuple(drop), tuple(journal)
        with self._writing() as connection:
            rows.drop_records(connection, gone)
            rows.put_records(connection, records)
            rows.put_meta(connection, meta or {})
            journal_rows.put(connection, added)

    def journal(self, since: float = 0.0) -> tuple[JournalRow, ...]:
        with self._reading() as connection:
            return journal_rows.read(connection, since=since)

    def meta(self, key: str) -> str:
        with self._reading() as connection:
            return rows.meta(connection, key)

    def mark_commit(self, commit: str, at: float, mark: str, reason: str = "") -> None:
        with self._writing() as connection:
            rows.mark_commit(connection, commit, at, mark, reason)

    def queue_note(self, note: QueuedNote) -> None:
        with self._writing() as connection:
            rows.put_note(connection, note)

    def queued_note(self) -> QueuedNote | None:
        with self._reading() as connection:
            return rows.note(connection)

    def note_sent(self, note: QueuedNote) -> None:
        with self._writing() as connection:
            rows.drop_note(connection, note)

    def pauses(self) -> tuple[Asked, ...]:
        with self._reading() as connection:
            return rows.pauses(connection)

    def keep_pauses(self, pauses: Iterable[Asked]) -> None:
        listed = tuple(pauses)
        with self._writing() as connection:
            rows.put_pauses(connection, listed)

    def close(self) -> None:
        """Close the database, then let go of the folder. A second call does nothing."""
        with self._mutex:
            if self._held < 0:
                return
            try:
                with database.reported(self._path):
                    self._connection.close()
            finally:
                os.close(self._held)
                self._held = -1

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._mutex, database.reported(self._path):
            yield self._connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with (
            self._mutex,
            database.reported(self._path),
            database.transaction(self._connection),
        ):
            yield self._connection
