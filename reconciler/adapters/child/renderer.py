"""The Renderer port: a site's tree in, what a bounded child made of it out.

A child is kept for some seconds, as a second render of the same files costs a fraction. What it
says is as untrusted as what it read: its words are checked, and it gets nothing but files of the
tree that it was asked to render.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.adapters.child import codec, frames
from reconciler.adapters.child.limits import Limits
from reconciler.adapters.child.process import Child, Ended
from reconciler.model.errors import (
    FileError,
    MissingBlobs,
    RenderError,
    RenderUnavailable,
    SourceUnavailable,
)
from reconciler.model.refs import SiteName
from reconciler.model.values import Manifest, Rendered, Tree, Verdict

Fetch = Callable[[tuple[str, ...]], None]

_CALLS = 100_000  # questions a child may ask
_LONGEST = 4_096  # characters of a path
_DEFAULT = Limits()


class ChildRenderer:
    """Renders and judges sites in a child process, one at a time."""

    def __init__(
        self,
        *,
        agent_namespace: str,
        from_repository: bool,
        limits: Limits = _DEFAULT,
        warm: float = 5.0,
    ) -> None:
        """``warm``: seconds for which a child is kept, with what it parsed, after a render."""
        self._limits = limits
        self._warm = warm
        self._request = {
            "agentNamespace": agent_namespace,
            "fromRepository": from_repository,
            "limits": dataclasses.asdict(limits),
        }
        self._lock = threading.Lock()
        self._kept: Child | None = None
        self._timer: threading.Timer | None = None

    def render(self, tree: Tree, site: SiteName, commit: str, fetch_blobs: Fetch) -> Rendered:
        """See ports.Renderer."""
        request = {**self._request, "site": str(site), "commit": commit}
        with self._lock:
            try:
                return self._attempt(self._take() or self._start(), tree, request, fetch_blobs)
            except Ended as end:
                if not end.by_chance:
                    raise RenderError(str(end), path=site.folder) from None
            try:
                return self._attempt(self._start(), tree, request, fetch_blobs)
            except Ended as end:
                if end.by_chance:
                    raise RenderUnavailable(str(end)) from None
                raise RenderError(str(end), path=site.folder) from None

    def close(self) -> None:
        """End a child that was kept."""
        with self._lock:
            child = self._take()
            if child:
                child.end()

    def _attempt(
        self, child: Child, tree: Tree, request: Mapping[str, Any], fetch_blobs: Fetch
    ) -> Rendered:
        done = False
        try:
            rendered = _Conversation(child, tree, fetch_blobs).hold(request, self._limits.objects)
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


class _Conversation:
    """One render: the child's questions answered, its objects collected."""

    def __init__(self, child: Child, tree: Tree, fetch_blobs: Fetch) -> None:
        self._child = child
        self._tree = tree
        self._fetch_blobs = fetch_blobs
        self._objects: list[Manifest] = []

    def hold(self, request: Mapping[str, Any], most: int) -> Rendered:
        """At most ``most`` objects. Raises Ended, FileError, SourceUnavailable."""
        self._child.begin(request)
        for _ in range(_CALLS + most):
            words = self._child.receive()
            if "call" in words:
                self._child.send(self._answer(words["call"], words.get("path")))
                continue
            try:
                rendered = self._heard(words, request)
            except (AttributeError, KeyError, TypeError, ValueError):
                raise self._child.nonsense() from None
            if rendered:
                return rendered
            if len(self._objects) > most:
                break
        raise self._child.nonsense()

    def _heard(self, words: Mapping[str, Any], request: Mapping[str, Any]) -> Rendered | None:
        if "object" in words:
            self._objects.append(codec.decode_manifest(words["object"]))
            return None
        if "error" in words:
            raise codec.decode_error(words["error"])
        findings = tuple(codec.decode_finding(row) for row in words["findings"])
        return Rendered(
            site=SiteName.parse(request["site"]),
            commit=request["commit"],
            settings=codec.decode_settings(words["settings"]),
            objects=tuple(self._objects),
            verdict=Verdict(findings=findings),
        )

    def _answer(self, call: object, path: object) -> bytes:
        if call not in _LOOKS or not isinstance(path, str):
            raise self._child.nonsense()
        try:
            if not _is_inside(path):
                raise FileNotFoundError(path)
            value = self._look(_LOOKS[call], path)
            if call == "read":
                return frames.pack({"value": len(value)}) + frames.frame(value)
            return frames.pack({"value": value})
        except FileNotFoundError:
            return frames.pack({"absent": True})
        except frames.BrokenFrame:
            error = FileError("too large to be rendered", path=path)
        except FileError as found:
            error = found
        return frames.pack({"error": codec.encode_error(error)})

    def _look(self, look: Callable[[Tree, str], Any], path: str) -> Any:
        try:
            return look(self._tree, path)
        except MissingBlobs as missing:
            with self._child.untimed():
                self._fetch_blobs(missing.ids)
        try:
            return look(self._tree, path)
        except MissingBlobs:
            raise SourceUnavailable(f"the remote did not send {path}") from None


_LOOKS: dict[object, Callable[[Tree, str], Any]] = {
    "kind": lambda tree, path: tree.kind(path),
    "names": lambda tree, path: list(tree.names(path)),
    "read": lambda tree, path: tree.read(path),
    "digest": lambda tree, path: tree.digest(path),
}


def _is_inside(path: str) -> bool:
    """Whether a path can be the tree's; the child may ask for anything once it is taken over."""
    parts = path.split("/") if path else []
    bounded = len(path) <= _LONGEST and "\0" not in path
    return bounded and not any(part in ("", ".", "..") for part in parts)
