"""Sends the queued note, in a thread of its own: at once, or when its interval is over."""

from __future__ import annotations

import threading

from reconciler import ports
from reconciler.engine import pacing
from reconciler.model import errors

_SENT = "note-sent"  # meta: Unix seconds of the last push


class Postman:
    """``interval`` is the least number of seconds between two pushes, bad news apart."""

    def __init__(
        self,
        *,
        notes: ports.Notes,
        state: ports.State,
        clock: ports.Clock,
        observer: ports.Observer,
        interval: float,
        stop: threading.Event,
    ) -> None:
        self._notes = notes
        self._state = state
        self._clock = clock
        self._observer = observer
        self._interval = interval
        self._stop = stop
        self._woken = threading.Event()
        self._reachable = threading.Event()
        self._urgent = False
        self._back_off = pacing.BackOff(pacing.PUSH, clock)

    def retry(self) -> None:
        """The remote was reached, or the engine ends: no more waiting after a failure."""
        self._reachable.set()

    def wake(self, *, urgent: bool = False) -> None:
        """A note was queued; ``urgent`` does not wait for the interval. Also ends the thread."""
        self._urgent = self._urgent or urgent
        self._woken.set()

    def run(self) -> None:
        while not self._stop.is_set():
            delay = self.due()
            if delay is None or delay > 0:
                self._woken.wait(delay)
                self._woken.clear()
                continue
            try:
                sent = self.send()
            except errors.StateUnavailable as error:
                self._observer.event("state.unavailable", error=str(error), delay=error.delay)
                sent = False
            if sent:
                self._back_off.reset()
            else:
                self._reachable.wait(self._back_off.next())
                self._reachable.clear()

    def send(self) -> bool:
        """Push what is queued, now; False where the remote was not reached."""
        note = self._state.queued_note()
        if note is None:
            return True
        self._urgent = False
        began = self._clock.monotonic()
        try:
            self._notes.push(note.commit, note.text, note.subject, note.time)
        except errors.SourceUnavailable as error:
            self._urgent = True  # it has waited its time
            self._observer.event("note.failed", error=str(error), delay=error.delay)
            return False
        self._state.note_sent(note)
        self._state.save(meta={_SENT: str(int(self._clock.now()))})
        seconds = self._clock.monotonic() - began
        self._observer.event("note.pushed", commit=note.commit, seconds=seconds)
        return True

    def due(self) -> float | None:
        """Seconds until the queued note goes; None where there is none."""
        if self._state.queued_note() is None:
            return None
        if self._urgent:
            return 0.0
        sent = self._state.meta(_SENT)
        since = self._clock.now() - float(sent) if sent.isdecimal() else self._interval
        if since < 0 or since >= self._interval:  # a clock that went back must not hold it up
            return 0.0
        return self._interval - since + self._clock.jitter(self._interval / 10)
