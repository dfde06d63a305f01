"""Child processes that never outlive the tests, and whose logs say why they ended.

A keeper process holds the list of their ids and one end of a pipe whose other end is ours. When
we end, however that is (kill -9 too), the pipe closes and the keeper kills what is on its list.
A parent-death signal would not do: it follows the thread that started the child.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

TAIL = 3000  # characters of a log that an error shows
PATIENCE = 20.0  # seconds for an orderly end

_KEEPER = """
import os, signal, sys
kept = set()
for line in sys.stdin:
    sign, pid = line.split()
    (kept.add if sign == "+" else kept.discard)(int(pid))
for pid in kept:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


def until(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Wait until ``condition`` holds, looking every 20 ms. Fails the test with ``what``."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        pause.wait(0.02)
    assert condition(), f"not within {seconds:.0f} s: {what}"


class Child:
    """One running program."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.process = process
        self._log = log

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def ended_within(self, seconds: float) -> bool:
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def tail(self) -> str:
        """How its log ends."""
        text = self._log.read_text(errors="replace")[-TAIL:]
        return f"{self.name} ({self._log}):\n{text}"

    def kill(self) -> None:
        """As a power cut would: nothing is closed in order."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        if self.ended:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()


class Nursery:
    """Starts children in one folder, which also gets their logs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keeper = subprocess.Popen(
            [sys.executable, "-c", _KEEPER], stdin=subprocess.PIPE, start_new_session=True
        )

    def start(
        self,
        program: Path,
        *arguments: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Child:
        """In a session, and so a process group, of its own: Ctrl-C is ours to pass on."""
        log = self._folder / f"{program.name}.log"
        with log.open("ab") as sink:
            process = subprocess.Popen(
                [program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                cwd=cwd or self._folder,
                env=env,
                start_new_session=True,
            )
        self._tell("+", process)
        return Child(program.name, process, log)

    def ended(self, child: Child) -> None:
        """Take an ended child off the keeper's list: its id may be another's soon."""
        self._tell("-", child.process)

    def close(self) -> None:
        """Whatever still runs is killed, with its children."""
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        try:
            self._keeper.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._keeper.send_signal(signal.SIGKILL)
            self._keeper.wait()

    def _tell(self, sign: str, process: subprocess.Popen[bytes]) -> None:
        assert self._keeper.stdin is not None
        self._keeper.stdin.write(f"{sign} {process.pid}\n".encode())
        self._keeper.stdin.flush()
