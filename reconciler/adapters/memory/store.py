"""Objects at rest: versions that only grow, and what became of them for those who watch.

The server calls it under its own lock, but for Feed.take and Feed.broken, which watches call.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from reconciler import ports
from reconciler.adapters.memory.entries import Entry, to_wire
from reconciler.model import values
from reconciler.model.refs import Kind, ObjectRef

GroupKind = tuple[str, str]
Selector = Callable[[Mapping[str, str]], bool]

FEED_LIMIT = 10_000  # events that wait for a watch; past that it begins with the whole set


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One version of one object. ``body`` has no managedFields, and is never changed in place."""

    body: Mapping[str, Any]
    entries: tuple[Entry, ...]
    live: values.Live

    def whole(self, kind: Kind) -> dict[str, Any]:
        """A copy that is the caller's own, managedFields included, as ``kind``'s version."""
        copied: dict[str, Any] = orjson.loads(orjson.dumps(self.body))
        copied["apiVersion"] = kind.api_version
        if self.entries:
            copied["metadata"]["managedFields"] = [to_wire(entry) for entry in self.entries]
        return copied


def stored(body: Mapping[str, Any], entries: tuple[Entry, ...]) -> Stored:
    metadata = body["metadata"]
    live = values.Live(
        ref=ObjectRef.of(body),
        api_version=body["apiVersion"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        generation=metadata.get("generation", 0),
        deleting="deletionTimestamp" in metadata,
        labels=metadata.get("labels") or {},
        managed=tuple(_managed(entry) for entry in entries),
    )
    return Stored(body=body, entries=entries, live=live)


def _managed(entry: Entry) -> values.ManagedEntry:
    return values.ManagedEntry(
        manager=entry.manager,
        operation=entry.operation,
        subresource=entry.subresource,
        api_version=entry.api_version,
        time=entry.time,
        fields=entry.encoded,
    )


class Feed:
    """What one watch has not taken yet. Bounded: one that overflows is broken for good."""

    def __init__(self, kind: Kind, selector: Selector) -> None:
        self.kind = kind
        self._selector = selector
        self._events: deque[ports.WatchEvent] = deque()
        self._ready = threading.Condition()
        self._broken = False

    def sees(self, live: values.Live) -> bool:
        return self._selector(live.labels)

    def changed(self, before: values.Live | None, after: values.Live) -> None:
        """An object that leaves the selector is gone for this watch."""
        if self.sees(after):
            self._put(ports.ObjectSeen(live=self._versioned(after)))
        elif before is not None and self.sees(before):
            self.gone(replace(before, resource_version=after.resource_version))

    def gone(self, last: values.Live) -> None:
        if self.sees(last):
            self._put(ports.ObjectGone(live=self._versioned(last)))

    def end(self) -> None:
        """What the watch has not seen by now, it sees in a fresh list."""
        with self._ready:
            self._broken = True
            self._events.clear()
            self._ready.notify()

    def take(self, patience: float) -> tuple[ports.WatchEvent, ...] | None:
        """The next events, () after ``patience`` seconds of none, None where it is broken."""
        with self._ready:
            if not self._events and not self._broken:
                self._ready.wait(patience)
            if self._broken:
                return None
            taken = tuple(self._events)
            self._events.clear()
            return taken

    def _versioned(self, live: values.Live) -> values.Live:
        if live.api_version == self.kind.api_version:
            return live
        return replace(live, api_version=self.kind.api_version)

    def _put(self, event: ports.WatchEvent) -> None:
        with self._ready:
            if len(self._events) >= FEED_LIMIT:
                self._broken = True
                self._events.clear()
            elif not self._broken:
                self._events.append(event)
            self._ready.notify()


class Store:
    """By group and kind, then namespace and name; a kind's versions share their objects."""

    def __init__(self) -> None:
        self._objects: dict[GroupKind, dict[tuple[str, str], Stored]] = {}
        self._feeds: dict[GroupKind, list[Feed]] = {}
        self._version = 0

    @property
    def version(self) -> str:
        """The resourceVersion of the newest change."""
        return str(self._version)

    def next_version(self) -> str:
        self._version += 1
        return str(self._version)

    def get(self, key: GroupKind, namespace: str, name: str) -> Stored | None:
        return self._objects.get(key, {}).get((namespace, name))

    def select(self, key: GroupKind, namespace: str = "") -> tuple[Stored, ...]:
        """In the order of their names; of all namespaces where none is given."""
        found = sorted(self._objects.get(key, {}).items())
        return tuple(item for (home, _), item in found if not namespace or home == namespace)

    def in_namespace(self, namespace: str) -> Iterator[Stored]:
        for key in list(self._objects):
            yield from self.select(key, namespace)

    def put(self, item: Stored) -> None:
        ref = item.live.ref
        before = self.get((ref.group, ref.kind), ref.namespace, ref.name)
        self._objects.setdefault((ref.group, ref.kind), {})[ref.namespace, ref.name] = item
        for feed in self._feeds.get((ref.group, ref.kind), ()):
            feed.changed(before.live if before else None, item.live)

    def remove(self, item: Stored) -> None:
        ref = item.live.ref
        del self._objects[ref.group, ref.kind][ref.namespace, ref.name]
        last = replace(item.live, resource_version=self.next_version())
        for feed in self._feeds.get((ref.group, ref.kind), ()):
            feed.gone(last)

    def open(self, feed: Feed) -> tuple[Stored, ...]:
        """What the feed's watch begins with; from now on it hears of every change."""
        key = (feed.kind.group, feed.kind.kind)
        self._feeds.setdefault(key, []).append(feed)
        return tuple(item for item in self.select(key) if feed.sees(item.live))

    def close(self, feed: Feed) -> None:
        feeds = self._feeds.get((feed.kind.group, feed.kind.kind), [])
        if feed in feeds:
            feeds.remove(feed)

    def end(self, key: GroupKind) -> None:
        """End the watches of a kind."""
        for feed in self._feeds.pop(key, ()):
            feed.end()
