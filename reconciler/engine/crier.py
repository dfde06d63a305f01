"""Kubernetes events, created in a thread of their own, so that no correction waits for one."""

from __future__ import annotations

import queue

from reconciler import ports
from reconciler.engine import pacing
from reconciler.model import errors
from reconciler.model.refs import Kind
from reconciler.status import event, note

_EVENT = Kind("", "v1", "Event")
_WAITING = 200  # events; more than that is a storm, of which the journal has the rest
_SAME = pacing.Schedule(free=3, first=60, longest=600)  # about one object, for one reason


class Crier:
    """``component`` is what kubectl shows in the column FROM."""

    def __init__(self, *, cluster: ports.Cluster, clock: ports.Clock, component: str) -> None:
        self._cluster = cluster
        self._clock = clock
        self._component = component
        self._allowance = pacing.Allowance(_SAME, clock)
        self._ended = False
        self._queue: queue.Queue[event.Words | None] = queue.Queue(_WAITING)

    def cry(self, words: event.Words) -> None:
        """Queue an event. Dropped where there are too many: logs and the Site object say it too."""
        if self._allowance.wait((words.about, words.reason, words.message)) or self._queue.full():
            return
        self._queue.put_nowait(words)

    def run(self) -> None:
        """Create events until ``end`` is called."""
        while (words := self._queue.get()) is not None and not self._ended:
            self._create(words)

    def end(self) -> None:
        """Let the thread finish what is queued, and then end; at once where that is too much."""
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            self._ended = True

    def _create(self, words: event.Words) -> None:
        time = note.timestamp(self._clock.now())
        body = event.body(words, component=self._component, time=time)
        try:
            self._cluster.create(_EVENT, words.namespace, body)
        except (errors.ClusterRefused, errors.ClusterUnavailable):
            return  # a courtesy; logs, the Site object and the note say the same
