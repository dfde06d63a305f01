"""What the engine needs of the world, each sized by that need.

Adapters implement these; ``app`` joins them; tests bring fakes that pass the same
contract suites. Methods raise only errors of reconciler.model.errors.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from reconciler.model.journal import JournalRow
from reconciler.model.pauses import Asked
from reconciler.model.refs import Kind, ObjectRef, SiteName
from reconciler.model.rendered import Manifest, Rendered, Tree
from reconciler.model.values import Live, Preview, Record, Snapshot, Verified


class Source(Protocol):
    """The fleet repository's mirror."""

    def fetch(self) -> Snapshot:
        """Bring the branch's tip into the mirror. Raises SourceUnavailable."""

    def verify(self, commit: str, since: str) -> tuple[Verified, ...]:
        """Each commit after ``since`` up to ``commit``, oldest first; ``since`` may be ``""``.

        Raises HistoryRefused where ``commit`` does not descend from ``since``.
        """

    def tree(self, commit: str) -> Tree:
        """The commit's files; reads raise MissingBlobs where a blob was not fetched."""

    def fetch_blobs(self, ids: tuple[str, ...]) -> None:
        """Bring blobs that a tree missed, in one request. Raises SourceUnavailable."""

    def has(self, commit: str) -> bool:
        """Whether the mirror holds this commit."""

    def bring(self, commit: str) -> None:
        """Bring an older commit of the branch into the mirror, where it is not there.

        Raises HistoryRefused where the branch has none, SourceUnavailable.
        """


class Notes(Protocol):
    """A site's status notes, on the fleet repository's remote or another."""

    def push(self, commit: str, text: str, subject: str, time: float) -> None:
        """Put ``text`` as the note on ``commit`` and push it; a moved ref is built upon, never
        forced. ``subject`` is the notes commit's message and ``time`` its date, Unix seconds.
        Raises SourceUnavailable."""


class Renderer(Protocol):
    """Render and judge, away from the agent's own process."""

    def render(
        self,
        tree: Tree,
        site: SiteName,
        commit: str,
        fetch_blobs: Callable[[tuple[str, ...]], None],
        *,
        past: Callable[[], Iterable[Record]] = tuple,
        ask: Callable[[Manifest], Preview] | None = None,
    ) -> Rendered:
        """``past`` gives what was last applied, and is called where policies judge. ``ask`` is
        called for objects whose verdict nobody but the API server is sure of. Of a site that is
        pinned to another commit, the settings alone.

        Raises RenderError and SettingsError (the user's), SourceUnavailable (blobs),
        RenderUnavailable (the machine's: try again)."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSeen:
    """A watch showed the object as it is now."""

    live: Live


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectGone:
    """A watch saw it deleted; ``live`` is how it was last."""

    live: Live


@dataclass(frozen=True, slots=True, kw_only=True)
class KindListed:
    """A fresh initial list of a kind is complete; ``uids`` is everything that carries our label.

    ``version`` is the list's resourceVersion.
    """

    kind: Kind
    uids: Mapping[ObjectRef, str]
    version: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRefused:
    """The kind cannot be watched for now: forbidden, or no longer served."""

    kind: Kind
    reason: str
    message: str


WatchEvent = ObjectSeen | ObjectGone | KindListed | KindRefused


class Deleted(StrEnum):
    """What a delete came to; only ``NOT`` is false."""

    NOT = ""
    BEGUN = "begun"  # it waits for finalizers, or for what it owns
    DONE = "done"


class Cluster(Protocol):
    """The site's API server. Requests raise ClusterUnavailable and ClusterRefused."""

    def version(self) -> str:
        """The server's version, such as ``v1.34.2``."""

    def apply(self, manifest: Manifest, *, force: bool, subresource: str = "") -> Live:
        """One server-side apply as refs.FIELD_MANAGER; bytes go out as they are."""

    def dry_run(self, manifest: Manifest, *, force: bool) -> Mapping[str, Any]:
        """The whole object as an apply would leave it; nothing is written."""

    def read(self, kind: Kind, namespace: str, name: str) -> Mapping[str, Any] | None:
        """The whole object, or None."""

    def select(self, kind: Kind, namespace: str, selector: str) -> tuple[Mapping[str, Any], ...]:
        """Whole objects by label selector; for the few that belong to the agent itself."""

    def replace(self, kind: Kind, namespace: str, name: str, body: bytes, patch: str) -> Live:
        """A PATCH of another type: ``merge`` or ``json``; for healing what apply cannot."""

    def create(self, kind: Kind, namespace: str, body: bytes) -> Live:
        """One POST, for what is not declared: events. The name may be left to the server."""

    def delete(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        uid: str,
        *,
        version: str = "",
        foreground: bool = False,
    ) -> Deleted:
        """Delete with the uid as precondition; ``NOT`` where it is gone or another object.

        With ``version``, a resourceVersion, an object that changed since is refused (Conflict).
        ``foreground``: it goes after what it owns, and not before the call is answered.
        """

    def namespaced(self, kind: Kind) -> bool:
        """The kind's scope by discovery. Raises ClusterRefused (KindUnknown)."""

    def served(self, kind: Kind) -> Kind | None:
        """The kind in a version that the server has, the preferred one where it has several; None
        where it has none."""

    def watch(
        self,
        kind: Kind,
        selector: str,
        sink: Callable[[WatchEvent], None],
        stop: threading.Event,
    ) -> None:
        """Watch metadata until ``stop`` is set, reconnecting with back-off; blocks its thread."""


class State(Protocol):
    """What must survive a power cut. Each call is one durable transaction.

    Calls raise StateDamaged and StateUnavailable.
    """

    def records(self) -> Mapping[ObjectRef, Record]:
        """All objects that were applied and not pruned."""

    def save(
        self,
        *,
        put: Iterable[Record] = (),
        drop: Iterable[ObjectRef] = (),
        meta: Mapping[str, str] | None = None,
        journal: Iterable[JournalRow] = (),
    ) -> None:
        """All of it or nothing; what is both dropped and put stays. An empty ``meta`` value is
        the same as none. Raises ValueError for a record whose digest is not its bytes'."""

    def journal(self, since: float = 0.0) -> tuple[JournalRow, ...]:
        """Drift from ``since`` on, Unix seconds, oldest first; the newest 10,000 rows are kept."""

    def meta(self, key: str) -> str:
        """A value of the meta table, ``""`` where there is none."""

    def mark_commit(self, commit: str, at: float, mark: str, reason: str = "") -> None:
        """Note what became of a commit: seen, accepted, synced, healthy or refused.

        The reason is the newest mark's. Of commits, the newest 1,000 are kept.
        """

    def queue_note(self, note: QueuedNote) -> None:
        """Replace the queued note; only the newest is ever sent."""

    def queued_note(self) -> QueuedNote | None: ...

    def note_sent(self, note: QueuedNote) -> None:
        """Take that note, and no newer one, off the queue."""

    def pauses(self) -> tuple[Asked, ...]:
        """As they were last kept, in that order."""

    def keep_pauses(self, pauses: Iterable[Asked]) -> None:
        """In the place of those that were kept."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedNote:
    """A note that waits for the link. ``time`` is the report's, Unix seconds."""

    commit: str
    text: str
    subject: str
    time: float


class Wakeups(Protocol):
    """Files whose change is a reason to look again at once, and not at the next poll."""

    def start(self, wake: Callable[[str], None]) -> None:
        """Call ``wake`` from a thread of its own with ``source``, ``configuration`` or
        ``overrides``."""

    def stop(self) -> None: ...


class Clock(Protocol):
    """Time and chance."""

    def now(self) -> float:
        """Unix seconds."""

    def monotonic(self) -> float:
        """Seconds that only grow."""

    def jitter(self, seconds: float) -> float:
        """A random part of ``seconds``."""


class Observer(Protocol):
    """Told what starts, ends and fails; turns one call into the log line and the metric."""

    def event(self, name: str, /, **fields: object) -> None:
        """``name`` is a row of the telemetry table; ``fields`` never hold secrets."""
