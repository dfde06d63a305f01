"""The Renderer port: a site's tree in, what a bounded child made of it out.

A child is kept for some seconds, as a second render of the same files costs a fraction. What it
says is as untrusted as what it read: its words are checked, and it gets nothing but files of the
tree that it was asked to render.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler.adapters.child.conversation import Ask, Conversation, Fetch, Past
from reconciler.adapters.child.ending import Ended, Wall
from reconciler.adapters.child.process import Child
from reconciler.model.errors import FileError, RenderError, RenderUnavailable
from reconciler.model.limits import Limits
from reconciler.model.overrides import Dropped, LocalFile
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Rendered, Tree

_DEFAULT = Limits()


class ChildRenderer:
    """Renders and judges sites in a child process, one at a time."""

    def __init__(
        self,
        *,
        agent_namespace: str,
        from_repository: bool,
        heeds_pin: bool = False,
        overrides: Callable[[], Iterable[LocalFile]] = tuple,
        limits: Limits = _DEFAULT,
        warm: float = 5.0,
    ) -> None:
        """``heeds_pin``: of a site that is pinned to another commit, give the settings alone.
        ``overrides`` reads the files that are laid over the objects, for each render anew.
        ``warm``: seconds for which a child is kept, with what it parsed, after a render."""
        self._overrides = overrides
        self._limits = limits
        self._warm = warm
        self._request = {
            "agentNamespace": agent_namespace,
            "fromRepository": from_repository,
            "heedsPin": heeds_pin,
            "limits": dataclasses.asdict(limits),
        }
        self._lock = threading.Lock()
        self._kept: Child | None = None
        self._timer: threading.Timer | None = None

    def render(
        self,
        tree: Tree,
        site: SiteName,
        commit: str,
        fetch_blobs: Fetch,
        *,
        past: Past = tuple,
        ask: Ask | None = None,
    ) -> Rendered:
        """See ports.Renderer."""
        local = tuple(self._overrides())
        readable = tuple(file for file in local if not file.problem)
        request = {**self._request, "site": str(site), "commit": commit}

        def attempt(files: tuple[LocalFile, ...]) -> Rendered:
            words = {**request, "overrides": [[file.name, file.text] for file in files]}
            wall = Wall(self._limits.wall)
            return self._tried(
                lambda child: self._attempt(
                    child, Conversation(child, tree, fetch_blobs, past, ask=ask, wall=wall), words
                )
            )

        dropped = [Dropped(file=file.name, reason=file.problem) for file in local if file.problem]
        with self._lock:
            try:
                found = attempt(readable)
            except Ended as end:
                if not readable:
                    raise RenderError(end.in_full(), path=site.folder) from None
                dropped += (Dropped(file=file.name, reason=f"with it, {end}") for file in readable)
                found = self._without(attempt, site)
        return dataclasses.replace(found, dropped=(*dropped, *found.dropped))

    def _without(
        self, attempt: Callable[[tuple[LocalFile, ...]], Rendered], site: SiteName
    ) -> Rendered:
        try:
            return attempt(())
        except Ended as end:
            raise RenderError(end.in_full(), path=site.folder) from None

    def _tried(self, attempt: Callable[[Child], Rendered]) -> Rendered:
        """With another child where one ended by chance. Raises Ended where none would do."""
        try:
            return attempt(self._take() or self._start())
        except Ended as end:
            if end.starved:
                raise RenderUnavailable(str(end)) from None
            if not end.by_chance:
                raise
        try:
            return attempt(self._start())
        except Ended as again:
            if again.by_chance or again.starved:
                raise RenderUnavailable(str(again)) from None
            raise

    def close(self) -> None:
        """End a child that was kept."""
        with self._lock:
            child = self._take()
            if child:
                child.end()

    def _attempt(
        self, child: Child, conversation: Conversation, request: Mapping[str, Any]
    ) -> Rendered:
        done = False
        try:
            rendered = conversation.hold(request, self._limits.objects)
            done = True
            return rendered
        except FileError:  # the child's answer; the tree's own errors went to the child
            done = True
            raise
        finally:
            if done and self._warm and child.is_slim:
                self._keep(child)
            else:
                child.end()

    def _start(self) -> Child:
        try:
            return Child(self._limits)
        except OSError as error:
            raise RenderUnavailable(
                f"the render process cannot be started: {error.strerror}"
            ) from None

    def _take(self) -> Child | None:
        child, self._kept = self._kept, None
        if self._timer:
            self._timer.cancel()
        return child

    def _keep(self, child: Child) -> None:
        self._kept = child
        self._timer = threading.Timer(self._warm, self._retire, [child])
        self._timer.daemon = True
        self._timer.start()

    def _retire(self, child: Child) -> None:
        with self._lock:
            if self._kept is child:
                self._kept = None
                child.end()
