"""Runs a command, sends it a signal, and says which of its processes outlived it, as JSON.

Arguments: the signal's number; words in a line of the command's output, or a number of lines, to
wait for; seconds to wait then; and the command. Linux gives orphans to the nearest ancestor that
asked for them: this process.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
GRACE = 2.0  # seconds for what was killed to be gone


def children() -> list[str]:
    """Command lines of our children that run."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            process = Path("/proc") / pid
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z":
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def main() -> None:
    number, words, lines, delay, *command = sys.argv[1:]
    if ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("orphans are not given to us")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout and process.stderr
    out: list[str] = []
    while len(out) < int(lines) or (words and words not in "".join(out[-1:])):
        line = process.stdout.readline()
        if not line:
            break
        out.append(line)
    pause = threading.Event()
    pause.wait(float(delay))
    lived = process.poll() is None
    if lived:
        os.kill(process.pid, int(number))
    rest, error = process.communicate()
    left = children()
    for _ in range(int(GRACE / 0.05)):
        if not left:
            break
        pause.wait(0.05)
        left = children()
    became = {"code": process.returncode, "out": "".join(out) + rest, "err": error, "lived": lived}
    print(json.dumps({**became, "left": left}))


if __name__ == "__main__":
    main()
