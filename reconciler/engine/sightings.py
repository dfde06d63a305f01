"""What our own last write of each object left, and what watches have shown of it since.

A watch may show an object as it was before our write: because it is late, which is no news, or
because etcd was restored from a backup, and then no event follows. Watch threads tell what they
see while the loop's pool writes, so all changes are under one lock, which nobody holds for long.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from reconciler import ports
from reconciler.model.refs import ObjectRef
from reconciler.model.values import Live


class Sightings:
    """Versions are resourceVersions: etcd's are whole numbers that grow, any other is never old."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._versions: dict[ObjectRef, str] = {}  # after our last write
        self._outdated: set[ObjectRef] = set()  # last shown as it was before that
        self._flight: dict[ObjectRef, str] = {}  # being written, and the version last shown since

    def depart(self, ref: ObjectRef) -> None:
        """It is being written from now on: what a watch says of it must wait."""
        with self._lock:
            self._flight[ref] = ""

    def arrive(self, ref: ObjectRef, version: str) -> None:
        """It is written, and this is its version: what was shown meanwhile may be older."""
        with self._lock:
            shown = self._flight.pop(ref, "")
            self._versions[ref] = version
            self._judge(ref, shown)

    def land(self, *refs: ObjectRef) -> None:
        """Of these, or of all, no write is on its way any more, whatever became of it."""
        with self._lock:
            for ref in refs or tuple(self._flight):
                self._flight.pop(ref, None)

    def forget(self, ref: ObjectRef) -> None:
        """It is not ours any more."""
        with self._lock:
            self._versions.pop(ref, None)
            self._outdated.discard(ref)
            self._flight.pop(ref, None)

    def show(self, live: Live) -> None:
        """A watch shows the object; told from the watch's own thread, where events are in order.

        One that is older than our last write makes the object ``outdated`` until a newer event
        shows it: after a restore of etcd from a backup there is none.
        """
        with self._lock:
            if live.ref in self._flight:
                self._flight[live.ref] = live.resource_version
            self._judge(live.ref, live.resource_version)

    def show_list(self, event: ports.KindListed, ours: Iterable[ObjectRef]) -> None:
        """A watch begins with this list; told from the watch's own thread. What was written after
        it, and is not in it, is ``outdated`` until an event shows it."""
        with self._lock:
            for ref in {*ours, *self._flight}:
                if (ref.group, ref.kind) != (event.kind.group, event.kind.kind):
                    continue
                if ref in event.uids:
                    continue
                if ref in self._flight:
                    self._flight[ref] = event.version
                if self.is_after(ref, event.version):
                    self._outdated.add(ref)

    def _judge(self, ref: ObjectRef, shown: str) -> None:
        if self.is_after(ref, shown):
            self._outdated.add(ref)
        else:
            self._outdated.discard(ref)

    def version(self, ref: ObjectRef) -> str:
        """The object's version after our last write, ``""`` if there was none."""
        return self._versions.get(ref, "")

    def is_outdated(self, ref: ObjectRef) -> bool:
        return ref in self._outdated

    def is_in_flight(self, ref: ObjectRef) -> bool:
        return ref in self._flight

    def is_stale(self, live: Live) -> bool:
        """Whether a watch shows the object as our own last write left it, or as it was before."""
        ours, seen = self.version(live.ref), live.resource_version
        return seen == ours != "" or self.is_after(live.ref, seen)

    def is_after(self, ref: ObjectRef, version: str) -> bool:
        """Whether our last write of the object came after this version."""
        ours = self._versions.get(ref, "")
        return ours.isdecimal() and version.isdecimal() and int(ours) > int(version)
