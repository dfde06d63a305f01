"""One child process: started, talked to against a clock, ended, and its end told in words.

Parsers of untrusted text can be crashed and starved, so they run where neither hurts: an
interpreter of its own, spawned and not forked, with an empty environment, a session of its own
and no descriptor but three pipes. ``worker`` is what runs in it; it limits itself first.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.adapters.child import frames
from reconciler.adapters.child.limits import OUT_OF_MEMORY
from reconciler.model.limits import Limits

_CHUNK = 1 << 16
_DYING = 2.0  # seconds between the end of a process's output and its own
_DIAGNOSIS = 1 << 13  # bytes of the child's stderr that are looked at
# The module and line at the top of a traceback. Nothing else of it is shown: it may quote a file.
_FRAME = re.compile(rb'File "[^"\n]*?(reconciler/[\w/]+\.py)", line (\d+),? in ')
# -I and -S: nothing but our own path, with no hooks of an environment.
_START = (
    "import sys; sys.path[:] = sys.argv[1:]\n"
    "from reconciler.adapters.child.worker import main; main()"
)


class Ended(Exception):
    """The child is gone; ``str()`` says why. ``by_chance``: another one may well succeed."""

    def __init__(self, message: str, *, by_chance: bool = False) -> None:
        super().__init__(message)
        self.by_chance = by_chance


class Child:
    """Talks with one child. Every method raises Ended when the child is, or has to be, gone."""

    def __init__(self, limits: Limits) -> None:
        """Raises OSError where no process can be started."""
        self._limits = limits
        self._deadline = 0.0
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

    def begin(self, request: Mapping[str, Any]) -> None:
        """Ask for a render; its limits count from here."""
        self.renders += 1
        self._received = self._sent = 0
        self._deadline = time.monotonic() + self._limits.wall
        self.send(frames.pack(request))

    @contextlib.contextmanager
    def untimed(self) -> Iterator[None]:
        """A slow link is not the child's fault."""
        began = time.monotonic()
        yield
        self._deadline += time.monotonic() - began

    def send(self, packed: bytes) -> None:
        self._sent += len(packed)
        if self._sent > self._limits.reads:
            raise self._refused(f"rendering reads more than {_size(self._limits.reads)} of files")
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
                limit = _size(self._limits.output)
                raise self._refused(f"the rendered objects are larger than {limit}")
            self._buffer += data
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _wait(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = self._deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise self._refused(f"rendering took longer than {self._limits.wall:g} s")

    def _refused(self, why: str) -> Ended:
        self.end()
        return Ended(f"{why} and was ended", by_chance=self.renders > 1)

    def _gone(self) -> Ended:
        """Its output ended: wait for its own end, and say what that was."""
        try:
            code = self._process.wait(_DYING)
        except subprocess.TimeoutExpired:
            return self.nonsense()
        diagnosis = self._diagnosis()
        self.end()
        if code == -signal.SIGKILL:
            return Ended("the render process was killed from outside", by_chance=True)
        return Ended(self._obituary(code, diagnosis), by_chance=self.renders > 1)

    def _obituary(self, code: int, diagnosis: str) -> str:
        if code == OUT_OF_MEMORY:
            return f"rendering needs more than {_size(self._limits.memory)} of memory"
        if code == -signal.SIGXCPU:
            return f"rendering needs more than {self._limits.cpu} s of CPU time"
        if code < 0:
            # Libraries in C and Rust crash where memory ends.
            limit = _size(self._limits.memory)
            name = _signal_name(-code)
            return f"the renderer crashed ({name}{diagnosis}), perhaps for want of {limit}"
        return f"the render process ended unexpectedly (exit status {code})"

    def _diagnosis(self) -> str:
        """Where it crashed, as far as the interpreter could say."""
        assert self._process.stderr
        os.set_blocking(self._process.stderr.fileno(), False)
        with contextlib.suppress(BlockingIOError):
            text = os.read(self._process.stderr.fileno(), _DIAGNOSIS)
            if frame := _FRAME.search(text):
                return f" in {frame[1].decode()}:{frame[2].decode()}"
        return ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _size(count: int) -> str:
    return f"{count >> 20} MiB"
