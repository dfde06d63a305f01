"""Reads from the cluster: one metadata watch a kind, and what of it is worth the loop's time.

Each watch has a thread. What it shows is compared there, so that the loop wakes only for what
may be drift; the loop compares again, as it may have written in the meantime.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from reconciler import ports
from reconciler.engine.books import Books
from reconciler.model.refs import SITE_LABEL, Kind, ObjectRef, SiteName, by_stability
from reconciler.model.values import Live
from reconciler.plan import drift
from reconciler.status import site_object

GroupKind = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Watch:
    kind: Kind
    stop: threading.Event
    thread: threading.Thread


class Observatory:
    """Started and ended by the loop; ``sink`` gets the events that may matter, from any thread."""

    def __init__(
        self,
        *,
        cluster: ports.Cluster,
        books: Books,
        site: SiteName,
        sink: Callable[[ports.WatchEvent], None],
        concerns: Callable[[Live], bool],
        died: Callable[[BaseException], None],
    ) -> None:
        self._cluster = cluster
        self._books = books
        self._site = site
        self._selector = f"{SITE_LABEL}={site.label}"
        self._sink = sink
        self._has_news = concerns  # of the object's health
        self._died = died
        self._watches: dict[GroupKind, _Watch] = {}
        self._moved: dict[GroupKind, Kind] = {}
        self._asked: tuple[str, int] = ("", 0)  # uid and generation of the Site object, as told
        self._answered: set[GroupKind] = set()  # listed or refused at least once

    def watch(self, kinds: set[Kind]) -> None:
        """Watch these kinds and no others; of a kind in two versions, the more stable one.

        A kind that turned out to be served in another version stays with that.
        """
        by_choice = sorted(kinds, key=lambda kind: by_stability(kind.version), reverse=True)
        wanted = {(kind.group, kind.kind): kind for kind in by_choice}
        wanted |= {key: kind for key, kind in self._moved.items() if key in wanted}
        for key in set(self._watches) - set(wanted):
            self._watches.pop(key).stop.set()
            self._answered.discard(key)
        for key, kind in wanted.items():
            running = self._watches.get(key)
            if running is not None and running.kind == kind:
                continue
            if running is not None:
                running.stop.set()
            self._watches[key] = self._start(kind)

    def move(self, kind: Kind) -> None:
        """The kind is served in this version, and not in the one that was being watched."""
        key = (kind.group, kind.kind)
        running = self._watches.get(key)
        if running is not None and running.kind != kind:
            self._moved[key] = kind
            running.stop.set()
            self._watches[key] = self._start(kind)

    def all_answered(self) -> bool:
        """Whether every watch has shown its whole set, or was refused it."""
        return set(self._watches) <= self._answered

    def close(self, patience: float) -> None:
        """End all watches; wait for their threads for at most ``patience`` seconds each."""
        for watch in self._watches.values():
            watch.stop.set()
        for watch in self._watches.values():
            watch.thread.join(patience)
        self._watches.clear()

    def _start(self, kind: Kind) -> _Watch:
        stop = threading.Event()
        thread = threading.Thread(
            target=self._follow,
            args=(kind, stop),
            name=f"watch-{kind.kind}",
            daemon=True,
        )
        thread.start()
        return _Watch(kind, stop, thread)

    def _follow(self, kind: Kind, stop: threading.Event) -> None:
        """The thread's life; one that ends before it was told to would leave the kind unseen."""
        try:
            self._cluster.watch(kind, self._selector, self._see, stop)
            if not stop.is_set():
                raise RuntimeError(f"the watch of {kind} ended by itself")
        except BaseException as error:  # told to the loop, which ends the engine
            if not stop.is_set():
                self._died(error)

    def _see(self, event: ports.WatchEvent) -> None:
        if isinstance(event, ports.ObjectSeen):
            self._books.sightings.show(event.live)
        elif isinstance(event, ports.KindListed):
            self._books.sightings.show_list(event, list(self._books.records))
        if isinstance(event, ports.ObjectSeen) and not self._matters(event):
            return
        if isinstance(event, ports.ObjectGone) and not self._concerns(event.live.ref):
            return
        self._sink(event)
        if isinstance(event, ports.KindListed | ports.KindRefused):
            self._answered.add((event.kind.group, event.kind.kind))

    def _concerns(self, ref: ObjectRef) -> bool:
        own = self._books.is_inventory(ref) or is_site(ref, self._site)
        return own or ref in self._books.entries

    def _matters(self, event: ports.ObjectSeen) -> bool:
        ref = event.live.ref
        if is_site(ref, self._site):
            return self._is_asking(event.live)
        if self._books.sightings.is_in_flight(ref):
            return True  # its signature is not known yet
        if ref in self._books.awaited:
            return True
        if self._books.is_inventory(ref):
            return not self._books.sightings.is_stale(event.live)
        record = self._books.records.get(ref)
        if record is None or self._books.sightings.is_stale(event.live):
            return False
        if drift.signature(event.live) != record.signature or drift.is_finished(event.live):
            return True
        return self._has_news(event.live)

    def _is_asking(self, live: Live) -> bool:
        """Whether the Site object's spec may be another one; our own writes of status are none."""
        before, self._asked = self._asked, (live.uid, live.generation)
        return self._asked != before


def is_site(ref: ObjectRef, site: SiteName) -> bool:
    """Whether this is the site's own Site object."""
    kind = site_object.KIND
    return (ref.group, ref.kind, ref.name) == (kind.group, kind.kind, site.label)


def key_of(event: ports.WatchEvent) -> ObjectRef | tuple[str, Kind]:
    """Events of one object coalesce, and those about a whole kind."""
    if isinstance(event, ports.ObjectSeen | ports.ObjectGone):
        return event.live.ref
    return ("kind", event.kind)
