"""Ports for engine tests: a source whose commits are set by hand, a renderer, a mailbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from reconciler import ports
from reconciler.model import errors
from reconciler.model.overrides import Dropped, Overridden
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Finding, Manifest, Rendered, SiteSettings, Tree, Verdict
from reconciler.model.values import Preview, Record, Snapshot, Verified


class Commits:
    """Implements ports.Source. ``tip`` is what a fetch brings, or the error that it raises.

    While ``gate`` is cleared, a fetch waits.
    """

    def __init__(self, tip: str | errors.SourceUnavailable = "a" * 40) -> None:
        self.tip = tip
        self.mirrored: set[str] = set()
        self.refused: set[str] = set()
        self.trailers: dict[str, tuple[str, ...]] = {}  # what a commit allows to be pruned
        self.history: dict[str, list[str]] = {}  # what a tip brings, where it is not itself alone
        self.fetches = 0
        self.gate = threading.Event()
        self.gate.set()

    def fetch(self) -> Snapshot:
        self.fetches += 1
        assert self.gate.wait(20)
        if isinstance(self.tip, errors.SourceUnavailable):
            raise self.tip
        self.mirrored.add(self.tip)
        return Snapshot(commit=self.tip)

    def verify(self, commit: str, since: str) -> tuple[Verified, ...]:
        if commit in self.refused:
            raise errors.HistoryRefused(f"{commit} does not descend from {since}")
        if commit == since:
            return ()
        return tuple(
            Verified(commit=each, changed=(), allow_prune=self.trailers.get(each, ()))
            for each in self.history.get(commit, [commit])
        )

    def tree(self, commit: str) -> Tree:
        return _Empty()

    def fetch_blobs(self, ids: tuple[str, ...]) -> None:
        raise errors.SourceUnavailable("no blobs here")

    def has(self, commit: str) -> bool:
        return commit in self.mirrored

    def bring(self, commit: str) -> None:
        if commit not in self.mirrored:
            raise errors.HistoryRefused(f"no commit {commit}")


class _Empty:
    """A Tree without files."""

    def kind(self, path: str) -> None:
        return None

    def names(self, path: str) -> tuple[str, ...]:
        return ()

    def read(self, path: str) -> bytes:
        raise FileNotFoundError(path)

    def digest(self, path: str) -> str:
        raise FileNotFoundError(path)

    def link(self, path: str) -> None:
        return None


class Renders:
    """Implements ports.Renderer. ``objects`` is what each render gives, or what it raises; ``kept``
    has other commits' objects."""

    def __init__(self) -> None:
        self.objects: Sequence[Manifest] | Exception = ()
        self.kept: dict[str, Sequence[Manifest] | Exception] = {}
        self.findings: tuple[Finding, ...] = ()
        self.overridden: tuple[Overridden, ...] = ()
        self.dropped: tuple[Dropped, ...] = ()
        self.rendered: list[str] = []
        self.settings = SiteSettings(fleet="test", labels={})

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
        self.rendered.append(commit)
        if self.settings.pin not in ("", commit):
            verdict = Verdict()
            return Rendered(
                site=site, commit=commit, settings=self.settings, objects=(), verdict=verdict
            )
        objects = self.kept.get(commit, self.objects)
        if isinstance(objects, Exception):
            raise objects
        return Rendered(
            site=site,
            commit=commit,
            settings=self.settings,
            objects=tuple(objects),
            verdict=Verdict(findings=self.findings),
            overridden=self.overridden,
            dropped=self.dropped,
        )

    def close(self) -> None:
        """Nothing to end."""


class Mailbox:
    """Implements ports.Notes. ``broken`` is raised by each push while it is set."""

    def __init__(self) -> None:
        self.notes: list[ports.QueuedNote] = []
        self.broken: errors.SourceUnavailable | None = None

    def push(self, commit: str, text: str, subject: str, time: float) -> None:
        if self.broken is not None:
            raise self.broken
        self.notes.append(ports.QueuedNote(commit=commit, text=text, subject=subject, time=time))


class Watcher:
    """Implements ports.Observer: remembers all that it was told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def event(self, name: str, /, **fields: object) -> None:
        self.events.append((name, fields))

    def named(self, name: str) -> list[dict[str, Any]]:
        return [fields for found, fields in list(self.events) if found == name]
