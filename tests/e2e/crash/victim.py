"""An agent that is there to be killed: its log as it comes, its processes, its end.

Every process below the agent is seen in /proc. Before the kill the agent is stopped, so that
what it was doing can be looked at: a stopped process neither forks nor writes.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.process import ENVIRONMENT, RECONCILER

Events = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    pid: int
    command: str  # its arguments, one blank between two
    repository: str  # the last part of its GIT_DIR, ``""`` where it has none

    @property
    def serves(self) -> bool:
        """Whether it is the remote's side of git, which runs on another machine elsewhere."""
        return "receive-pack" in self.command or "upload-pack" in self.command


class Victim:
    """``events`` are its log's lines, oldest first; ended by ``kill``, or else by ``discard``."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.events: list[dict[str, Any]] = []
        self.noise: list[str] = []  # lines that are no events
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            [RECONCILER, "run", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=ENVIRONMENT,
        )
        self._reader = threading.Thread(target=self._read, name="victim-log")
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                try:
                    self.events.append(json.loads(line))
                except json.JSONDecodeError:
                    self.noise.append(line)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def wait(self, condition: Callable[[Events], bool], seconds: float = 30.0) -> bool:
        """Wait until the log is so; False where that did not come, or the agent ended."""
        with self._changed:
            self._changed.wait_for(lambda: condition(self.events) or self.ended, seconds)
            return condition(self.events)

    def named(self, name: str) -> list[dict[str, Any]]:
        """The events of this name so far."""
        return [event for event in list(self.events) if event.get("name") == name]

    def wait_for(self, name: str, seconds: float = 30.0) -> None:
        """Wait until an event of this name is logged."""
        came = self.wait(lambda _: bool(self.named(name)), seconds)
        assert came, f"no {name} within {seconds:g} s\n{self.tail()}"

    def wait_for_process(self, condition: Callable[[Process], bool], seconds: float = 10.0) -> bool:
        """Wait until the agent has such a process below it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.ended:
            if any(condition(process) for process in self.descendants()):
                return True
        return False

    def wait_for_silence(self, quiet: float, seconds: float = 30.0) -> bool:
        """Wait until ``quiet`` seconds pass without a line."""
        until = time.monotonic() + seconds
        with self._changed:
            while time.monotonic() < until:
                if not self._changed.wait(quiet):
                    return True
        return False

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def descendants(self) -> tuple[Process, ...]:
        """All processes below the agent, as they are now, the remote's own apart."""
        parents = _parents()
        found: list[Process] = []
        last = {self.process.pid}
        while last:
            below = [_process(pid) for pid, parent in parents.items() if parent in last]
            ours = [process for process in below if process is not None and not process.serves]
            found += ours
            last = {process.pid for process in ours}
        return tuple(found)

    def stop(self) -> None:
        """Stop the agent in its tracks."""
        self.process.send_signal(signal.SIGSTOP)

    def kill(self, *, alone: bool = False) -> tuple[Process, ...]:
        """SIGKILL to the agent and all below it, or ``alone`` to the agent; what ran below it.

        The first is what the end of a container is; in the second its children go on for a while.
        """
        self.stop()
        below = self.descendants()
        self.process.kill()
        code = self.process.wait(20)
        for process in () if alone else below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        self._close()
        assert code == -signal.SIGKILL, f"it ended by itself, with {code}:\n{self.tail()}"
        return below

    def discard(self) -> None:
        """End what still runs, whatever became of the test."""
        if self.ended:
            self._close()
        else:
            self.kill()

    def end(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        self._close()
        return code

    def tail(self) -> str:
        """How its log ends."""
        shown = [json.dumps(event) for event in self.events[-25:]]
        return "\n".join([*shown, *self.noise[-20:]])

    def _close(self) -> None:
        self._reader.join(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


def _parents() -> dict[int, int]:
    """Each process's parent."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                # The name of the program, in brackets, may hold anything.
                words = (folder / "stat").read_text().rpartition(")")[2].split()
                found[int(folder.name)] = int(words[1])
    return found


def _process(pid: int) -> Process | None:
    """None where it is gone."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    folders = [word[8:] for word in environment.split(b"\0") if word.startswith(b"GIT_DIR=")]
    return Process(
        pid=pid,
        command=command.replace(b"\0", b" ").decode("utf-8", "replace").strip(),
        repository=Path(folders[0].decode()).name if folders else "",
    )
