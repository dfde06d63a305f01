"""Memory of the agent's whole process tree, as proportional set size, at several sizes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench import site

NAMESPACE = "bench-memory"
SAMPLES = 0.05  # seconds between two


def run(bench: site.Bench, sizes: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    """Rows of the table: once settled, and the most seen from its start on."""
    for size in sizes:
        namespace = f"{NAMESPACE}-{size}"
        remote = bench.fleet(namespace, site.config_maps(size))
        with bench.start(remote, f"memory-{size}") as agent:
            with sampled(agent.process.pid) as seen:
                site.wait(lambda: site.is_ready(agent), "the agent", 300)
                threading.Event().wait(5)
            settled = tree_pss(agent.process.pid)
        bench.clear(namespace)
        yield (
            f"memory (PSS, process tree) at {size} objects",
            f"{settled / 2**20:.0f} MiB settled, {max(seen) / 2**20:.0f} MiB at most",
        )


@contextmanager
def sampled(pid: int) -> Iterator[list[int]]:
    """The tree's sizes while the block runs, in bytes."""
    seen, done = [0], threading.Event()

    def look() -> None:
        while not done.wait(SAMPLES):
            seen.append(tree_pss(pid))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def tree_pss(pid: int) -> int:
    """Bytes of a process and all that descends from it; one that has just ended counts nothing."""
    total = 0
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                total += tree_pss(int(child))
    return total
