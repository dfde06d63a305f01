"""The adapter on the real control plane, under the rights that deploy/ gives the agent."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.adapters import kube
from tests.controlplane.plane import ControlPlane

_SERIAL = itertools.count()


@pytest.fixture
def cluster(agent_kubeconfig: Callable[[str], Path]) -> Iterator[kube.KubeCluster]:
    connected = kube.connect(str(agent_kubeconfig("cluster")), "")
    yield connected
    connected.close()


@pytest.fixture
def namespace(plane: ControlPlane) -> Iterator[str]:
    """One of the test's own."""
    name = f"kube-{next(_SERIAL)}"
    status, answer = plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    assert status == 201, answer
    yield name
    plane.request("DELETE", f"/api/v1/namespaces/{name}")
