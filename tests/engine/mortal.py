"""An engine that dies at one of its effects: a durable write, a write to the cluster, a push.

``Life`` counts effects; the one that it does not live to see, and every call after it, raises
Killed in whatever thread it is. So nothing is finished and nothing is closed, as after SIGKILL.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler import ports
from reconciler.engine import assembly
from reconciler.model.journal import JournalRow
from reconciler.model.pauses import Asked
from reconciler.model.refs import Kind, ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.model.values import Live, Record
from tests.engine.world import World


class Killed(BaseException):
    """Not an Exception, as nobody may live on after it."""


class Life:
    """``effects``: how many are lived through; None for all. ``spent`` counts them."""

    def __init__(self, effects: int | None = None) -> None:
        self.spent = 0
        self._effects = effects
        self._dead = False
        self._mutex = threading.Lock()

    def spend(self) -> None:
        """Another effect is about to be."""
        with self._mutex:
            self._dead |= self.spent == self._effects
            self._check()
            self.spent += 1

    def look(self) -> None:
        """A call without an effect."""
        with self._mutex:
            self._check()

    def _check(self) -> None:
        if self._dead:
            raise Killed


class MortalState:
    """Implements ports.State over another one, which outlives it."""

    def __init__(self, state: ports.State, life: Life) -> None:
        self._state = state
        self._life = life

    def records(self) -> Mapping[ObjectRef, Record]:
        self._life.look()
        return self._state.records()

    def save(
        self,
        *,
        put: Iterable[Record] = (),
        drop: Iterable[ObjectRef] = (),
        meta: Mapping[str, str] | None = None,
        journal: Iterable[JournalRow] = (),
    ) -> None:
        self._life.spend()
        self._state.save(put=put, drop=drop, meta=meta, journal=journal)

    def journal(self, since: float = 0.0) -> tuple[JournalRow, ...]:
        self._life.look()
        return self._state.journal(since)

    def meta(self, key: str) -> str:
        self._life.look()
        return self._state.meta(key)

    def mark_commit(self, commit: str, at: float, mark: str, reason: str = "") -> None:
        self._life.spend()
        self._state.mark_commit(commit, at, mark, reason)

    def queue_note(self, note: ports.QueuedNote) -> None:
        self._life.spend()
        self._state.queue_note(note)

    def queued_note(self) -> ports.QueuedNote | None:
        self._life.look()
        return self._state.queued_note()

    def note_sent(self, note: ports.QueuedNote) -> None:
        self._life.spend()
        self._state.note_sent(note)

    def pauses(self) -> tuple[Asked, ...]:
        self._life.look()
        return self._state.pauses()

    def keep_pauses(self, pauses: Iterable[Asked]) -> None:
        self._life.spend()
        self._state.keep_pauses(pauses)

    def close(self) -> None:
        """Nothing is held."""


class MortalCluster:
    """Implements ports.Cluster over another one."""

    def __init__(self, cluster: ports.Cluster, life: Life) -> None:
        self._cluster = cluster
        self._life = life

    def version(self) -> str:
        self._life.look()
        return self._cluster.version()

    def namespaced(self, kind: Kind) -> bool:
        self._life.look()
        return self._cluster.namespaced(kind)

    def apply(self, manifest: Manifest, *, force: bool, subresource: str = "") -> Live:
        self._life.spend()
        return self._cluster.apply(manifest, force=force, subresource=subresource)

    def dry_run(self, manifest: Manifest, *, force: bool) -> Mapping[str, Any]:
        self._life.look()
        return self._cluster.dry_run(manifest, force=force)

    def read(self, kind: Kind, namespace: str, name: str) -> Mapping[str, Any] | None:
        self._life.look()
        return self._cluster.read(kind, namespace, name)

    def select(self, kind: Kind, namespace: str, selector: str) -> tuple[Mapping[str, Any], ...]:
        self._life.look()
        return self._cluster.select(kind, namespace, selector)

    def replace(self, kind: Kind, namespace: str, name: str, body: bytes, patch: str) -> Live:
        self._life.spend()
        return self._cluster.replace(kind, namespace, name, body, patch)

    def create(self, kind: Kind, namespace: str, body: bytes) -> Live:
        """Events, which are a courtesy: no effect that is counted."""
        self._life.look()
        return self._cluster.create(kind, namespace, body)

    def delete(
        self, kind: Kind, namespace: str, name: str, uid: str, **options: Any
    ) -> ports.Deleted:
        self._life.spend()
        return self._cluster.delete(kind, namespace, name, uid, **options)

    def served(self, kind: Kind) -> Kind | None:
        self._life.look()
        return self._cluster.served(kind)

    def watch(
        self,
        kind: Kind,
        selector: str,
        sink: Callable[[ports.WatchEvent], None],
        stop: threading.Event,
    ) -> None:
        self._cluster.watch(kind, selector, sink, stop)


class MortalNotes:
    """Implements ports.Notes over another one."""

    def __init__(self, notes: ports.Notes, life: Life) -> None:
        self._notes = notes
        self._life = life

    def push(self, commit: str, text: str, subject: str, time: float) -> None:
        self._life.spend()
        self._notes.push(commit, text, subject, time)


class MortalWorld(World):
    """A world whose engines live as long as ``life`` says."""

    def __init__(self) -> None:
        super().__init__()
        self.life = Life()

    def parts(self) -> assembly.Parts:
        parts = super().parts()
        return dataclasses.replace(
            parts,
            cluster=MortalCluster(parts.cluster, self.life),
            state=MortalState(parts.state, self.life),
            notes=MortalNotes(parts.notes, self.life),
        )

    def killed(self, effects: int) -> bool:
        """A single pass that dies at this effect; False where it came to its end before."""
        self.life = Life(effects)
        try:
            self.once()
        except Killed:
            return True
        finally:
            self.life = Life()
        return False
