"""Errors, by whose turn it is next.

Transient ones carry a delay and are tried again. The user's carry a file and a
line. Refused-on-purpose is mostly a value (a Verdict), not an exception. No
message ever holds a secret's content.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple


class ReconcilerError(Exception):
    """The root: what went wrong, in a sentence that a person can act on.

    ``entry`` is where the documentation says more of this class.
    """

    entry: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        cls.entry = f"docs/troubleshooting.md#{cls.__name__.lower()}"


class Transient(ReconcilerError):
    """Goes away by itself; try again after about ``delay`` seconds (0 leaves it to back-off)."""

    def __init__(self, message: str, *, delay: float = 0.0) -> None:
        super().__init__(message)
        self.delay = delay


class SourceUnavailable(Transient):
    """The Git remote was not reached, refused us, or sent more than we accept."""


class ClusterUnavailable(Transient):
    """The API server was not reached, or refused our credentials."""


class StateUnavailable(Transient):
    """The state folder cannot be used for now: disk full, read-only, an I/O error.

    Nothing in it is lost by that, so that nothing is rebuilt.
    """


class RenderUnavailable(Transient):
    """The render process could not be started, or was killed by someone else than us."""


class WorkerLost(Transient):
    """A process that rendered a part of the sites ended before its work did."""


class HistoryRefused(ReconcilerError):
    """The branch's new tip does not descend from the last accepted commit."""


class StateLocked(ReconcilerError):
    """Another process owns the state folder."""


class StateDamaged(ReconcilerError):
    """The database cannot be read; the caller rebuilds it."""


class UsageError(ReconcilerError):
    """The command line, a variable or the site's configuration is wrong."""


_LONGEST = 2_000  # characters; what a file says in it may be a megabyte


def _shortened(text: str) -> str:
    """Without its middle where it is long."""
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]} ... {text[-half:]}"


class FileError(ReconcilerError):
    """The user's: something in the fleet repository. ``str()`` is ``path:line:column: message``."""

    def __init__(self, message: str, *, path: str = "", line: int = 0, column: int = 0) -> None:
        message, path = _shortened(message), _shortened(path)
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.path, self.line, self.column) if part)
        return f"{place}: {self.message}" if place else self.message


class RenderError(FileError):
    """A kustomization, patch or manifest cannot be built."""


class SettingsError(FileError):
    """fleet.yaml or site.yaml is wrong, or has no such site."""


class MissingBlobs(ReconcilerError):
    """A Tree was asked for blobs that were not fetched. ``ids`` are what the source must fetch."""

    def __init__(self, ids: tuple[str, ...]) -> None:
        super().__init__(f"{len(ids)} blobs are not in the mirror")
        self.ids = ids


class Cause(NamedTuple):
    """One field of an API server's refusal; manager is set for ownership conflicts."""

    field: str
    message: str
    manager: str = ""


class ClusterRefused(ReconcilerError):
    """The API server answered, and said no to this one request. Never retried as it is.

    ``reason`` is the server's (Invalid, Forbidden, Conflict, NotFound, ...) or ours for
    answers without one: ``SchemaError`` (500 "failed to create typed patch object"),
    ``KindUnknown`` (the group, version or resource is not served), ``TooLarge``.
    """

    def __init__(
        self, message: str, *, reason: str, status: int = 0, causes: tuple[Cause, ...] = ()
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.causes = causes
