"""Idle: what the agent asks of the API server while nothing happens, from the audit log."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator

from bench import site

NAMESPACE = "bench-idle"
OBJECTS = 100


def run(bench: site.Bench, seconds: float) -> Iterator[tuple[str, str]]:
    """Rows of the table: the number of requests, by verb."""
    remote = bench.fleet(NAMESPACE, site.config_maps(OBJECTS))
    with bench.agent(remote, "idle"):
        pause = threading.Event()
        pause.wait(5)  # the report about the first pass
        before = {request.id for request in bench.plane.audit(user=site.AGENT)}
        pause.wait(seconds)
        asked = [r for r in bench.plane.audit(user=site.AGENT) if r.id not in before]
    bench.clear(NAMESPACE)
    verbs = Counter(request.verb for request in asked)
    told = ", ".join(f"{count} {verb}" for verb, count in sorted(verbs.items())) or "none"
    yield f"requests in {seconds / 60:g} idle minutes, {OBJECTS} objects", f"{len(asked)} ({told})"
