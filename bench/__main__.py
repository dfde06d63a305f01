"""``python -m bench [--short] [NAME ...]``: run the benchmarks and print one table."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Iterator

from bench import cold, documents, drift, idle, memory, site

Rows = Iterator[tuple[str, str]]

# Name -> its run, long and short. The short forms show that it works, not how fast.
RUNS: dict[str, Callable[[site.Bench, bool], Rows]] = {
    "documents": lambda bench, short: documents.run(100 if short else 1000),
    "drift": lambda bench, short: drift.run(bench, 20 if short else 200),
    "idle": lambda bench, short: idle.run(bench, 10 if short else 600),
    "cold": lambda bench, short: cold.run(bench, 100 if short else 1000),
    "memory": lambda bench, short: memory.run(bench, (43,) if short else (43, 100, 1000)),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RUNS))
    parser.add_argument("--short", action="store_true", help="small numbers, to see it work")
    given = parser.parse_args()
    chosen = given.names or list(RUNS)
    if unknown := set(chosen) - set(RUNS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(RUNS)}")
    print(f"Python {platform.python_version()}, {platform.machine()}", flush=True)
    with site.bench() as bench:
        for name in chosen:
            for what, figure in RUNS[name](bench, given.short):
                print(f"{name:<8} {what:<52} {figure}", flush=True)


if __name__ == "__main__":
    main()
