"""What a render reads and makes: Tree and SiteSettings, Manifest and Rendered, with its Verdict.

Apart from the sentence's other values, as a process that renders begins in less time without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from reconciler.model.origins import Origin
from reconciler.model.overrides import Dropped, Overridden
from reconciler.model.pauses import LONGEST, Pause
from reconciler.model.refs import Kind, ObjectRef, SiteName
from reconciler.model.rules import (
    AdoptRule,
    DriftRule,
    HealthRule,
    OverrideRule,
    PruneAllowance,
    PruneLimits,
)

FileKind = Literal["file", "folder"]


class Tree(Protocol):
    """Files by path, from a commit or a folder. Paths are relative, ``/``-separated, normalised.

    Reads may raise errors.MissingBlobs (not fetched yet) or FileError (unreadable, too large). A
    tree follows no symbolic link: what is at one, or behind it, is a FileError to all but ``link``.
    """

    def kind(self, path: str) -> FileKind | None:
        """What is at ``path`` (``""`` is the root), or None."""

    def names(self, path: str) -> tuple[str, ...]:
        """The sorted names in a folder."""

    def read(self, path: str) -> bytes:
        """A file's bytes; raises FileNotFoundError where there is none."""

    def digest(self, path: str) -> str:
        """A hash of the file's or folder's content, equal only for equal content.

        A folder's covers where its links lead, and not what is there.
        """

    def link(self, path: str) -> str | None:
        """The target of the symbolic link at ``path``, as it is written; None if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """fleet.yaml's defaults with site.yaml laid over them."""

    fleet: str
    labels: Mapping[str, str]
    ring: str = ""
    forbid: tuple[str, ...] = ()  # KIND.GROUP
    policies: tuple[str, ...] = ()  # names of files under policies/, without .yaml
    drift: tuple[DriftRule, ...] = ()
    adopt: tuple[AdoptRule, ...] = ()
    pause: Pause | None = None
    pause_limit: float = LONGEST  # seconds of running time
    suspend: bool = False
    pin: str = ""  # the commit whose objects are applied; "" for the newest
    overrides: tuple[OverrideRule, ...] = ()  # what files on site may change
    prune_limits: PruneLimits = field(default_factory=PruneLimits)
    prune_allow: tuple[PruneAllowance, ...] = ()
    health: tuple[HealthRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One object as it will be applied. ``body`` is compact JSON with sorted keys.

    ``digest`` is the SHA-256 of ``body`` in hex.
    """

    ref: ObjectRef
    api_version: str
    body: bytes
    digest: str
    origin: Origin
    wave: int = 0
    depends_on: tuple[ObjectRef, ...] = ()
    wait: bool = False  # later waves wait until it is healthy
    left: tuple[str, ...] = ()  # fields of the body that are left to others, as rules' paths

    @property
    def kind(self) -> Kind:
        return Kind.of(self.api_version, self.ref.kind)


class Action(StrEnum):
    """What follows from a finding: the commit is held, or it is told, or merely written down."""

    DENY = "Deny"
    WARN = "Warn"
    AUDIT = "Audit"


UNCONFIRMED = "unconfirmed"  # a rule: the API server could not be asked, and is to be asked again


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that the judge has against an object or a file. ``policy`` is whose finding it is.

    ``column`` counts from 1; 0 where it is not known.
    """

    rule: str
    message: str
    ref: ObjectRef | None = None
    origin: Origin | None = None
    action: Action = Action.DENY
    policy: str = ""
    column: int = 0

    def __str__(self) -> str:
        where = [str(part) for part in (self.origin, self.ref) if part]
        return ": ".join([*where, self.message])


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Policy's answer. What is not denied is allowed.

    ``idle`` are policies that judged nothing, which matters where no other site has use for them.
    """

    findings: tuple[Finding, ...] = ()
    idle: tuple[Finding, ...] = ()

    @property
    def denied(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.action is Action.DENY)

    @property
    def allowed(self) -> bool:
        return not self.denied


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """All objects of a site at a commit, in kustomize's order, and what the judge says of them."""

    site: SiteName
    commit: str
    settings: SiteSettings
    objects: tuple[Manifest, ...]
    verdict: Verdict
    overridden: tuple[Overridden, ...] = ()  # in the objects, by files on site
    dropped: tuple[Dropped, ...] = ()  # files on site that are not in them
