"""The port State in memory; passes the same contract suite as the one on disk."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping

from reconciler.model.journal import JournalRow
from reconciler.model.pauses import Asked
from reconciler.model.refs import ObjectRef
from reconciler.model.values import Record
from reconciler.ports import QueuedNote

MARKS = ("seen", "accepted", "synced", "healthy", "refused")


class MemoryState:
    """See ports.State. ``commits`` maps a commit to its marks' times, ``reasons`` to its reason."""

    def __init__(self) -> None:
        self.commits: dict[str, dict[str, float]] = {}
        self.reasons: dict[str, str] = {}
        self._records: dict[ObjectRef, Record] = {}
        self._meta: dict[str, str] = {}
        self._note: QueuedNote | None = None
        self._journal: list[JournalRow] = []
        self._pauses: tuple[Asked, ...] = ()
        self._mutex = threading.Lock()

    def records(self) -> Mapping[ObjectRef, Record]:
        with self._mutex:
            return dict(self._records)

    def save(
        self,
        *,
        put: Iterable[Record] = (),
        drop: Iterable[ObjectRef] = (),
        meta: Mapping[str, str] | None = None,
        journal: Iterable[JournalRow] = (),
    ) -> None:
        records, gone, values = tuple(put), tuple(drop), dict(meta or {})
        rows = tuple(journal)
        for record in records:
            if hashlib.sha256(record.body).hexdigest() != record.digest:
                raise ValueError(f"the digest of {record.ref} is not its bytes'")
        with self._mutex:
            for ref in gone:
                self._records.pop(ref, None)
            self._records |= {record.ref: record for record in records}
            self._meta |= values
            self._journal = [*self._journal, *rows][-10_000:]

    def journal(self, since: float = 0.0) -> tuple[JournalRow, ...]:
        with self._mutex:
            return tuple(row for row in self._journal if row.at >= since)

    def meta(self, key: str) -> str:
        with self._mutex:
            return self._meta.get(key, "")

    def mark_commit(self, commit: str, at: float, mark: str, reason: str = "") -> None:
        if mark not in MARKS:
            raise ValueError(mark)
        with self._mutex:
            self.commits.setdefault(commit, {})[mark] = at
            self.reasons[commit] = reason

    def queue_note(self, note: QueuedNote) -> None:
        with self._mutex:
            self._note = note

    def queued_note(self) -> QueuedNote | None:
        with self._mutex:
            return self._note

    def note_sent(self, note: QueuedNote) -> None:
        with self._mutex:
            if self._note == note:
                self._note = None

    def pauses(self) -> tuple[Asked, ...]:
        with self._mutex:
            return self._pauses

    def keep_pauses(self, pauses: Iterable[Asked]) -> None:
        with self._mutex:
            self._pauses = tuple(pauses)

    def close(self) -> None:
        """Nothing is held."""
