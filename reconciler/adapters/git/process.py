"""Every call of git: through GitPython, bounded in time, memory and output, in a small environment.

A call has a session of its own. Past a bound its whole group is killed by us, as git leaves
helpers (git-remote-https, ssh, index-pack) behind that GitPython does not know.
"""

from __future__ import annotations

import contextlib
import functools
import os
import selectors
import shutil
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from reconciler.adapters.git import redact
from reconciler.model.errors import SourceUnavailable, UsageError

if TYPE_CHECKING:
    import subprocess

    from git.cmd import Git

_PIPE = -1  # subprocess.PIPE, as GitPython's istream takes it
MEMORY = 768 * 2**20  # bytes of address space of each process
OUTPUT = 16 * 2**20  # bytes of stdout
_ERRORS = 2**20  # bytes of stderr, a server's progress and greetings included
_CHUNK = 65_536
BLOCK = 512  # bytes, the unit of a shell's limit on files
# The limits hold from git's first instruction on. Set from outside they would come late, and code
# between fork and exec is not safe among threads. One that fails is lower already.
_LIMITS = '{ ulimit -c 0; ulimit -v "$1"; ulimit -f "$2"; } 2>/dev/null; shift 2; exec "$@"'
_LIMITED = ("sh", "-c", _LIMITS, "sh")
_ENDING = "git is not called any more: the agent is ending"
_OLDEST = (2, 39, 4)  # the first that knows GIT_NO_LAZY_FETCH

# What of our own environment reaches git; the proxies are the site's own.
_KEPT = frozenset(
    ["PATH", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR"]
    + [
        name
        for word in ("https", "all", "no")
        for name in (f"{word}_proxy", f"{word}_proxy".upper())
    ]
)
_FIXED: Mapping[str, str] = {
    "GIT_ALLOW_PROTOCOL": "https:ssh:file",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "HOME": "/nonexistent",  # no .netrc
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """``code`` is git's exit status, negative for a signal; ``error`` its stderr, redacted."""

    code: int
    out: bytes
    error: str

    def text(self) -> str:
        return self.out.decode("utf-8", "replace").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Seconds, bytes of stdout, and bytes of any one file that git writes (0: no limit)."""

    deadline: float = 60.0
    output: int = OUTPUT
    file: int = 0


_DEFAULT = Bounds()
_guard = threading.Lock()
_running: set[subprocess.Popen[bytes]] = set()
_ended = threading.Event()


def run(
    folder: Path | None,
    arguments: tuple[str, ...],
    *,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    secrets: tuple[str, ...] = (),
    bounds: Bounds = _DEFAULT,
) -> Result:
    """Run ``git ARGUMENTS`` with ``folder`` as its repository (None: git looks for one itself).

    Any exit status is a Result; SourceUnavailable is raised past a bound, and where ``end_calls``
    cut the call short, UsageError without git.
    """
    process = start(folder, arguments, environment=environment, file=bounds.file)
    try:
        out, errors = _talk(process, stdin, bounds, " ".join(arguments[:1]))
        code = process.wait()
    finally:
        kill(process)
    if code < 0 and _ended.is_set():
        raise SourceUnavailable(_ENDING)  # a killed git says nothing about its repository
    return Result(code=code, out=out, error=redact.clean(errors, secrets))


def start(
    folder: Path | None,
    arguments: tuple[str, ...],
    *,
    environment: Mapping[str, str] | None = None,
    file: int = 0,
) -> subprocess.Popen[bytes]:
    """Start ``git ARGUMENTS`` with three pipes. The caller ends it with ``kill``."""
    if _ended.is_set():
        raise SourceUnavailable(_ENDING)
    cmd, failures = _gitpython()
    given = {**_FIXED, **(environment or {})}
    if folder is not None:
        given["GIT_DIR"] = str(folder)
    # GitPython hands on our whole environment; env takes out by name what is not for git.
    dropped = [name for name in sorted(os.environ) if name not in _KEPT and name not in given]
    blocks = str(file // BLOCK) if file else "unlimited"
    unset = [part for name in dropped for part in ("-u", name)]
    try:
        handle: Git.AutoInterrupt = cmd.Git().execute(
            [*_LIMITED, str(MEMORY // 1024), blocks, "env", *unset, "git", *arguments],
            istream=_PIPE,
            as_process=True,
            env=given,
            start_new_session=True,
        )
    except (failures, OSError) as error:
        raise SourceUnavailable(f"git cannot be started: {redact.clean(str(error))}") from None
    # The handle would end git without its helpers when it goes; ``kill`` does that instead.
    process, handle.proc = handle.proc, None
    assert process is not None
    with _guard:
        _running.add(process)
        if _ended.is_set():
            _kill_group(process)
    return process


def end_calls() -> None:
    """End every call of git that is under way, and refuse new ones until ``allow_calls``.

    For the end of the agent: a remote that says nothing would hold it up for a deadline.
    """
    with _guard:
        _ended.set()
        for process in _running:
            _kill_group(process)


def allow_calls() -> None:
    _ended.clear()


@functools.cache
def _gitpython() -> tuple[ModuleType, type[Exception]]:
    """GitPython's module of commands and its root of errors. Raises UsageError without a git."""
    # Imported late: GitPython runs `git version` at import, and fails where there is no git.
    try:
        import git
    except ImportError as error:
        oldest = ".".join(map(str, _OLDEST))
        if shutil.which("git") is None:  # the package's own words are about itself
            raise UsageError(f"there is no git on the PATH: install {oldest} or newer") from None
        raise UsageError(f"git cannot be run: {redact.clean(str(error))}") from None
    found = git.cmd.Git().version_info
    if found < _OLDEST:
        shown, oldest = (".".join(map(str, version)) for version in (found, _OLDEST))
        raise UsageError(f"git is {shown}; {oldest} is the oldest that can be told not to fetch")
    return git.cmd, git.exc.GitError


def kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and its whole group, and close the pipes."""
    with _guard:
        _running.discard(process)
    if process.returncode is None:
        _kill_group(process)
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what was not yet written is of no use
                pipe.close()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()


def _talk(
    process: subprocess.Popen[bytes], stdin: bytes, bounds: Bounds, name: str
) -> tuple[bytes, bytes]:
    """Write all of ``stdin``, read both outputs to their ends, and wait. Raises past a bound."""
    end = time.monotonic() + bounds.deadline
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    out, errors = bytearray(), bytearray()
    left = memoryview(stdin)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, (out, bounds.output))
        selector.register(process.stderr, selectors.EVENT_READ, (errors, _ERRORS))
        if left:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
        else:
            process.stdin.close()
        while selector.get_map():
            for key, _ in selector.select(_left(end, bounds, name)):
                if key.data is not None:
                    if not _read(key, name):
                        selector.unregister(key.fileobj)
                    continue
                left = left[_write(key.fd, left) :]
                if not left:
                    selector.unregister(key.fileobj)
                    process.stdin.close()
    _await(process, end, bounds, name)
    return bytes(out), bytes(errors)


def _read(key: selectors.SelectorKey, name: str) -> bool:
    """Take what is there; False at the end. Raises past the output's limit."""
    taken, most = key.data
    chunk = os.read(key.fd, _CHUNK)
    taken += chunk
    if len(taken) > most:
        raise SourceUnavailable(f"git {name} answered more than is accepted")
    return bool(chunk)


def _write(descriptor: int, data: memoryview) -> int:
    """How much was written; a reader that is gone takes all, as its exit status tells the rest."""
    try:
        return os.write(descriptor, data[:_CHUNK])
    except BrokenPipeError:
        return len(data)


def _left(end: float, bounds: Bounds, name: str) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise SourceUnavailable(f"git {name} did not end within {bounds.deadline:g} s")
    return left


def _await(process: subprocess.Popen[bytes], end: float, bounds: Bounds, name: str) -> None:
    from subprocess import TimeoutExpired

    try:
        process.wait(_left(end, bounds, name))
    except TimeoutExpired:
        _left(end, bounds, name)
