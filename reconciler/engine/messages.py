"""What reaches the loop: news of the source, of the cluster, and appointments."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler import ports
from reconciler.engine.grants import Grant
from reconciler.engine.suspects import Suspect
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Finding, Rendered
from reconciler.model.values import Snapshot, Sync


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A commit that was fetched, verified, rendered and judged.

    ``offline`` is why the remote was not reached, where the commit comes from the mirror alone.
    """

    snapshot: Snapshot
    rendered: Rendered
    offline: str = ""
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A commit that cannot be: the last good state stays. ``sync`` is Blocked or Failed.

    ``good`` is the last commit that could be rendered, where this is a first look after a start:
    what is unfinished of it goes on.
    """

    commit: str
    sync: Sync
    reason: str
    message: str
    offline: str = ""
    good: Candidate | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offline:
    """The remote was not reached. ``message`` says why."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Online:
    """The remote was reached, and has nothing that was not considered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Try the commit's objects again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Look at the health of this object; ``pods``: at its Pods too."""

    ref: ObjectRef
    pods: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Look whether there is something to report; also what wakes the loop to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseCheck:
    """See whether a pause is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouch:
    """Mark the commit as healthy, if it is so still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Died:
    """A thread of ours ended with this; the loop ends with it too."""

    error: BaseException


SourceNews = Candidate | Rejected | Offline | Online
Message = SourceNews | ports.WatchEvent | Suspect | Look | Again | Tell | PauseCheck | Vouch | Died
