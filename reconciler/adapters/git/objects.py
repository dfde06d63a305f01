"""Objects by hash, out of one ``git cat-file --batch-command`` that stays while it is used.

Used by trees and by the reader of notes. Sizes are asked before bytes are, so that a blob of
1.5 GB which travelled as 1.6 MB is refused for what it is.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.adapters.git import process, repository
from reconciler.model.errors import SourceUnavailable

_DEADLINE = 30.0  # seconds for one answer
_BATCH = 200  # questions on their way at once; more could fill both pipes
_HEADER = 4_096


@dataclass(frozen=True, slots=True)
class Info:
    """Of an object that is there: blob, tree, commit or tag, and its size in bytes."""

    type: str
    size: int


class ObjectReader:
    """Reads one repository's objects; safe for several threads; ``close`` ends its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end_process: Callable[[], object] = _nothing
        self._buffer = bytearray()
        # What trees made of folders and links, by id: never out of date.
        self.folders: dict[str, Any] = {}
        self.links: dict[str, str] = {}

    def close(self) -> None:
        """End the process; a later read starts another."""
        with self._lock:
            self._stop()

    def info(self, ids: Sequence[str]) -> list[Info | None]:
        """What each object is, None where it is missing. Raises SourceUnavailable."""
        found: list[Info | None] = []
        with self._lock:
            for at in range(0, len(ids), _BATCH):
                batch = ids[at : at + _BATCH]
                self._send("".join(f"info {id_}\n" for id_ in batch))
                found += [self._header() for _ in batch]
        return found

    def read(self, object_id: str, size: int) -> bytes:
        """The bytes of an object that ``info`` said has this ``size``."""
        with self._lock:
            self._send(f"contents {object_id}\n")
            header = self._header()
            if header is None or header.size != size:
                self._stop()
                raise SourceUnavailable(f"object {object_id} in the mirror is damaged")
            return self._take(size + 1)[:size]

    def _send(self, text: str) -> None:
        if self._process is None:
            git_dir, environment = repository.for_reading(self._folder)
            self._process = process.start(
                git_dir, ("cat-file", "--batch-command"), environment=environment
            )
            # Nobody closes a tree; git must end with it, and at the latest with us.
            self._end_process = weakref.finalize(self, process.kill, self._process)
            self._buffer.clear()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(text.encode())
            self._process.stdin.flush()
        except OSError:
            self._stop()
            raise SourceUnavailable(_ended(b"")) from None

    def _header(self) -> Info | None:
        line = self._line().split()
        if len(line) == 3 and line[2].isdigit():
            return Info(line[1].decode("ascii", "replace"), int(line[2]))
        if len(line) == 2 and line[1] == b"missing":
            return None
        self._stop()
        raise SourceUnavailable("git cat-file gave an answer that is not understood")

    def _line(self) -> bytes:
        end = self._end()
        while (at := self._buffer.find(b"\n")) < 0 and len(self._buffer) < _HEADER:
            self._fill(end)
        line = bytes(self._buffer[: at + 1])
        del self._buffer[: at + 1]
        return line

    def _take(self, size: int) -> bytes:
        end = self._end()
        while len(self._buffer) < size:
            self._fill(end)
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    @staticmethod
    def _end() -> float:
        return time.monotonic() + _DEADLINE

    def _fill(self, end: float) -> None:
        """Add to the buffer what comes next; stderr is read, too, as it must not fill up."""
        child = self._process
        assert child is not None and child.stdout is not None and child.stderr is not None
        said = b""
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            selector.register(child.stderr, selectors.EVENT_READ)
            while (left := end - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    chunk = os.read(key.fd, 1 << 20)
                    if key.fileobj is child.stdout:
                        if chunk:
                            self._buffer += chunk
                            return
                        said += _last_words(child)
                        self._stop()
                        raise SourceUnavailable(_ended(said))
                    said = (said + chunk)[-_HEADER:]
                    if not chunk:
                        selector.unregister(key.fileobj)
        self._stop()
        raise SourceUnavailable(f"git cat-file did not answer within {_DEADLINE:g} s")

    def _stop(self) -> None:
        self._end_process()
        self._process, self._end_process = None, _nothing


def _last_words(child: subprocess.Popen[bytes]) -> bytes:
    """What a git that closed its output said of that, and was not read yet."""
    assert child.stderr is not None
    with contextlib.suppress(subprocess.TimeoutExpired, BlockingIOError):
        child.wait(1)
        os.set_blocking(child.stderr.fileno(), False)
        return os.read(child.stderr.fileno(), _HEADER)
    return b""


def _ended(said: bytes) -> str:
    if b"promisor remote" in said:  # a user's own clone; a mirror of ours has no promises to read
        return "a file is not in the local repository, a partial clone: git checkout brings it"
    return "git cat-file ended; the mirror may be damaged"


def _nothing() -> None:
    """What there is to end before a first question."""
