"""Loading twenty policies and judging a thousand objects by them, on one core and no cluster.

The policies are the library's, and the objects Deployments that pass most of them, each judged by
17 of the 20. CPU seconds of this process, the least of five turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from bench import table
from reconciler.adapters.files import FolderTree
from reconciler.documents.load import load_all
from reconciler.model.origins import Origin
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Manifest
from reconciler.policy import admit
from reconciler.policy.admission.library import Shelf
from reconciler.render.manifest import manifest
from tests.policy import library

TURNS = 5
POLICIES = library.NAMES[:20]
SITE = SiteName("north", "barn-7")


def run(count: int) -> Iterator[table.Row]:
    from bench import documents

    tree = FolderTree(library.FOLDER.parent)
    text = "---\n".join(documents.DEPLOYMENT.format(number=number) for number in range(count))
    values = [found.value for found in load_all(text.encode(), path="bench.yaml")]
    objects = [manifest(value, Origin("bench.yaml", 1), SITE) for value in values]
    loading = _least(lambda: Shelf().load(tree, POLICIES))
    yield table.at_most(f"load and compile {len(POLICIES)} policies", loading, 0.3, " s", 3)
    loaded = Shelf().load(tree, POLICIES)
    judging = _least(lambda: _judge(objects, loaded))
    what = f"judge {count} Deployments by {len(POLICIES)} policies"
    yield table.at_most(what, judging, 1.0 * count / 1000, " s", 3)
    each = judging / count / len(POLICIES) * 1e6
    yield table.Row(what="for each object and policy", figure=f"{each:.1f} us")


def _judge(objects: list[Manifest], loaded: Any) -> None:
    for _ in admit.judged(objects, loaded, user=admit.agent("fleet-system")):
        pass


def _least(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(TURNS):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best
