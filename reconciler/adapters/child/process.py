"""One child process: started, talked to against a clock, ended, and its end told in words.

Parsers of untrusted text can be crashed and starved, so they run where neither hurts: an
interpreter of its own, spawned and not forked, with an empty environment, a session of its own
and no descriptor but three pipes. ``worker`` is what runs in it; it limits itself first.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.adapters.child import ending, frames
from reconciler.adapters.child.ending import Ended, Wall
from reconciler.model.limits import Limits

_CHUNK = 1 << 16
_DYING = 2.0  # seconds between the end of a process's output and its own
_DIAGNOSIS = 1 << 13  # bytes of the child's stderr that are looked at
# -I and -S: nothing but our own path, with no hooks of an environment.
_START = (
    "import sys; sys.path[:] = sys.argv[1:]\n"
    "from reconciler.adapters.child.worker import main; main()"
)


class Child:
    """Talks with one child. Every method raises Ended when the child is, or has to be, gone."""

    def __init__(self, limits: Limits) -> None:
        """Raises OSError where no process can be started."""
        self._limits = limits
        self._wall = Wall(0)
        self._began = self._used = 0.0
        self._received = self._sent = 0
        self._buffer = bytearray()
        self.renders = 0
        paths = [path for path in sys.path if Path(path).is_absolute()]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-X", "faulthandler", "-c", _START, *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdin and self._process.stdout
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)

    def begin(self, request: Mapping[str, Any], wall: Wall) -> None:
        """Ask for a render; its limits count from here, but for wall time, which goes on."""
        self.renders += 1
        self._received = self._sent = 0
        self._wall = wall
        self._began, self._used = wall.left(), self._processor()
        self.send(frames.pack(request))

    def send(self, packed: bytes) -> None:
        self._sent += len(packed)
        if self._sent > self._limits.reads:
            limit = f"{ending.size(self._limits.reads)} of files (render.reads)"
            raise self._refused(f"rendering reads more than {limit}")
        left = memoryview(packed)
        while left:
            self._wait(self._in, select.POLLOUT)
            try:
                left = left[os.write(self._in, left) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._gone() from None

    def receive(self) -> dict[str, Any]:
        """The child's next words."""
        try:
            size = frames.size(self._take(frames.HEAD))
            return frames.unpack(self._take(size))
        except frames.BrokenFrame:
            raise self.nonsense() from None

    def nonsense(self) -> Ended:
        """The child said what no honest one says."""
        return self._refused("the render process gave an answer without sense")

    def end(self) -> None:
        """Kill whatever is left of it, and close the pipes."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe
            pipe.close()

    @property
    def is_slim(self) -> bool:
        """Whether it is small enough to be kept; never where that cannot be seen."""
        try:
            pages = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1]
        except (OSError, IndexError):
            return False
        return int(pages) * os.sysconf("SC_PAGE_SIZE") <= self._limits.memory // 4

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._wait(self._out, select.POLLIN)
            data = os.read(self._out, _CHUNK)
            if not data:
                raise self._gone()
            self._received += len(data)
            if self._received > self._limits.output:
                limit = f"{ending.size(self._limits.output)} (render.output)"
                raise self._refused(f"the rendered objects are larger than {limit}")
            self._buffer += data
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _wait(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = self._wall.left()
        if left <= 0 or not poll.poll(left * 1000):
            raise self._late()

    def _late(self) -> Ended:
        """Its time is over; whose fault that is, its share of a processor says."""
        used = self._processor() - self._used
        self.end()
        return ending.late(used, self._began, self._limits)

    def _processor(self) -> float:
        """Seconds of CPU time that it used so far."""
        try:
            text = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return math.nan  # not to be seen here, so that no machine is blamed
        ticks = text.rpartition(")")[2].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def _refused(self, why: str) -> Ended:
        self.end()
        return Ended(f"{why} and was ended", by_chance=self.renders > 1)

    def _gone(self) -> Ended:
        """Its output ended: wait for its own end, and say what that was."""
        found = ending.reaped(self._process, _DYING)
        if found is None:
            return self.nonsense()
        diagnosis = self._diagnosis()
        self.end()
        if found.code == -signal.SIGKILL:
            return Ended("the render process was killed from outside", by_chance=True)
        whole = found.code == -signal.SIGXCPU  # a kept child has as much of it as a fresh one
        message = ending.told(found, self._limits, diagnosis)
        return Ended(message, by_chance=self.renders > 1 and not whole)

    def _diagnosis(self) -> bytes:
        """What the interpreter wrote at the end."""
        assert self._process.stderr
        os.set_blocking(self._process.stderr.fileno(), False)
        with contextlib.suppress(BlockingIOError):
            return os.read(self._process.stderr.fileno(), _DIAGNOSIS)
        return b""
