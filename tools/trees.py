"""``python -m tools.trees DIR...``: every kustomization below some folders, built by both.

For repositories that somebody else wrote. Each folder that holds a kustomization is built by
kustomize and by our command, with kustomize's restriction of files and without; nothing is on the
PATH meanwhile. Prints how many are equal to the byte, fail in both, or come out otherwise, and
those. Fails where one comes out otherwise. Needs a kustomize, as the differential test does.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from reconciler.render.folder import FILE_NAMES
from tests.kustomize import binary

_SECONDS = 120
_SHOWN = 160
_OURS = [sys.executable, "-c", "from reconciler.cli import main; main()", "render"]
_UNRESTRICTED = ["--load-restrictor", "LoadRestrictionsNone"]
_AS_KUSTOMIZE = ("equal", "fail in both")


class Result(NamedTuple):
    """How a folder came out; ``why`` says it where it is not as kustomize has it."""

    folder: Path
    outcome: str
    why: str = ""


def kustomizations(root: Path) -> Iterator[Path]:
    """The folders below that hold one, links not followed."""
    for path, folders, files in os.walk(root):
        folders.sort()
        if not set(FILE_NAMES).isdisjoint(files):
            yield Path(path)


def judge(program: str, folder: Path) -> Result:
    """Restricted as it is, and without restriction where it fails in both."""
    found = _compared(program, folder, [])
    return _compared(program, folder, _UNRESTRICTED) if found.outcome == "fail in both" else found


def _compared(program: str, folder: Path, words: Sequence[str]) -> Result:
    theirs = _run([program, "build", *words, str(folder)])
    ours = _run([*_OURS, *words, str(folder)])
    if theirs.returncode and ours.returncode:
        return Result(folder, "fail in both")
    if theirs.returncode or ours.returncode:
        who = "kustomize" if theirs.returncode else "ours"
        said = (theirs if theirs.returncode else ours).stderr.decode(errors="replace")
        return Result(folder, f"fail in {who}", said.strip()[-_SHOWN:])
    if theirs.stdout == ours.stdout:
        return Result(folder, "equal")
    return Result(folder, "differ", _first(theirs.stdout, ours.stdout))


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command, capture_output=True, timeout=_SECONDS, env={"PATH": ""}, check=False
    )


def _first(theirs: bytes, ours: bytes) -> str:
    """The first line that is not the same."""
    lines = [out.decode(errors="replace").splitlines() for out in (theirs, ours)]
    for number, (expected, printed) in enumerate(zip(*lines, strict=False), start=1):
        if expected != printed:
            return f"line {number}: {expected[:_SHOWN]!r}, ours {printed[:_SHOWN]!r}"
    return f"{len(lines[0])} lines, ours {len(lines[1])}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.trees", description=__doc__)
    parser.add_argument("folders", metavar="DIR", type=Path, nargs="+")
    parser.add_argument("--kustomize", metavar="FILE", help="The program.  [default: built, by go]")
    arguments = parser.parse_args()
    program = arguments.kustomize or binary.kustomize()
    if program is None:
        sys.exit("no kustomize: give --kustomize or install go")
    found = [folder for root in arguments.folders for folder in kustomizations(root)]
    outcomes: Counter[str] = Counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(partial(judge, str(program)), found):
            outcomes[result.outcome] += 1
            if result.outcome not in _AS_KUSTOMIZE:
                print(f"{result.folder}: {result.outcome}: {result.why}", flush=True)
    print(
        f"{len(found)} kustomizations: " + ", ".join(f"{n} {what}" for what, n in outcomes.items())
    )
    if not found or set(outcomes) - set(_AS_KUSTOMIZE):
        sys.exit(1)


if __name__ == "__main__":
    main()
