"""Drift: a foreign edit sent, until a third party sees it reverted; against the bare loop."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench import link, site, table
from tests.e2e.process import ENVIRONMENT, RECONCILER

NAMESPACE = "bench-drift"
OBJECTS = 1000
_WANTED = {"key": "value"}
_MANAGER = "meddler"


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds."""

    p50: float
    p99: float


def run(bench: site.Bench, edits: int) -> Iterator[table.Row]:
    """The agent, the bare loop, and their ratio."""
    remote = bench.fleet(NAMESPACE, site.config_maps(OBJECTS))
    with bench.agent(remote, "drift"):
        ours = _measure(bench.server, "object", edits)
        told = _told(bench, edits)
    given = (bench.plane.url, str(bench.plane.ca), bench.token, NAMESPACE, str(OBJECTS))
    with site.beside("bench.bare", *given):
        bare = _measure(bench.server, "bare", edits)
    bench.clear(NAMESPACE)
    for who, figures in (("agent", ours), ("bare loop", bare)):
        yield table.Row(
            what=f"edit to correction, {OBJECTS} objects, {who}",
            figure=f"p50 {figures.p50:.1f} ms, p99 {figures.p99:.1f} ms",
        )
    yield table.at_most("  p50 against the bare loop", ours.p50 / bare.p50, 2)
    yield table.at_most("  p99 against the bare loop", ours.p99 / bare.p99, 2)
    yield table.at_least("  journal rows with field and manager", told, edits, digits=0)


def _measure(server: link.Server, prefix: str, edits: int) -> Figures:
    path = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
    seen: queue.Queue[tuple[str, bool, float]] = queue.Queue()
    threading.Thread(target=_look, args=(server, path, seen), daemon=True).start()
    seen.get(timeout=60)
    connection = server.connect()
    spent = []
    for number in range(edits):
        name = f"{prefix}-{number % OBJECTS}"
        began = time.perf_counter()
        status, _ = link.send(
            server,
            connection,
            "PATCH",
            f"{path}/{name}?fieldManager={_MANAGER}",
            {"data": {"key": f"edit {number}"}},
            link.MERGE,
        )
        if status != 200:
            raise RuntimeError(f"the edit of {name} was answered {status}")
        spent.append(_reverted(seen, name) - began)
    milliseconds = [seconds * 1000 for seconds in spent]
    return Figures(site.percentile(milliseconds, 0.5), site.percentile(milliseconds, 0.99))


def _told(bench: site.Bench, edits: int) -> int:
    """How many of the edits the journal explains, as ``reconciler drift`` shows it."""
    command = [RECONCILER, "drift", "--state", str(bench.folder / "drift"), "-o", "json"]

    def count() -> int:
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False)
        return sum(
            (row["field"], row["manager"], row["outcome"]) == ("data.key", _MANAGER, "corrected")
            for row in json.loads(done.stdout)["changes"]
        )

    with contextlib.suppress(RuntimeError):  # fewer is a figure, too
        site.wait(lambda: count() >= edits, "the journal", 10)
    return count()


def _look(server: link.Server, path: str, seen: queue.Queue[tuple[str, bool, float]]) -> None:
    """The third party: a watch of its own."""
    events = link.watch(server, path)
    seen.put(("", True, 0.0))
    with contextlib.suppress(OSError):  # nobody writes any more, and the link falls silent
        for event in events:
            found = event["object"]
            at = time.perf_counter()
            seen.put((found["metadata"]["name"], found.get("data") == _WANTED, at))


def _reverted(seen: queue.Queue[tuple[str, bool, float]], name: str) -> float:
    """When the edit was seen, and after it the wanted value."""
    edited = False
    while True:
        found, is_wanted, at = seen.get(timeout=60)
        if found != name:
            continue
        if edited and is_wanted:
            return at
        edited = edited or not is_wanted
