"""What came of drift, first kept in the journal and then told.

In: rows and events, as they come up. Out: the state's journal, and then the events. Whoever reads
of a correction can count on its row, even if the agent is killed at that moment.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from reconciler import ports
from reconciler.model.journal import Change, JournalRow, Outcome
from reconciler.model.refs import ObjectRef


class Journaling:
    """Events wait here until the rows that belong to them are kept."""

    def __init__(self, state: ports.State, observer: ports.Observer, clock: ports.Clock) -> None:
        self._state = state
        self._observer = observer
        self._clock = clock
        self._events: list[Callable[[], None]] = []

    def event(self, name: str, **words: Any) -> None:
        """To be told with the next rows."""
        self._events.append(partial(self._observer.event, name, **words))

    def row(
        self, ref: ObjectRef, kind: str, change: Change, outcome: Outcome, seconds: float = 0.0
    ) -> JournalRow:
        """A row of now; ``kind`` is ``edited`` or ``deleted``."""
        return JournalRow(
            at=self._clock.now(),
            ref=ref,
            kind=kind,
            change=change,
            outcome=outcome,
            seconds=seconds,
        )

    def keep(self, rows: list[JournalRow]) -> None:
        """Raises what the state's ``save`` raises; the events are told all the same."""
        events, self._events = self._events, []
        try:
            if rows:
                self._state.save(journal=rows)
        finally:
            for tell in events:
                tell()
