"""A command at a terminal of its own, where it may ask and use colours."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import time
from collections.abc import Mapping

# Seconds before somebody types. A signal between the question and the wait for its answer is seen
# only with the next key, as Python's handlers run between bytecodes and not in the system's read.
_READING = 0.5


def run(command: list[str], typed: bytes, environment: Mapping[str, str]) -> tuple[str, str, int]:
    """What the terminal showed, standard output (which goes elsewhere), and the exit code."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, env=environment
        )
        os.write(ours, typed)
        out, _ = process.communicate(timeout=60)
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal ends with its last user
            while chunk := os.read(ours, 4096):
                shown += chunk
    finally:
        os.close(ours)
    return shown.decode(), out.decode(), process.returncode


def answer(
    command: list[str], asked: str, typed: bytes, environment: Mapping[str, str]
) -> tuple[str, int]:
    """What the terminal showed of a command that got ``typed`` once it showed ``asked``, and its
    exit code."""
    shown = b""
    pid, ours = pty.fork()
    if pid == 0:
        os.execve(command[0], command, dict(environment))  # this process is the command from here
    is_asked = False
    with contextlib.suppress(OSError):  # the terminal ends with its last user
        while chunk := os.read(ours, 4096):
            shown += chunk
            if not is_asked and asked.encode() in shown:
                is_asked = True
                time.sleep(_READING)
                os.write(ours, typed)
    os.close(ours)
    _, status = os.waitpid(pid, 0)
    assert is_asked, shown.decode()
    return shown.decode(), os.waitstatus_to_exitcode(status)
