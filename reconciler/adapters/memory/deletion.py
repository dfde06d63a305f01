"""How objects end: at once, or once their finalizers and what they hold are gone.

A namespace holds its objects, a CustomResourceDefinition those of its kind. The server calls it
under its lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.adapters.memory import kinds, store
from reconciler.adapters.memory.store import Store, Stored


class Deletion:
    def __init__(self, objects: Store, served: kinds.Kinds) -> None:
        self._store = objects
        self._kinds = served

    def begin(self, item: Stored, time: str) -> None:
        """Delete it, and what it holds; it stays, marked, for as long as something keeps it."""
        if not item.live.deleting and (_holds(item) or _finalizers(item)):
            item = self._mark(item, time)
        for held in tuple(self._held(item)):
            self.begin(held, time)
        self.finish(item)

    def finish(self, item: Stored) -> None:
        """Remove an object whose deletion has begun, if nothing keeps it any more."""
        ref = item.live.ref
        now = self._store.get((ref.group, ref.kind), ref.namespace, ref.name)
        if now is None or _finalizers(now) or any(True for _ in self._held(now)):
            return
        self._store.remove(now)
        if _key(now) == kinds.DEFINITION:
            self._kinds.undefine(now.body)
            self._store.end(kinds.defined(now.body))
        for holder in self._holders(now):
            if holder.live.deleting:
                self.finish(holder)

    def _mark(self, item: Stored, time: str) -> Stored:
        metadata: dict[str, Any] = {
            **item.body["metadata"],
            "deletionTimestamp": time,
            "deletionGracePeriodSeconds": 0,
            "resourceVersion": self._store.next_version(),
        }
        if "generation" in metadata:
            metadata["generation"] += 1
        body = {**item.body, "metadata": metadata}
        if _key(item) == kinds.NAMESPACE:
            body["status"] = {**body.get("status", {}), "phase": "Terminating"}
        marked = store.stored(body, item.entries)
        self._store.put(marked)
        return marked

    def _held(self, item: Stored) -> Iterable[Stored]:
        if _key(item) == kinds.NAMESPACE:
            return self._store.in_namespace(item.live.ref.name)
        if _key(item) == kinds.DEFINITION:
            return self._store.select(kinds.defined(item.body))
        return ()

    def _holders(self, item: Stored) -> Iterable[Stored]:
        namespace = self._store.get(kinds.NAMESPACE, "", item.live.ref.namespace)
        if namespace is not None:
            yield namespace
        for definition in self._store.select(kinds.DEFINITION):
            if kinds.defined(definition.body) == _key(item):
                yield definition


def _key(item: Stored) -> kinds.GroupKind:
    return (item.live.ref.group, item.live.ref.kind)


def _holds(item: Stored) -> bool:
    return _key(item) in (kinds.NAMESPACE, kinds.DEFINITION)


def _finalizers(item: Stored) -> bool:
    return bool(item.body["metadata"].get("finalizers"))
