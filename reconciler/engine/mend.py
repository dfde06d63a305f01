"""What a forced apply alone cannot do: make room for itself, or make an object anew.

In: an apply that was refused as Invalid. Out: the object applied after all, or the refusal in
words that say what to do. ``apply`` calls it, from any of its threads, for objects that are ours.
Fields that are left to others are left so, and set in an object that is made anew as in any new
one: for that ``put`` is handed in, which knows how.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from reconciler import ports
from reconciler.engine.books import Books
from reconciler.model import errors
from reconciler.model.objects import live_of
from reconciler.model.refs import ALLOW, REPLACE, Kind, ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.model.values import Live
from reconciler.plan import intruders, modes, others

GONE = 30.0  # seconds that an object may take to end before it is made anew by a later pass
IMMUTABLE = "Immutable"  # our own reason
_ROUNDS = 3  # patches; each apply after one may name the next intruder
_LOOKS = (0.01, 0.02, 0.05, 0.1, 0.25)  # seconds between looks, the last one repeated
# The API server has no reason for this, and each kind its own words.
_IMMUTABLE = re.compile(
    r"immutable|updates to .* are forbidden|(?:may not|cannot) (?:be )?chang|may not be updated"
    r"|updates may not change",
    re.IGNORECASE,
)


class Mender:
    """Thread-safe. ``beat`` is called while it waits; ``put`` applies, forced."""

    def __init__(
        self,
        *,
        cluster: ports.Cluster,
        books: Books,
        clock: ports.Clock,
        observer: ports.Observer,
        stop: threading.Event,
        beat: Callable[[], None],
        put: Callable[[Manifest], Live],
    ) -> None:
        self._cluster = cluster
        self._books = books
        self._clock = clock
        self._observer = observer
        self._stop = stop
        self._beat = beat
        self._put = put
        self._replaced: dict[ObjectRef, str] = {}  # digest that an object was made anew for

    def mend(self, manifest: Manifest, error: errors.ClusterRefused) -> Live:
        """Apply it after all. Raises ClusterRefused, with ``error``'s words where they hold."""
        if is_immutable(error):
            return self._make_anew(manifest, error)
        return self._apply_in_place(manifest, error)

    def _apply_in_place(self, manifest: Manifest, error: errors.ClusterRefused) -> Live:
        for _ in range(_ROUNDS):
            if error.reason != "Invalid" or not self._make_room(manifest, error):
                break
            try:
                live = self._put(manifest)
            except errors.ClusterRefused as refused:
                error = refused
                continue
            fields = ", ".join(dict.fromkeys(cause.field for cause in error.causes))
            self._observer.event("object.mended", ref=str(manifest.ref), fields=fields)
            return live
        raise error

    def _make_room(self, manifest: Manifest, error: errors.ClusterRefused) -> bool:
        """Take out what stands in the way; False where nothing is found."""
        ref = manifest.ref
        live = self._cluster.read(manifest.kind, ref.namespace, ref.name)
        if live is None:
            return False
        body = modes.leave_out(manifest.body, others.held(manifest, live_of(live)))
        patch = intruders.patch(orjson.loads(body), live, error.causes)
        if patch is None:
            return False
        try:
            self._cluster.replace(manifest.kind, ref.namespace, ref.name, patch, "json")
        except errors.ClusterRefused as refused:
            return refused.reason == "Conflict"  # somebody wrote in between: look again
        return True

    def _make_anew(self, manifest: Manifest, error: errors.ClusterRefused) -> Live:
        """Delete and create, where the object's own annotation allows it.

        Once for the same bytes, so that what keeps refusing them is not fought.
        """
        ref = manifest.ref
        if not allows(manifest):
            raise _refused(
                error,
                f"it can only be made anew, which {REPLACE}: {ALLOW} among its annotations permits",
            )
        if self._replaced.get(ref) == manifest.digest:
            raise _refused(error, "it was made anew for these very bytes already")
        record = self._books.records.get(ref)
        found = self._cluster.read(manifest.kind, ref.namespace, ref.name)
        uid = _uid(found)
        if record is None or uid != record.uid:
            raise _refused(error, "it is another object than the one that we made, so it stays")
        self._replaced[ref] = manifest.digest
        self._observer.event("object.replaced", ref=str(ref), message=str(error))
        self._cluster.delete(manifest.kind, ref.namespace, ref.name, uid, foreground=True)
        self._await_end(manifest.kind, ref, uid)
        return self._put(manifest)

    def _await_end(self, kind: Kind, ref: ObjectRef, uid: str) -> None:
        until, looks = self._clock.monotonic() + GONE, 0
        while _uid(self._cluster.read(kind, ref.namespace, ref.name)) == uid:
            if self._stop.is_set() or self._clock.monotonic() > until:
                raise errors.ClusterRefused(
                    f"it is to be made anew, and has not ended after {GONE:.0f} s; it is made once"
                    " it has",
                    reason="BeingDeleted",
                )
            self._beat()
            self._stop.wait(_LOOKS[min(looks, len(_LOOKS) - 1)])
            looks += 1


def is_immutable(error: errors.ClusterRefused) -> bool:
    """Whether a field was refused because it may never change."""
    return error.reason == "Invalid" and any(
        _IMMUTABLE.search(cause.message) for cause in error.causes
    )


def _refused(error: errors.ClusterRefused, hint: str) -> errors.ClusterRefused:
    return errors.ClusterRefused(
        f"{error}; {hint}", reason=IMMUTABLE, status=error.status, causes=error.causes
    )


def allows(manifest: Manifest) -> bool:
    """Whether the object may be deleted and made anew."""
    notes = orjson.loads(manifest.body)["metadata"].get("annotations") or {}
    return bool(notes.get(REPLACE) == ALLOW)


def _uid(found: Mapping[str, Any] | None) -> str:
    return str(((found or {}).get("metadata") or {}).get("uid") or "")
