"""What a terminal shows of the demo: lines, and below them the sites as they are."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from reconciler.app.demo.screen import Kind, Line
from reconciler.cli import screens
from tests.e2e.process import RECONCILER

GREEN = "\x1b[1;32m"
# The terminal becomes a session's own, so that Ctrl-C reaches it as it would a person's.
OWNED = """\
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
CURSOR = "\x1b[?25h"  # is shown again


def at_a_terminal(folder: Path, until: str, **environment: str) -> tuple[str, int]:
    """All that it shows of a demo that gets Ctrl-C once ``until`` is there, and its exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", OWNED, RECONCILER, "demo", "fleet"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    shown, typed = "", False
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk.decode(errors="replace")
            if not typed and until in shown:
                os.write(ours, b"\x03")
                typed = True
    except OSError:  # the terminal ends with its last user
        pass
    finally:
        os.close(ours)
    return shown, process.wait(20)


@pytest.mark.parametrize(("environment", "colours"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_has_a_board_below_the_lines(
    environment: dict[str, str], colours: bool, tmp_path: Path
) -> None:
    shown, code = at_a_terminal(tmp_path, "2. A commit", **environment)
    assert code == 130, shown
    assert "revision" in shown and "Synced at" in shown
    assert (GREEN in shown) is colours
    assert CURSOR in shown
    assert "interrupted" in shown.splitlines()[-1]


def test_a_dumb_terminal_has_plain_lines(tmp_path: Path) -> None:
    shown, code = at_a_terminal(tmp_path, "2. A commit", TERM="dumb")
    assert code == 130, shown
    assert "\x1b" not in shown and "revision" not in shown


def test_long_lines_go_on_below_their_text(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    screens.Lines(Console(width=40)).tell(Line(kind=Kind.HAND, text="word " * 12))
    lines = capsys.readouterr().out.rstrip().split("\n")
    assert lines[0].startswith("   ! word") and lines[1].startswith("     word")
    assert all(len(line.rstrip()) <= 40 for line in lines)


def test_plain_lines_are_as_long_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    screens.Plain().tell(Line(kind=Kind.DONE, site="north/barn-7", text="x" * 100))
    assert capsys.readouterr().out == f"   ok north/barn-7   {'x' * 100}\n"
