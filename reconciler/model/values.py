"""The sentence's values, in its order: Snapshot, Verified, Plan, Applied, Report.

Those of a render are in ``rendered``. One module, longer than others, as all parts speak in these
and they refer to each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.model.origins import Origin
from reconciler.model.overrides import Dropped, Overridden
from reconciler.model.pauses import Held
from reconciler.model.refs import Kind, ObjectRef, SiteName
from reconciler.model.rendered import Finding, Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A commit of the fleet repository as fetched. ``time`` is its committer date, Unix seconds."""

    commit: str
    subject: str = ""
    time: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    principal: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Verify's answer for one new commit: paths changed, who signed (None until signatures).

    ``allow_prune`` is what its trailers say under that key, as the committer wrote it.
    """

    commit: str
    changed: tuple[str, ...]
    signer: Signer | None = None
    allow_prune: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the API server says of an object that is not applied yet.

    ``value`` is as an apply would leave it, ``old`` as it is now, ``space`` its Namespace. Without
    a value, ``denied`` is what the server's own policies have against it, or ``failed`` why there
    is no answer; nothing at all says that its kind or its namespace does not exist yet.
    """

    value: Mapping[str, Any] | None = None
    old: Mapping[str, Any] | None = None
    space: Mapping[str, Any] | None = None
    denied: str = ""
    failed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedEntry:
    """One entry of metadata.managedFields. ``fields`` is canonical JSON of its fieldsV1."""

    manager: str
    operation: str
    subresource: str
    api_version: str
    time: str
    fields: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What the API server says of an object's metadata. generation is 0 for kinds without one."""

    ref: ObjectRef
    api_version: str
    uid: str
    resource_version: str
    generation: int
    deleting: bool
    labels: Mapping[str, str]
    managed: tuple[ManagedEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the site's state keeps of an object it applied."""

    ref: ObjectRef
    api_version: str
    uid: str
    digest: str
    body: bytes
    signature: str  # what ownership looked like after our apply; see plan.drift
    origin: Origin
    applied_at: float  # Unix seconds
    left: tuple[str, ...] = ()  # fields of ``body`` that are left to others, as rules' paths

    @property
    def kind(self) -> Kind:
        return Kind.of(self.api_version, self.ref.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One apply: ``force`` is false on first contact with an object that is not in our books.

    ``adopters`` are managers that hand over what they own of it then. ``after`` are objects that
    must be healthy before.
    """

    manifest: Manifest
    force: bool
    adopters: frozenset[str] = frozenset()
    after: frozenset[ObjectRef] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prune:
    """One delete; ``uid`` is its precondition, as the inventory has it.

    Stages go one after the other, each when what was deleted in those before it is gone.
    ``successor`` is set for a generated ConfigMap or Secret whose content got another name.
    """

    ref: ObjectRef
    api_version: str
    uid: str
    stage: int = 0
    successor: ObjectRef | None = None

    @property
    def kind(self) -> Kind:
        return Kind.of(self.api_version, self.ref.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPrune:
    """A delete that waits until it is allowed, and why, in words."""

    ref: ObjectRef
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would change: waves in order, applies side by side within one, then prunes in order."""

    waves: tuple[tuple[Step, ...], ...]
    prunes: tuple[Prune, ...]
    unchanged: int
    kept: tuple[ObjectRef, ...] = ()  # not pruned, as what is wanted is in them

    @property
    def empty(self) -> bool:
        return not self.waves and not self.prunes


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An object that was refused: the API server's reason and words, and the object's origin."""

    ref: ObjectRef
    reason: str
    message: str
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was done, object by object. ``held`` are not tried, as what they need failed.

    ``waiting`` are not tried yet, each with one that is to be healthy before.
    """

    applied: tuple[ObjectRef, ...] = ()
    pruned: tuple[ObjectRef, ...] = ()
    failed: tuple[Failure, ...] = ()
    held: tuple[ObjectRef, ...] = ()
    waiting: tuple[tuple[ObjectRef, ObjectRef], ...] = ()

    @property
    def complete(self) -> bool:
        return not (self.failed or self.held or self.waiting)


class Sync(StrEnum):
    SYNCED = "Synced"
    PROGRESSING = "Progressing"
    BLOCKED = "Blocked"
    FAILED = "Failed"


class Health(StrEnum):
    HEALTHY = "Healthy"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwell:
    """An object that is not healthy, and why."""

    ref: ObjectRef
    health: Health
    reason: str
    message: str
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """An object for which so many others wait; ``late`` where its deadline has passed."""

    ref: ObjectRef
    objects: int
    reason: str
    message: str
    late: bool = False


class State(StrEnum):
    """One word for columns, the first that holds in this order."""

    FAILED = "Failed"
    BLOCKED = "Blocked"
    PAUSED = "Paused"
    DEGRADED = "Degraded"
    DRIFTED = "Drifted"
    PROGRESSING = "Progressing"
    SYNCED = "Synced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    total: int = 0
    applied: int = 0
    failed: int = 0
    pruned: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """A field that a manager takes back again and again; ``field`` is its path as shown."""

    ref: ObjectRef
    field: str
    manager: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """State of the site, as the note and the Site object say it. ``time`` is Unix seconds."""

    site: SiteName
    commit: str  # the newest considered, "" before the first
    applied: str  # the one that is running, "" if none
    time: float
    agent: str
    state: State
    sync: Sync
    health: Health
    reason: str = ""
    message: str = ""
    objects: Counts = Counts()
    failed: tuple[Failure, ...] = ()
    findings: tuple[Finding, ...] = ()
    drift_open: int = 0
    drift_corrected: int = 0
    paused: tuple[Held, ...] = ()
    overridden: tuple[Overridden, ...] = ()  # values as shown, secrets masked
    dropped: tuple[Dropped, ...] = ()
    held: tuple[HeldPrune, ...] = ()
    contested: tuple[Contest, ...] = ()
    unwell: tuple[Unwell, ...] = ()  # the degraded ones first
    waiting: tuple[Awaited, ...] = ()
