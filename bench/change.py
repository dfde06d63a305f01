"""One object of a site changed by a commit: how long until it is applied, and what that asks."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

from bench import link, site, table
from tests.adapters.git.build import Remote, git

NAMESPACE = "bench-change"
_KEY = "turn"


def run(
    bench: site.Bench, objects: int, turns: int, limits: tuple[float, float]
) -> Iterator[table.Row]:
    """``limits`` are seconds for p50 and, where it is not 0, p99."""
    namespace = f"{NAMESPACE}-{objects}"
    remote = bench.fleet(namespace, _texts(objects, 0))
    with bench.agent(remote, namespace):
        seen: queue.Queue[tuple[str, float]] = queue.Queue()
        path = f"/api/v1/namespaces/{namespace}/configmaps"
        threading.Thread(target=_look, args=(bench.server, path, seen), daemon=True).start()
        seen.get(timeout=60)
        spent, asked = [], []
        for turn in range(1, turns + 1):
            seconds, requests = _turn(bench, remote, namespace, objects, turn, seen)
            spent.append(seconds)
            asked.append(requests)
    bench.clear(namespace)
    what = f"one of {objects} changed, commit to applied"
    yield table.at_most(f"{what}, p50 of {turns}", site.percentile(spent, 0.5), limits[0], " s")
    p99 = site.percentile(spent, 0.99)
    if limits[1]:
        yield table.at_most(f"{what}, p99", p99, limits[1], " s")
    else:
        yield table.Row(what=f"{what}, p99", figure=f"{p99:.2f} s")
    yield table.at_most(f"one of {objects} changed, requests for it", max(asked), 4, "", 0)


def _turn(
    bench: site.Bench,
    remote: Remote,
    namespace: str,
    objects: int,
    turn: int,
    seen: queue.Queue[tuple[str, float]],
) -> tuple[float, int]:
    """Seconds until a third party sees the change; requests until the agent is quiet again."""
    before = {request.id for request in bench.plane.audit(user=site.AGENT)}
    files = bench.files(namespace, _texts(objects, turn))
    commit = remote.commit(files, parent="main", branch="staged")
    threading.Event().wait(0.5)  # what was written for that has been looked at
    began = time.time()
    git(remote.folder, "update-ref", "refs/heads/main", commit)
    while (found := seen.get(timeout=60))[0] != str(turn):
        continue
    site.wait(lambda: bench.applied() == commit, "the report")
    threading.Event().wait(0.5)  # and what follows it
    asked = [
        request
        for request in bench.plane.audit(user=site.AGENT, agent="fleet-reconciler/")
        if request.id not in before and request.verb != "watch"
    ]
    return found[1] - began, len(asked)


def _look(server: link.Server, path: str, seen: queue.Queue[tuple[str, float]]) -> None:
    events = link.watch(server, path)
    seen.put(("", 0.0))
    with suppress(OSError):
        for event in events:
            at = time.time()
            seen.put((event["object"].get("data", {}).get(_KEY, ""), at))


def _texts(objects: int, turn: int) -> str:
    first = (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: changing}}\n"
        f'data: {{{_KEY}: "{turn}"}}\n'
    )
    return f"{first}---\n{site.config_maps(objects - 1)}"
