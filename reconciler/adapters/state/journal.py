"""The drift journal's table: the newest ROWS rows, oldest first when read.

Functions raise sqlite3.Error, and StateDamaged for a row that cannot have been ours.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterable
from typing import Any

import orjson

from reconciler.model.errors import StateDamaged
from reconciler.model.journal import Change, JournalRow, Outcome
from reconciler.model.refs import ObjectRef

ROWS = 10_000
_PUT = """INSERT INTO journal (at, ref, kind, change, outcome, seconds)
    VALUES (?, ?, ?, ?, ?, ?)"""
_CUT = "DELETE FROM journal WHERE id <= (SELECT max(id) FROM journal) - ?"
_READ = """SELECT at, ref, kind, change, outcome, seconds FROM journal
    WHERE at >= ? ORDER BY id DESC LIMIT ?"""


def put(connection: sqlite3.Connection, added: Iterable[JournalRow]) -> None:
    found = [_words(row) for row in added]
    if found:
        connection.executemany(_PUT, found)
        connection.execute(_CUT, (ROWS,))


def read(
    connection: sqlite3.Connection, *, since: float = 0.0, most: int = ROWS
) -> tuple[JournalRow, ...]:
    """The newest ``most`` rows from ``since`` on (Unix seconds), oldest first."""
    return tuple(map(_row, reversed(connection.execute(_READ, (since, most)).fetchall())))


def _words(row: JournalRow) -> tuple[Any, ...]:
    # Others' words may hold half of a surrogate pair, which UTF-8 has no form for.
    change = {
        name: text.encode("utf-8", "replace").decode()
        for name, text in dataclasses.asdict(row.change).items()
        if text
    }
    words = orjson.dumps(change).decode()
    return (row.at, str(row.ref), row.kind, words, str(row.outcome), row.seconds)


def _row(words: tuple[Any, ...]) -> JournalRow:
    at, ref, kind, change, outcome, seconds = words
    try:
        return JournalRow(
            at=float(at),
            ref=ObjectRef.parse(ref),
            kind=str(kind),
            change=Change(**{"path": "", "wanted": "", "found": "", **orjson.loads(change)}),
            outcome=Outcome(outcome),
            seconds=float(seconds),
        )
    except (AttributeError, TypeError, ValueError):
        raise StateDamaged(f"a row of the journal is damaged: {str(ref)[:200]!r}") from None
