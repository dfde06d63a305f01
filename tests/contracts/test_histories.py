"""The embedded cluster against the API server, write by write, to the last field's owner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.model import errors
from reconciler.model.refs import Kind
from tests.contracts import objects
from tests.contracts.histories import KIND, Author, Write, definition
from tests.contracts.suite import apply, serve, tried, unique
from tests.contracts.world import KubeWorld, MemoryWorld, World
from tests.controlplane.plane import ControlPlane
from tests.controlplane.processes import until

SAMPLE = Kind(objects.GROUP, "v1", KIND)
SEEDS = range(60)
# What two clusters give each object of their own.
OWN = ("uid", "resourceVersion", "creationTimestamp")


@pytest.fixture
def real(plane: ControlPlane, agent_kubeconfig: Callable[[str], Path]) -> Iterator[KubeWorld]:
    connected = KubeWorld(plane, agent_kubeconfig("cluster"))
    yield connected
    connected.close()


def test_any_history_leaves_the_same_object_with_the_same_owners(real: KubeWorld) -> None:
    worlds: tuple[World, World] = (MemoryWorld(), real)
    home = unique("histories")
    for world in worlds:
        apply(world, objects.namespace(home))
        serve(world, definition())
    until(lambda: tried(lambda: real.cluster.select(SAMPLE, home, "")) == (), "it is served")
    refused = 0
    for seed in SEEDS:
        refused += _same_history(worlds, home, seed)
    assert refused  # conflicts came up, and were the same


def _same_history(worlds: tuple[World, World], home: str, seed: int) -> int:
    """Run a seed's history on both; how many writes were refused, by both alike."""
    name = f"seed-{seed}"
    author = Author(seed, home, name)
    history: list[str] = []
    refused = 0
    for _ in range(author.length()):
        write = author.next(worlds[0].cluster.read(SAMPLE, home, name))
        history.append(str(write))
        embedded, real = (_answer(world, write) for world in worlds)
        told = "\n".join(history)
        assert embedded == real, f"seed {seed}:\n{told}"
        shown, wanted = (_shown(world.cluster.read(SAMPLE, home, name)) for world in worlds)
        assert shown == wanted, f"seed {seed}:\n{told}"
        refused += bool(real)
    return refused


def _answer(world: World, write: Write) -> set[Any]:
    """Nothing where it was written, else what a refusal says of fields and owners."""
    try:
        write.act(world)
    except errors.ClusterRefused as error:
        return {error.reason, *((cause.field, cause.manager) for cause in error.causes)}
    return set()


def _shown(found: Any) -> Any:
    """An object as far as it must not differ."""
    if found is None:
        return None
    metadata = {name: value for name, value in found["metadata"].items() if name not in OWN}
    entries = [
        {name: value for name, value in entry.items() if name != "time"}
        for entry in metadata.get("managedFields", [])
    ]
    metadata["managedFields"] = sorted(entries, key=_who)
    return {**found, "metadata": metadata}


def _who(entry: dict[str, Any]) -> tuple[str, ...]:
    return (entry["manager"], entry["operation"], entry.get("subresource", ""))
