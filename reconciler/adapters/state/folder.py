"""The state folder itself: its mode, its lock, the files of the database in it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path

from reconciler.model.errors import ReconcilerError, StateLocked, StateUnavailable, UsageError

DATABASE = "state.db"
KEPT = 3  # damaged databases
_LOCK = "lock"
_BESIDE = ("-wal", "-shm", "-journal")
_DAMAGED = re.compile(re.escape(DATABASE) + r"\.damaged-(\d{1,9})")
# Waiting helps against these; the others need another folder, or another mode.
_PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EROFS}


def prepare(folder: Path) -> None:
    """Make the folder, for its owner alone. Raises UsageError and StateUnavailable."""
    with reported(folder, "cannot be made"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The root of a mounted volume may belong to another user, who then has to see to its
        # mode; every file in it is 0600 either way.
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(0o700)


def lock(folder: Path) -> int:
    """Take the folder for this process. The descriptor holds it until it is closed.

    Raises StateLocked, UsageError and StateUnavailable.
    """
    path = folder / _LOCK
    with reported(folder, "cannot be locked"):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            _take(descriptor, folder)
        except BaseException:
            os.close(descriptor)
            raise
    return descriptor


def _take(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        owner = f"process {pid}" if pid.isdecimal() else "another process"
        raise StateLocked(
            f"{owner} runs with the state folder {folder}; stop it first, or choose another"
            " folder with --state"
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def set_aside(folder: Path) -> str:
    """Rename a damaged database and return its new path; the newest KEPT ones stay.

    The state must be closed. Raises StateLocked, UsageError and StateUnavailable.
    """
    held = lock(folder)
    try:
        with reported(folder, "cannot be written"):
            return str(_rename(folder))
    finally:
        os.close(held)


def _rename(folder: Path) -> Path:
    before = _damaged(folder)
    number = max(before, default=0) + 1
    aside = folder / f"{DATABASE}.damaged-{number}"
    # The log goes first: beside a new database it would be taken for that one's.
    for suffix in _BESIDE:
        with contextlib.suppress(FileNotFoundError):
            (folder / (DATABASE + suffix)).rename(f"{aside}{suffix}")
    (folder / DATABASE).rename(aside)
    for old in sorted(before, reverse=True)[KEPT - 1 :]:
        remove(folder / f"{DATABASE}.damaged-{old}")
    sync(folder)
    return aside


def _damaged(folder: Path) -> list[int]:
    found = (_DAMAGED.fullmatch(path.name) for path in folder.iterdir())
    return [int(match[1]) for match in found if match]


def remove(database: Path) -> None:
    """Remove a database and what SQLite keeps beside it, as far as they are there."""
    for suffix in ("", *_BESIDE):
        Path(f"{database}{suffix}").unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Make the folder's names durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def reported(folder: Path, what: str) -> Iterator[None]:
    """Turn an OSError of the block into StateUnavailable or UsageError, by whose turn it is."""
    try:
        yield
    except OSError as error:
        message = f"the state folder {folder} {what}: {error.strerror}"
        kind: type[ReconcilerError] = StateUnavailable if error.errno in _PASSING else UsageError
        if kind is UsageError:
            message += "; choose another with --state"
        raise kind(message) from None
