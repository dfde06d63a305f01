"""A watch in a thread of its own, and what it told so far."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reconciler import ports
from reconciler.adapters import kube
from reconciler.model.refs import Kind, ObjectRef
from tests.controlplane.processes import until


class Told:
    """The events of a watch, in their order."""

    def __init__(self) -> None:
        self.events: list[ports.WatchEvent] = []

    @property
    def listed(self) -> list[ports.KindListed]:
        return [event for event in self.events if isinstance(event, ports.KindListed)]

    @property
    def refused(self) -> list[ports.KindRefused]:
        return [event for event in self.events if isinstance(event, ports.KindRefused)]

    @property
    def gone(self) -> list[ObjectRef]:
        return [event.live.ref for event in self.events if isinstance(event, ports.ObjectGone)]

    def seen(self, ref: ObjectRef) -> list[ports.ObjectSeen]:
        return [
            event
            for event in self.events
            if isinstance(event, ports.ObjectSeen) and event.live.ref == ref
        ]

    def wait(self, condition: Callable[[Told], object], what: str) -> None:
        try:
            until(lambda: condition(self), what, 120)  # a watch backs off for up to 60
        except AssertionError as error:
            raise AssertionError(f"{error}; told was {self.events}") from None


@contextmanager
def watching(
    cluster: kube.KubeCluster, kind: Kind, selector: str, *, listed: bool = True
) -> Iterator[Told]:
    """Watch until the block ends, from its first whole set on if ``listed``."""
    told, stop = Told(), threading.Event()
    thread = threading.Thread(
        target=cluster.watch, args=(kind, selector, told.events.append, stop), name="watching"
    )
    thread.start()
    try:
        if listed:
            told.wait(lambda told: told.listed, "the first set is complete")
        yield told
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive(), "the watch ends once its stop is set"
