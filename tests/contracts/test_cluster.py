"""The embedded cluster and the real one do the same, case by case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contracts.cluster_contract import ObjectContract
from tests.contracts.cluster_custom import CustomContract
from tests.contracts.cluster_drift import DriftContract
from tests.contracts.cluster_ownership import OwnershipContract
from tests.contracts.cluster_watches import WatchContract
from tests.contracts.world import KubeWorld, MemoryWorld, World
from tests.controlplane.plane import ControlPlane


class InMemory:
    @pytest.fixture
    def world(self) -> World:
        return MemoryWorld()


class OnKubernetes:
    @pytest.fixture
    def world(
        self, plane: ControlPlane, agent_kubeconfig: Callable[[str], Path]
    ) -> Iterator[World]:
        connected = KubeWorld(plane, agent_kubeconfig("cluster"))
        yield connected
        connected.close()


class TestObjectsInMemory(InMemory, ObjectContract):
    pass


class TestObjectsOnKubernetes(OnKubernetes, ObjectContract):
    pass


class TestCustomKindsInMemory(InMemory, CustomContract):
    pass


class TestCustomKindsOnKubernetes(OnKubernetes, CustomContract):
    pass


class TestOwnershipInMemory(InMemory, OwnershipContract):
    pass


class TestOwnershipOnKubernetes(OnKubernetes, OwnershipContract):
    pass


class TestWatchesInMemory(InMemory, WatchContract):
    pass


class TestWatchesOnKubernetes(OnKubernetes, WatchContract):
    pass


class TestDriftInMemory(InMemory, DriftContract):
    pass


class TestDriftOnKubernetes(OnKubernetes, DriftContract):
    pass
