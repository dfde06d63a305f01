"""First apply of many objects, against the best bare concurrent server-side apply of the same."""

from __future__ import annotations

import datetime
import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from bench import link, site, table
from tests.controlplane.audit import Request

NAMESPACE = "bench-cold"
THREADS = (4, 8)  # the better of the two is what the agent is held against
DEPLOYMENTS = 20  # one object in so many


def run(bench: site.Bench, objects: int) -> Iterator[table.Row]:
    """Rates in objects a second, and the parts of the way from commit to Synced."""
    bare = max(_bare(bench, objects, threads) for threads in THREADS)
    before = {request.id for request in bench.plane.audit()}
    remote = bench.fleet(NAMESPACE, "---\n".join(_text(number) for number in range(objects)))
    with bench.agent(remote, "cold") as agent:
        events = agent.events()
    made = bench.plane.audit(user=site.AGENT, agent="fleet-reconciler/")
    ours = _rate((r for r in made if r.id not in before), "object-")
    bench.clear(NAMESPACE)
    seen, synced = _at(events, "source.fetched"), _at(events, "report.changed", sync="Synced")
    whole = objects / (synced - seen)
    counted = f"first apply of {objects}"
    yield table.Row(what=f"{counted}, bare, best of 4 and 8 threads", figure=f"{bare:.0f}/s")
    yield table.Row(what=f"{counted}, first PATCH to last answer", figure=f"{ours:.0f}/s")
    yield table.at_least("  against bare", ours / bare, 0.8)
    yield table.Row(what=f"{counted}, commit seen to Synced", figure=f"{whole:.0f}/s")
    yield table.at_least("  against bare", whole / bare, 0.5)
    yield table.Row(what="  its parts", figure=_parts(events, seen, synced))


def _parts(events: list[dict[str, Any]], seen: float, synced: float) -> str:
    names = ("render.done", "apply.started", "apply.done")
    marks = [seen, *(_at(events, name) for name in names), synced]
    labels = ("verify and render", "plan", "apply", "report")
    spans = zip(labels, marks, marks[1:], strict=False)
    return ", ".join(f"{label} {(end - start) * 1000:.0f} ms" for label, start, end in spans)


def _at(events: Iterable[dict[str, Any]], name: str, **fields: str) -> float:
    """When this was first logged, Unix seconds."""
    found = next(
        event
        for event in events
        if event.get("name") == name and all(event.get(k) == v for k, v in fields.items())
    )
    return datetime.datetime.fromisoformat(found["timestamp"]).timestamp()


def _rate(requests: Iterable[Request], prefix: str) -> float:
    """Objects a second, from the first PATCH's coming to the last answer's going."""
    ours = [r for r in requests if r.verb == "patch" and r.name.startswith(prefix)]
    first = min(datetime.datetime.fromisoformat(request.at) for request in ours)
    last = max(datetime.datetime.fromisoformat(request.done) for request in ours)
    return len(ours) / (last - first).total_seconds()


def _bare(bench: site.Bench, objects: int, threads: int) -> float:
    """One connection a thread, http.client, nothing kept; measured as ours is."""
    server = bench.server
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    link.apply(server, server.connect(), f"/api/v1/namespaces/{NAMESPACE}", space, "plain")
    before = {request.id for request in bench.plane.audit(agent="bench")}
    numbers: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    for number in [*range(objects), *[None] * threads]:
        numbers.put(number)
    workers = [threading.Thread(target=_apply_all, args=(server, numbers)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    made = [r for r in bench.plane.audit(agent="bench") if r.id not in before]
    bench.clear(NAMESPACE)
    return _rate(made, "object-")


def _apply_all(server: link.Server, numbers: queue.SimpleQueue[int | None]) -> None:
    connection = server.connect()
    while (number := numbers.get()) is not None:
        value = _object(number)
        root = "/apis/apps/v1" if value["kind"] == "Deployment" else "/api/v1"
        plural = f"{value['kind'].lower()}s"
        path = f"{root}/namespaces/{NAMESPACE}/{plural}/object-{number}"
        link.apply(server, connection, path, value, "plain")


def _object(number: int) -> dict[str, Any]:
    metadata = {"name": f"object-{number}", "namespace": NAMESPACE, "labels": {"bench": "cold"}}
    if number % DEPLOYMENTS:
        data = {"key": "value"}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    labels = {"app": f"object-{number}"}
    pod = {"containers": [{"name": "main", "image": "app:1"}]}
    spec = {
        "replicas": 0,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def _text(number: int) -> str:
    return f"{site.json_text(_object(number))}\n"
