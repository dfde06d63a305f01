"""Pods, watched while a workload is not healthy: they know why, and say so before it does.

One metadata watch of all Pods, as they carry their workload's labels and not the site's. Where
every workload is healthy there is none. Used by ``vitals``, from the loop's thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from reconciler import ports
from reconciler.model.refs import Kind, ObjectRef
from reconciler.model.values import Live

POD = Kind("", "v1", "Pod")

Labels = Mapping[str, str]


class PodWatch:
    """``sink`` gets the workload that a Pod's news is about, from the watch's thread."""

    def __init__(
        self,
        *,
        cluster: ports.Cluster,
        sink: Callable[[ObjectRef], None],
        died: Callable[[BaseException], None],
    ) -> None:
        self._cluster = cluster
        self._sink = sink
        self._died = died
        self._wanted: tuple[tuple[ObjectRef, Labels], ...] = ()
        self._running: tuple[threading.Event, threading.Thread] | None = None

    def follow(self, workloads: Mapping[ObjectRef, Labels]) -> None:
        """These workloads' Pods, and no others; each with the labels that its Pods carry."""
        self._wanted = tuple(workloads.items())
        if workloads and self._running is None:
            stop = threading.Event()
            thread = threading.Thread(
                target=self._watch, args=(stop,), name="watch-pods", daemon=True
            )
            self._running = stop, thread
            thread.start()
        elif not workloads and self._running is not None:
            self._running[0].set()
            self._running = None

    def close(self, patience: float) -> None:
        """End the watch; wait for its thread for at most ``patience`` seconds."""
        running = self._running
        self.follow({})
        if running is not None:
            running[1].join(patience)

    def _watch(self, stop: threading.Event) -> None:
        try:
            self._cluster.watch(POD, "", self._see, stop)
            if not stop.is_set():
                raise RuntimeError("the watch of Pods ended by itself")
        except BaseException as error:  # told to the loop, which ends the engine
            if not stop.is_set():
                self._died(error)

    def _see(self, event: ports.WatchEvent) -> None:
        if isinstance(event, ports.ObjectSeen | ports.ObjectGone):
            for ref, labels in self._wanted:
                if _belongs(event.live, ref, labels):
                    self._sink(ref)


def _belongs(pod: Live, ref: ObjectRef, labels: Labels) -> bool:
    """By its labels; expressions of the selector are for the request that follows."""
    if pod.ref.namespace != ref.namespace:
        return False
    return all(pod.labels.get(key) == value for key, value in labels.items())
