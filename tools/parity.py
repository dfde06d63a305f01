"""``make parity CASES=DIR``: cases with what kustomize prints, rendered with our command.

DIR, or each folder in it, holds cases: ``input/`` is the tree, ``root.txt`` the folder to build,
``flags.txt`` more words for the command, and ``expected.yaml`` the output or ``error.txt`` words
that the error holds. Nothing is on the PATH meanwhile. Prints how many passed, differ and were
refused, with the first differing line of each, and which expected words an error does not hold.
Fails where one differs, where none passed, or where of the expected errors fewer than nine in ten
hold the words. ``--least N`` is for the folder that ``tests/parity.toml`` counts: at least N pass,
whatever the others do.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

_SECONDS = 60
_SHOWN = 320
_WORDED = 0.9  # of the errors that are expected, how many must hold kustomize's words
_REFUSED = 2  # the command's exit code where it says why not; a crash has another
_MORE = "more: "
_COMMAND = [sys.executable, "-c", "from reconciler.cli import main; main()", "render"]

Outcome = Literal["passed", "differs", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """``worded`` is whether an expected error's words were in ours; None where none is expected."""

    case: Path
    outcome: Outcome
    why: str = ""
    worded: bool | None = None


def cases(folder: Path) -> list[Path]:
    """The cases in a folder or in its folders, by name."""
    found = [path.parent for path in folder.glob("*/input")]
    found += [path.parent for path in folder.glob("*/*/input")]
    return sorted(found)


def judge(case: Path) -> Result:
    """Render one case and compare."""
    done = subprocess.run(
        [*_COMMAND, *_words(case / "flags.txt"), *_words(case / "root.txt", ".")],
        cwd=case / "input",
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        env={"PATH": ""},
        check=False,
    )
    said = done.stderr.replace(str(case / "input"), "")
    if (case / "error.txt").exists():
        worded = _error(case) in said
        outcome: Outcome = "passed" if done.returncode == _REFUSED else "differs"
        why = f"an error is expected, exit code {done.returncode} found"
        if outcome == "passed":
            why = f"expected {_error(case)[:_SHOWN]!r}, found {_last(said)[:_SHOWN]!r}"
        return Result(case=case, outcome=outcome, why=why, worded=worded)
    if done.returncode:
        return Result(case=case, outcome="refused", why=_last(said)[:_SHOWN])
    expected = (case / "expected.yaml").read_text()
    if done.stdout == expected or (
        case.name.startswith("filter-") and _same(expected, done.stdout)
    ):
        return Result(case=case, outcome="passed")
    return Result(case=case, outcome="differs", why=_first(expected, done.stdout)[:_SHOWN])


def _last(said: str) -> str:
    """The last line of an error, but for the one that says where to read more."""
    lines = [line for line in said.strip().splitlines() if not line.startswith(_MORE)]
    return lines[-1] if lines else "no message"


def _words(path: Path, default: str = "") -> list[str]:
    return (path.read_text() if path.exists() else default).split()


def _error(case: Path) -> str:
    text = (case / "error.txt").read_text().strip()
    return str(json.loads(text)) if text.startswith('"') else text


def _same(expected: str, found: str) -> bool:
    """Whether both hold the same documents: these cases were not printed by kustomize."""
    return _documents(expected) == _documents(found)


def _documents(text: str) -> list[str]:
    nodes = yaml.compose_all(text, Loader=yaml.CSafeLoader)
    return [json.dumps(_plain(node), sort_keys=True) for node in nodes if node is not None]


def _plain(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return {str(_plain(key)): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return [node.tag, node.value]


def _first(expected: str, found: str) -> str:
    lines = ([*text.splitlines(), "<end>"] for text in (expected, found))
    for number, (wanted, line) in enumerate(zip(*lines, strict=False), start=1):
        if wanted != line:
            return f"line {number}: expected {wanted!r}, found {line!r}"
    return "same lines, other ends"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument(
        "--least",
        type=int,
        default=0,
        metavar="N",
        help="how many pass at least; without it none may differ",
    )
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(judge, cases(options.folder.resolve())))
    for result in results:
        if result.outcome != "passed":
            print(f"{result.outcome:8} {result.case.name}: {result.why}")
        elif result.worded is False:
            print(f"unworded {result.case.name}: {result.why}")
    worded = [result.worded for result in results if result.worded is not None]
    counts = {word: sum(r.outcome == word for r in results) for word in ("differs", "refused")}
    passed = len(results) - sum(counts.values())
    print(f"{passed} passed, {counts['differs']} differ, {counts['refused']} refused")
    print(f"errors that hold kustomize's words: {sum(worded)} of {len(worded)}")
    failed = passed < options.least if options.least else passed == 0 or counts["differs"] > 0
    return int(failed or sum(worded) < _WORDED * len(worded))


if __name__ == "__main__":
    sys.exit(main())
