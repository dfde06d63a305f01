"""Parts of the state's tests: a database as SQL text, and an unprivileged look at files."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from tests.contracts.state_contract import record

_RECORD = record()

_FIRST = f"""
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE objects (
        ref TEXT PRIMARY KEY, api_version TEXT NOT NULL, uid TEXT NOT NULL,
        digest TEXT NOT NULL, bytes BLOB NOT NULL, signature TEXT NOT NULL,
        origin TEXT NOT NULL, applied_at REAL NOT NULL
    );
    CREATE TABLE commits (
        "commit" TEXT PRIMARY KEY, seen REAL, accepted REAL, synced REAL, healthy REAL,
        refused REAL, reason TEXT NOT NULL DEFAULT ''
    );
    CREATE TABLE notes (
        id INTEGER PRIMARY KEY CHECK (id = 1), "commit" TEXT NOT NULL, text TEXT NOT NULL,
        subject TEXT NOT NULL, time REAL NOT NULL
    );
    INSERT INTO meta VALUES ('accepted', 'c1');
    INSERT INTO objects VALUES (
        'Deployment.apps/serving/triton', 'apps/v1', 'u-1', '{_RECORD.digest}',
        X'{_RECORD.body.hex()}', 'u-1 0011 2233',
        '{{"path":"bases/triton/deployment.yaml","line":3,"generator":""}}', 1700000000.125
    );
    INSERT INTO commits ("commit", seen, refused, reason)
        VALUES ('c1', 1.5, 2.5, 'RenderFailed');
    INSERT INTO notes VALUES (
        1, '{"c" * 40}', 'site: north/one' || char(10), 'north/one Synced', 1700000000.5
    );
"""
_SECOND = """
    ALTER TABLE objects ADD COLUMN left_out TEXT NOT NULL DEFAULT '';
    CREATE TABLE journal (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, ref TEXT NOT NULL, kind TEXT NOT NULL,
        change TEXT NOT NULL, outcome TEXT NOT NULL, seconds REAL NOT NULL
    );
    CREATE INDEX journal_at ON journal (at);
"""
_THIRD = """
    CREATE TABLE pauses (
        asker TEXT NOT NULL, object TEXT NOT NULL, reason TEXT NOT NULL, until REAL NOT NULL,
        began REAL NOT NULL, most REAL NOT NULL, used REAL NOT NULL, asked INTEGER NOT NULL
    );
"""

# For each version of the schema, a database as that version's agent left it, with the same
# content. What was released stays as it is; a new version adds its own.
EARLIER: Mapping[int, str] = {
    1: f"{_FIRST} PRAGMA user_version = 1;",
    2: f"{_FIRST} {_SECOND} PRAGMA user_version = 2;",
    3: f"{_FIRST} {_SECOND} {_THIRD} PRAGMA user_version = 3;",
}


def write_database(folder: Path, script: str) -> Path:
    """Make the state folder with a database by SQL."""
    folder.mkdir(mode=0o700, exist_ok=True)
    run(folder, script)
    return folder / "state.db"


def run(folder: Path, script: str) -> None:
    with closing(sqlite3.connect(folder / "state.db")) as connection:
        connection.executescript(script)


def query(folder: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "state.db")) as connection:
        return connection.execute(statement).fetchall()


@contextmanager
def read_only(*files: Path) -> Iterator[Path]:
    """Copies of the files in a folder in which the block may read and not write."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for file in files:
            (folder / file.name).write_bytes(file.read_bytes())
            (folder / file.name).chmod(0o444)
        folder.chmod(0o555)
        is_root = os.geteuid() == 0  # to whom modes say nothing
        if is_root:
            os.seteuid(65_534)
        try:
            yield folder
        finally:
            if is_root:
                os.seteuid(0)
            folder.chmod(0o700)
