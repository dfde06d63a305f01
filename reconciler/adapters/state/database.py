"""SQLite for the state: connections, and its errors told apart by what helps against them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.model.errors import ReconcilerError, StateDamaged, StateUnavailable

_BUSY = 10.0  # seconds; a reading command holds nothing for longer
_LOG_LIMIT = 4 << 20  # bytes that a checkpoint leaves of the log

# Of our constant statements, SQLITE_ERROR means that a table or column is not there.
_DAMAGE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_TOOBIG,
}


def connect(path: Path, options: str) -> sqlite3.Connection:
    """A connection for any thread, one at a time; ``options`` are those of SQLite's URIs.

    Transactions are begun and ended by statement. Raises sqlite3.Error.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}",
        uri=True,
        timeout=_BUSY,
        isolation_level=None,
        check_same_thread=False,
    )
    # The schema is data of the file: none of it may call a function, and cells are checked.
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def make_durable(connection: sqlite3.Connection) -> None:
    """A commit that returned survives a power cut. Raises sqlite3.Error."""
    # On a file system without shared memory this stays DELETE, which is as durable.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block's writes, durably, or none. Raises sqlite3.Error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turn sqlite3's errors into StateDamaged or StateUnavailable."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:  # a call that is wrong in itself, such as after close
            raise
        kind: type[ReconcilerError] = StateDamaged if code & 0xFF in _DAMAGE else StateUnavailable
        verb = "is damaged" if kind is StateDamaged else "cannot be used"
        raise kind(f"the database {path} {verb}: {error} ({error.sqlite_errorname})") from None
