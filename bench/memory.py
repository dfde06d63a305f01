"""Memory of the agent's whole process tree, as proportional set size, by objects and by kinds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench import site, table
from tests.controlplane.plane import ControlPlane

NAMESPACE = "bench-memory"
SAMPLES = 0.05  # seconds between two
BASE = 65.0  # MiB at the smallest size
EACH = 6.0  # KiB for each further object
SETTLING = 20.0  # seconds; a warm render child has ended by then
GROUP = "bench.fleet-reconciler.test"


def run(bench: site.Bench, sizes: tuple[int, ...]) -> Iterator[table.Row]:
    """Once settled, and the most seen from its start on."""
    first: tuple[int, float] | None = None
    for size in sizes:
        settled, most = _measure(bench, f"{NAMESPACE}-{size}", site.config_maps(size))
        what = f"memory (PSS, process tree), {size} objects"
        yield table.Row(what=f"{what}, at most while starting", figure=f"{most:.1f} MiB")
        if first is None:
            first = (size, settled)
            yield table.at_most(f"{what}, settled", settled, BASE, " MiB", 1)
        else:
            each = (settled - first[1]) * 1024 / (size - first[0])
            yield table.Row(what=f"{what}, settled", figure=f"{settled:.1f} MiB")
            yield table.at_most("  for each object more", each, EACH, " KiB")


def kinds(bench: site.Bench, few: int, many: int) -> Iterator[table.Row]:
    """Watching many kinds instead of few, an object of each."""
    seen = []
    for count in (few, many):
        settled, _ = _measure(bench, f"{NAMESPACE}-kinds-{count}", _custom(count))
        _undefine(bench.plane, count)
        seen.append(settled)
        yield table.Row(what=f"memory, {count} custom kinds watched", figure=f"{settled:.1f} MiB")
    yield table.at_most(f"{many} kinds instead of {few}", seen[1] - seen[0], 10, " MiB more", 1)


def _measure(bench: site.Bench, namespace: str, objects: str) -> tuple[float, float]:
    """MiB once settled, and at most."""
    remote = bench.fleet(namespace, objects)
    with bench.start(remote, namespace) as agent:
        with sampled(agent.process.pid) as seen:
            site.wait(lambda: site.is_ready(agent), "the agent", 300)
            threading.Event().wait(SETTLING)
        settled = tree_pss(agent.process.pid)
    bench.clear(namespace)
    return settled / 2**20, max(seen) / 2**20


def _custom(count: int) -> str:
    return "---\n".join(
        f"""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: kind{number}s.{GROUP}}}
spec:
  group: {GROUP}
  scope: Namespaced
  names: {{kind: Kind{number}, plural: kind{number}s, singular: kind{number}}}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
---
apiVersion: {GROUP}/v1
kind: Kind{number}
metadata: {{name: one}}
spec: {{size: 1}}
"""
        for number in range(count)
    )


def _undefine(plane: ControlPlane, count: int) -> None:
    root = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    for number in range(count):
        plane.request("DELETE", f"{root}/kind{number}s.{GROUP}")


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


def tree(pid: int) -> Iterator[int]:
    """A process and all that descends from it, as far as they still are."""
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from tree(int(child))


def tree_pss(pid: int) -> int:
    """Bytes of a process tree; one that has just ended counts nothing."""
    total = 0
    for each in tree(pid):
        with suppress(OSError):
            for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total
