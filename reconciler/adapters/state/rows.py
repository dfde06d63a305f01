"""Values as rows and back; SQL for the tables. Used by the store and by reading commands.

Functions raise sqlite3.Error, and StateDamaged for a row that cannot have been ours.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.adapters.state import journal
from reconciler.model.errors import StateDamaged
from reconciler.model.origins import Origin
from reconciler.model.pauses import Asked, Asker, Pause
from reconciler.model.refs import ObjectRef
from reconciler.model.values import Record
from reconciler.ports import QueuedNote

COMMITS = 1_000  # rows
_OBJECTS = """SELECT ref, api_version, uid, digest, bytes, signature, origin, applied_at,
    left_out FROM objects ORDER BY ref"""
_PUT_OBJECT = """INSERT OR REPLACE INTO objects
    (ref, api_version, uid, digest, bytes, signature, origin, applied_at, left_out)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
# One statement a mark, as a column has no placeholder.
_MARK: Mapping[str, str] = {
    mark: """INSERT INTO commits ("commit", MARK, reason) VALUES (?, ?, ?)
        ON CONFLICT ("commit") DO UPDATE SET MARK = excluded.MARK, reason = excluded.reason
        """.replace("MARK", mark)
    for mark in ("seen", "accepted", "synced", "healthy", "refused")
}
_PUT_NOTE = """INSERT OR REPLACE INTO notes (id, "commit", text, subject, time)
    VALUES (1, ?, ?, ?, ?)"""
_PAUSES = """SELECT asker, object, reason, until, began, most, used, asked FROM pauses
    ORDER BY rowid"""


def check(connection: sqlite3.Connection) -> None:
    """Read all that will be read later, so that damage shows at once."""
    records(connection)
    note(connection)
    pauses(connection)
    meta(connection, "")
    journal.read(connection, most=1)
    connection.execute(
        'SELECT "commit", seen, accepted, synced, healthy, refused, reason FROM commits LIMIT 1'
    )


def records(connection: sqlite3.Connection) -> dict[ObjectRef, Record]:
    found: dict[ObjectRef, Record] = {}
    for row in connection.execute(_OBJECTS):
        record = _record(row)
        found[record.ref] = record
    return found


def _record(row: tuple[Any, ...]) -> Record:
    text, api_version, uid, digest, body, signature, origin, applied_at, left = row
    try:
        record = Record(
            ref=ObjectRef.parse(text),
            api_version=str(api_version),
            uid=str(uid),
            digest=str(digest),
            body=_bytes(body),
            signature=str(signature),
            origin=_origin(origin),
            applied_at=float(applied_at),
            left=tuple(str(left).split("\n")) if left else (),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise StateDamaged(f"the row of the object {str(text)[:200]!r} is damaged") from None
    # SQLite has no checksums, and what stands here is what a correction writes to the cluster.
    if not _is_whole(record):
        raise StateDamaged(f"the bytes kept of {record.ref} are damaged")
    return record


def _is_whole(record: Record) -> bool:
    return hashlib.sha256(record.body).hexdigest() == record.digest


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("not a blob")
    return value


def _origin(text: str) -> Origin:
    value = json.loads(text)
    return Origin(str(value["path"]), int(value["line"]), str(value["generator"]))


def put_records(connection: sqlite3.Connection, put: Iterable[Record]) -> None:
    """Raises ValueError for a record whose digest is not its bytes', which could not be read."""
    connection.executemany(_PUT_OBJECT, (_object_row(record) for record in put))


def _object_row(record: Record) -> tuple[Any, ...]:
    if not _is_whole(record):
        raise ValueError(f"the digest of {record.ref} is not that of its bytes")
    origin = record.origin
    place = {"path": origin.path, "line": origin.line, "generator": origin.generator}
    return (
        str(record.ref),
        record.api_version,
        record.uid,
        record.digest,
        record.body,
        record.signature,
        json.dumps(place, separators=(",", ":")),
        record.applied_at,
        "\n".join(record.left),
    )


def drop_records(connection: sqlite3.Connection, drop: Iterable[ObjectRef]) -> None:
    connection.executemany("DELETE FROM objects WHERE ref = ?", ((str(ref),) for ref in drop))


def meta(connection: sqlite3.Connection, key: str) -> str:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return str(row[0]) if row else ""


def put_meta(connection: sqlite3.Connection, values: Mapping[str, str]) -> None:
    """An empty value is the same as none, and takes no row."""
    for key, value in values.items():
        if value:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, storable(value)))
        else:
            connection.execute("DELETE FROM meta WHERE key = ?", (key,))


def mark_commit(
    connection: sqlite3.Connection, commit: str, at: float, mark: str, reason: str
) -> None:
    """The reason is the newest mark's. The table keeps the newest COMMITS commits."""
    if mark not in _MARK:
        raise ValueError(f"{mark!r} is none of {', '.join(_MARK)}")
    connection.execute(_MARK[mark], (commit, at, storable(reason)))
    connection.execute(
        "DELETE FROM commits WHERE rowid <= (SELECT max(rowid) FROM commits) - ?", (COMMITS,)
    )


def put_note(connection: sqlite3.Connection, note: QueuedNote) -> None:
    connection.execute(_PUT_NOTE, _note_row(note))


def note(connection: sqlite3.Connection) -> QueuedNote | None:
    row = connection.execute('SELECT "commit", text, subject, time FROM notes').fetchone()
    if row is None:
        return None
    try:
        commit, text, subject, time = (str(word) for word in row)
        return QueuedNote(commit=commit, text=text, subject=subject, time=float(time))
    except ValueError:
        raise StateDamaged("the row of the queued note is damaged") from None


def drop_note(connection: sqlite3.Connection, note: QueuedNote) -> None:
    connection.execute(
        'DELETE FROM notes WHERE "commit" = ? AND text = ? AND subject = ? AND time = ?',
        _note_row(note),
    )


def _note_row(note: QueuedNote) -> tuple[Any, ...]:
    return (note.commit, storable(note.text), storable(note.subject), note.time)


def pauses(connection: sqlite3.Connection) -> tuple[Asked, ...]:
    return tuple(map(_pause, connection.execute(_PAUSES)))


def _pause(row: tuple[Any, ...]) -> Asked:
    asker, about, reason, until, began, most, used, asked = row
    try:
        return Asked(
            asker=Asker(asker),
            pause=Pause(reason=str(reason), until=float(until), object=str(about)),
            began=float(began),
            most=float(most),
            used=float(used),
            asked=bool(asked),
        )
    except (TypeError, ValueError):
        raise StateDamaged("the row of a pause is damaged") from None


def put_pauses(connection: sqlite3.Connection, listed: Iterable[Asked]) -> None:
    connection.execute("DELETE FROM pauses")
    connection.executemany(
        "INSERT INTO pauses VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                str(each.asker),
                storable(each.pause.object),
                storable(each.pause.reason),
                each.pause.until,
                each.began,
                each.most,
                each.used,
                int(each.asked),
            )
            for each in listed
        ),
    )


def storable(text: str) -> str:
    """Others' words may hold half of a surrogate pair, which UTF-8 has no form for."""
    return text.encode("utf-8", "replace").decode()
