"""A program named ssh-keyscan that answers as it is told, and records how it was called."""

from __future__ import annotations

import sys
from pathlib import Path

_PROGRAM = """\
#!{python}
import pathlib, sys
pathlib.Path({calls!r}).open("a").write(" ".join(sys.argv[1:]) + "\\n")
sys.stdout.write(pathlib.Path({answer!r}).read_text())
"""


def keyscan(folder: Path, answer: str) -> Path:
    """Put it into ``folder``; the file with its calls, a line each."""
    folder.mkdir()
    calls, said, program = folder / "calls", folder / "answer", folder / "ssh-keyscan"
    said.write_text(answer)
    program.write_text(_PROGRAM.format(python=sys.executable, calls=str(calls), answer=str(said)))
    program.chmod(0o755)
    return calls
