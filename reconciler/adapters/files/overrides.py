"""The folder for local overrides: its files as texts, each bounded, or why one cannot be used.

In: a folder that somebody on site fills. Out: LocalFile rows, in the order of their names. Nothing
is followed out of the folder. Called for each render, and by ``wakeups`` for the paths to watch.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from reconciler.model.overrides import LocalFile

MOST_FILES = 20
LARGEST = 64 * 2**10  # bytes
_NAMES = 1_000  # looked at
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SUFFIXES = (".yaml", ".yml")
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read(folder: Path) -> tuple[LocalFile, ...]:
    """None where there is no such folder; one that cannot be read is a row with its problem."""
    try:
        names = _names(folder)
    except FileNotFoundError:
        return ()
    except OSError as error:
        return (LocalFile(name=folder.name, problem=f"the folder cannot be read: {_why(error)}"),)
    rows = [_read(folder, name) for name in names[:MOST_FILES]]
    problem = f"there are more than {MOST_FILES} files"
    rows += [LocalFile(name=_shown(name), problem=problem) for name in names[MOST_FILES:]]
    return tuple(rows)


def paths(folder: Path) -> tuple[Path, ...]:
    """The folder and its files: where any of them is another than before, a look is due.

    The name that no file has stands for those to come.
    """
    try:
        names = _names(folder)[:MOST_FILES]
    except OSError:
        names = []
    return (folder, folder / "*", *(folder / name for name in names))


def _names(folder: Path) -> list[str]:
    """Files by their endings; what an editor leaves beside them is none."""
    found = []
    with os.scandir(folder) as entries:
        for number, entry in enumerate(entries):
            if number >= _NAMES:
                break
            if entry.name.endswith(_SUFFIXES) and not entry.name.startswith("."):
                found.append(entry.name)
    return sorted(found)


def _read(folder: Path, name: str) -> LocalFile:
    shown = _shown(name)
    if shown != name or len(name) > 100:
        return LocalFile(name=shown[:100], problem="a file's name has at most 100 plain characters")
    try:
        with os.fdopen(os.open(folder / name, _FLAGS), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return LocalFile(name=name, problem="not a file")
            data = file.read(LARGEST + 1)
    except OSError as error:
        if (folder / name).is_symlink():
            return LocalFile(name=name, problem="a symbolic link; none is followed")
        return LocalFile(name=name, problem=f"it cannot be read: {_why(error)}")
    if len(data) > LARGEST:
        return LocalFile(name=name, problem=f"a file has at most {LARGEST} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return LocalFile(name=name, problem="it is not UTF-8")
    if _CONTROL.search(text):
        return LocalFile(name=name, problem="it holds control characters")
    return LocalFile(name=name, text=text)


def _shown(name: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in name)


def _why(error: OSError) -> str:
    return error.strerror or "unknown"
