"""First apply of many objects, against the plainest concurrent server-side apply of the same."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator

from bench import link, site

NAMESPACE = "bench-cold"
THREADS = 8


def run(bench: site.Bench, objects: int) -> Iterator[tuple[str, str]]:
    """Rows of the table: agent, plain, ratio; objects a second."""
    remote = bench.fleet(NAMESPACE, site.config_maps(objects))
    with bench.agent(remote, "cold") as agent:
        (applied,) = agent.events("apply.done")
    bench.clear(NAMESPACE)
    ours = applied["applied"] / applied["seconds"]
    plain = objects / _plain(bench.server, objects)
    bench.clear(NAMESPACE)
    yield f"first apply of {objects}, agent (plan to inventory)", f"{ours:.0f} objects/s"
    yield f"first apply of {objects}, plain, {THREADS} threads", f"{plain:.0f} objects/s"
    yield "ratio", f"{ours / plain:.2f}"


def _plain(server: link.Server, objects: int) -> float:
    """Seconds; one connection a thread, http.client, nothing kept."""
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    link.apply(server, server.connect(), f"/api/v1/namespaces/{NAMESPACE}", space, "plain")
    names: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    for number in range(objects):
        names.put(f"object-{number}")
    for _ in range(THREADS):
        names.put(None)
    threads = [threading.Thread(target=_apply_all, args=(server, names)) for _ in range(THREADS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def _apply_all(server: link.Server, names: queue.SimpleQueue[str | None]) -> None:
    connection = server.connect()
    while (name := names.get()) is not None:
        value = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "data": {"key": "value"},
        }
        path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{name}"
        link.apply(server, connection, path, value, "plain")
