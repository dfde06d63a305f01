"""The schema, as a table of migrations; ``user_version`` says how many of them were done.

A migration that was released never changes: the next one stands below it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from reconciler.adapters.state import database
from reconciler.model.errors import StateDamaged, UsageError

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
        """CREATE TABLE objects (
            ref TEXT PRIMARY KEY,
            api_version TEXT NOT NULL,
            uid TEXT NOT NULL,
            digest TEXT NOT NULL,
            bytes BLOB NOT NULL,
            signature TEXT NOT NULL,
            origin TEXT NOT NULL,
            applied_at REAL NOT NULL
        )""",
        """CREATE TABLE commits (
            "commit" TEXT PRIMARY KEY,
            seen REAL,
            accepted REAL,
            synced REAL,
            healthy REAL,
            refused REAL,
            reason TEXT NOT NULL DEFAULT ''
        )""",
        # The queue is one note long, as only the newest is sent.
        """CREATE TABLE notes (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            "commit" TEXT NOT NULL,
            text TEXT NOT NULL,
            subject TEXT NOT NULL,
            time REAL NOT NULL
        )""",
    ),
    (
        # Fields of the bytes that are left to others, a rule's path a line.
        "ALTER TABLE objects ADD COLUMN left_out TEXT NOT NULL DEFAULT ''",
        """CREATE TABLE journal (
            id INTEGER PRIMARY KEY,
            at REAL NOT NULL,
            ref TEXT NOT NULL,
            kind TEXT NOT NULL,
            change TEXT NOT NULL,
            outcome TEXT NOT NULL,
            seconds REAL NOT NULL
        )""",
        "CREATE INDEX journal_at ON journal (at)",
    ),
    (
        """CREATE TABLE pauses (
            asker TEXT NOT NULL,
            object TEXT NOT NULL,
            reason TEXT NOT NULL,
            until REAL NOT NULL,
            began REAL NOT NULL,
            most REAL NOT NULL,
            used REAL NOT NULL,
            asked INTEGER NOT NULL
        )""",
    ),
)
VERSION = len(MIGRATIONS)


def check_version(connection: sqlite3.Connection, path: Path) -> int:
    """The database's schema version. Raises StateDamaged, UsageError and sqlite3.Error."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version < 1:  # a database appears under its name only once it has its tables
        raise StateDamaged(f"the database {path} is damaged: it holds no tables of ours")
    if version > VERSION:
        raise UsageError(
            f"the database {path} has schema version {version}, this agent knows up to"
            f" {VERSION}: run the agent that wrote it, or a newer one"
        )
    return version


def migrate(connection: sqlite3.Connection) -> None:
    """Do what of MIGRATIONS was not done yet, each in a transaction. Raises sqlite3.Error."""
    done = int(connection.execute("PRAGMA user_version").fetchone()[0])
    for version, statements in enumerate(MIGRATIONS, start=1):
        if version <= done:
            continue
        with database.transaction(connection):
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")
