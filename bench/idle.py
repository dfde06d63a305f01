"""Idle: what the agent asks of the API server while nothing happens, and what CPU that takes."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench import memory, site, table

NAMESPACE = "bench-idle"
OBJECTS = 1000
TICK = 1000 / os.sysconf("SC_CLK_TCK")  # milliseconds


def run(bench: site.Bench, seconds: float) -> Iterator[table.Row]:
    """Requests from the audit log, watches apart; CPU time of the whole process tree."""
    remote = bench.fleet(NAMESPACE, site.config_maps(OBJECTS))
    with bench.agent(remote, "idle") as agent:
        pause = threading.Event()
        pause.wait(20)  # the report about the first pass, and the render child's end
        before = {request.id for request in bench.plane.audit(user=site.AGENT)}
        began = cpu(agent.process.pid)
        pause.wait(seconds)
        spent = cpu(agent.process.pid) - began
        asked = [r for r in bench.plane.audit(user=site.AGENT) if r.id not in before]
    bench.clear(NAMESPACE)
    verbs = Counter(request.verb for request in asked)
    told = ", ".join(f"{count} {verb}" for verb, count in sorted(verbs.items())) or "none"
    others = len(asked) - verbs["watch"]
    yield table.Row(
        what=f"requests in {seconds / 60:g} idle minutes, {OBJECTS} objects",
        figure=f"{others} ({told})",
        target="0, watches apart",
        met=others == 0,
    )
    yield table.at_most("CPU, idle, per second", spent / seconds, 2, " ms")


def cpu(pid: int) -> float:
    """Milliseconds that a process and its living children have used."""
    total = 0.0
    for each in memory.tree(pid):
        words = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += (int(words[11]) + int(words[12])) * TICK
    return total
