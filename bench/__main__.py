"""``python -m bench [--short] [NAME ...]``: run the benchmarks and print one table.

Says at the end which targets are not met, and ends with 1 then: but not with ``--short``.
"""

from __future__ import annotations

import argparse
import compileall
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import bench
import reconciler
from bench import (
    change,
    cold,
    documents,
    drift,
    idle,
    kustomize,
    memory,
    policies,
    site,
    start,
    table,
)

Rows = Iterator[table.Row]

# Name -> its run, long and short. The short forms show that it works, not how fast.
RUNS: dict[str, Callable[[site.Bench, bool], Rows]] = {
    "idle": lambda bench, short: idle.run(bench, 10 if short else 600),
    "drift": lambda bench, short: drift.run(bench, 20 if short else 300),
    "cold": lambda bench, short: cold.run(bench, 100 if short else 1000),
    "change": lambda bench, short: change.run(bench, 1000, 3 if short else 20, (0.6, 0.0)),
    "site": lambda bench, short: change.run(bench, 43, 5 if short else 100, (0.25, 0.5)),
    "judged": lambda bench, short: change.run(bench, 1000, 3 if short else 20, (0.6, 0.0), 20),
    "memory": lambda bench, short: memory.run(bench, (43,) if short else (100, 1000, 3000)),
    "kinds": lambda bench, short: memory.kinds(bench, 2 if short else 6, 4 if short else 60),
}
# Those that need no control plane.
ALONE: dict[str, Callable[[bool], Rows]] = {
    "start": lambda short: table.plain(start.run(3 if short else 40)),
    "kustomize": lambda short: kustomize.run(*((30, 1, 4) if short else (500, 3, 20))),
    "documents": lambda short: table.plain(documents.run(100 if short else 1000)),
    "policies": lambda short: policies.run(100 if short else 1000),
}


def main() -> int:
    short, chosen = _asked()
    for package in (reconciler, bench):  # as an installed one is
        compileall.compile_dir(str(Path(str(package.__file__)).parent), quiet=1)
    print(f"Python {platform.python_version()}, {platform.machine()}", flush=True)
    rows: list[table.Row] = []
    for name in (name for name in chosen if name in ALONE):
        rows += _shown(name, ALONE[name](short))
    if rest := [name for name in chosen if name in RUNS]:
        with site.bench() as one:
            for name in rest:
                rows += _shown(name, RUNS[name](one, short))
    print(table.summary(rows))
    return int(not short and table.is_missed(rows))


def _asked() -> tuple[bool, list[str]]:
    """Whether the short forms, and which benchmarks."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Run the benchmarks and print each figure beside its target.",
        epilog="Exit codes: 0 all targets are met, 1 one is not, 2 no such benchmark.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join((*ALONE, *RUNS)))
    parser.add_argument(
        "--short",
        action="store_true",
        help="small numbers, to see it work: a target that is not met is no failure",
    )
    given = parser.parse_args()
    if unknown := set(given.names) - {*ALONE, *RUNS}:
        parser.error(
            f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join((*ALONE, *RUNS))}"
        )
    return given.short, given.names or [*ALONE, *RUNS]


def _shown(name: str, rows: Rows) -> Rows:
    for row in rows:
        print(f"{name:<10} {row}", flush=True)
        yield row


if __name__ == "__main__":
    sys.exit(main())
