"""Waits that end when a ``stop`` is set, though a socket knows nothing of events.

``until`` gives up on a call, ``Interrupts`` wakes the readers of open streams. A timeout on the
socket would not do: after one, http.client reads no more from it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, NoReturn, Protocol, TypeVar

T = TypeVar("T")

LATENCY = 0.5  # seconds between looks at the stops; two wake-ups a second for all watches
_POLL = 0.1


class Stopped(Exception):
    """The stop was set while we waited."""


class Interruptible(Protocol):
    def interrupt(self) -> None: ...


def until(stop: threading.Event, call: Callable[[], T], late: Callable[[T], None]) -> T:
    """What ``call`` returns or raises, or Stopped as soon as ``stop`` is set.

    ``call`` then goes on in its own thread to its own deadline; ``late`` gets what it returns.
    """
    pending = _Pending(call, late)
    thread = threading.Thread(target=pending.run, name="kube-call", daemon=True)
    thread.start()
    while not pending.done.wait(_POLL):
        if stop.is_set() and pending.abandon():
            raise Stopped
    thread.join()
    return pending.outcome()


class _Pending(Generic[T]):
    def __init__(self, call: Callable[[], T], late: Callable[[T], None]) -> None:
        self.done = threading.Event()
        self._call = call
        self._late = late
        self._lock = threading.Lock()
        self._abandoned = False
        self._outcome: Callable[[], T]

    def run(self) -> None:
        try:
            value = self._call()
            self._outcome = lambda: value
        except BaseException as error:  # carried to the thread that waits for it
            self._outcome = _raising(error)
        with self._lock:
            abandoned = self._abandoned
            self.done.set()
        if abandoned:
            self._drop()

    def abandon(self) -> bool:
        """Whether the call is still on its way; its result is then dropped."""
        with self._lock:
            self._abandoned = not self.done.is_set()
            return self._abandoned

    def outcome(self) -> T:
        return self._outcome()

    def _drop(self) -> None:
        try:
            value = self._outcome()
        except BaseException:  # nobody waits for this error any more
            return
        self._late(value)


def _raising(error: BaseException) -> Callable[[], NoReturn]:
    def outcome() -> NoReturn:
        raise error

    return outcome


class Interrupts:
    """One thread for all open streams, while there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[Interruptible, threading.Event] = {}
        self._thread: threading.Thread | None = None
        self._emptied = threading.Event()

    @contextmanager
    def guard(self, stream: Interruptible, stop: threading.Event) -> Iterator[None]:
        """Interrupt ``stream`` within about LATENCY of ``stop``, while the block runs."""
        with self._lock:
            self._open[stream] = stop
            self._emptied.clear()
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="kube-stop", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                del self._open[stream]
                if not self._open:
                    self._emptied.set()

    def _look(self) -> None:
        while True:
            with self._lock:
                if not self._open:
                    self._thread = None
                    return
                due = [stream for stream, stop in self._open.items() if stop.is_set()]
                for stream in due:
                    stream.interrupt()
            self._emptied.wait(LATENCY)
