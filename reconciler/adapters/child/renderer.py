"""The Renderer port: one spawned child a render, fed with the tree's files, killed at its limits.

Parsers of untrusted text can be crashed and starved, so they run where neither hurts: an
empty environment, a session of its own, no descriptor but two pipes, and limits on CPU,
memory, output and wall time that strike before the container's do.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from reconciler.adapters.child import codec, frames
from reconciler.model.errors import FileError, MissingBlobs, RenderError
from reconciler.model.refs import SiteName
from reconciler.model.values import Rendered, Tree

WALL = 90.0  # seconds of a render, time spent on fetching files apart
_CALLS = 100_000  # questions a child may ask


class ChildRenderer:
    """Renders and judges a site in a child process."""

    def __init__(self, *, agent_namespace: str, from_repository: bool, wall: float = WALL) -> None:
        self._agent_namespace = agent_namespace
        self._from_repository = from_repository
        self._wall = wall

    def render(
        self,
        tree: Tree,
        site: SiteName,
        commit: str,
        fetch_blobs: Callable[[tuple[str, ...]], None],
    ) -> Rendered:
        request = {
            "site": str(site),
            "commit": commit,
            "agentNamespace": self._agent_namespace,
            "fromRepository": self._from_repository,
        }
        answer = _Conversation(tree, fetch_blobs, self._wall).hold(request)
        if "error" in answer:
            raise codec.decode_error(answer["error"])
        try:
            return codec.decode(answer["rendered"], site, commit)
        except (KeyError, TypeError, ValueError) as error:
            raise RenderError("the render process gave an answer without sense") from error

    def close(self) -> None:
        """Nothing outlives a render."""


class _Conversation:
    """One child from start to end."""

    def __init__(
        self, tree: Tree, fetch_blobs: Callable[[tuple[str, ...]], None], wall: float
    ) -> None:
        self._tree = tree
        self._fetch_blobs = fetch_blobs
        self._wall = wall
        self._late = False
        self._fetched = False
        self._timer = threading.Timer(wall, lambda: None)

    def hold(self, request: dict[str, Any]) -> dict[str, Any]:
        with subprocess.Popen(
            [sys.executable, "-I", "-m", "reconciler.adapters.child.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            start_new_session=True,
        ) as process:
            self._allow(process)
            try:
                return self._serve(process, request)
            except (frames.BrokenFrame, BrokenPipeError) as error:
                raise RenderError(self._obituary(process)) from error
            finally:
                self._timer.cancel()
                _kill(process)

    def _allow(self, process: subprocess.Popen[bytes]) -> None:
        """Give the child its wall time, anew."""
        self._timer.cancel()
        self._timer = threading.Timer(self._wall, self._kill_late, [process])
        self._timer.daemon = True
        self._timer.start()

    def _serve(self, process: subprocess.Popen[bytes], request: dict[str, Any]) -> dict[str, Any]:
        assert process.stdin and process.stdout
        frames.write(process.stdin, request)
        for _ in range(_CALLS):
            message = frames.read(process.stdout)
            if not isinstance(message, dict):
                break
            if "call" not in message:
                return message
            answer = self._answer(str(message["call"]), str(message["path"]))
            if self._fetched:
                self._fetched = False
                self._allow(process)
            frames.write(process.stdin, answer)
        raise frames.BrokenFrame("the child asked for too much")

    def _answer(self, call: str, path: str) -> dict[str, Any]:
        try:
            return {"value": self._look(call, path)}
        except FileNotFoundError:
            return {"absent": True}
        except FileError as error:
            return {"error": codec.encode_error(error)}

    def _look(self, call: str, path: str) -> Any:
        try:
            return _CALL[call](self._tree, path)
        except MissingBlobs as missing:
            self._timer.cancel()  # a slow link is not the child's fault
            self._fetched = True
            self._fetch_blobs(missing.ids)
            return _CALL[call](self._tree, path)

    def _kill_late(self, process: subprocess.Popen[bytes]) -> None:
        self._late = True
        _kill(process)

    def _obituary(self, process: subprocess.Popen[bytes]) -> str:
        if self._late:
            return f"rendering took longer than {self._wall:g} s and was ended"
        code = process.wait()
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            return "rendering used up its CPU time or memory and was ended"
        return f"the render process ended unexpectedly (exit status {code})"


_CALL: dict[str, Callable[[Tree, str], Any]] = {
    "kind": lambda tree, path: tree.kind(path),
    "names": lambda tree, path: list(tree.names(path)),
    "read": lambda tree, path: b64encode(tree.read(path)).decode(),
    "digest": lambda tree, path: tree.digest(path),
}


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started; its process group is its own."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
