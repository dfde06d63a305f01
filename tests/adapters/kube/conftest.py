"""A real control plane for the integration tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.adapters import kube
from tests.adapters.kube.plane import ControlPlane


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    control_plane = ControlPlane(tmp_path_factory.mktemp("plane"))
    try:
        control_plane.start()
        yield control_plane
    finally:
        control_plane.stop()


@pytest.fixture
def cluster(plane: ControlPlane, tmp_path: Path) -> Iterator[kube.KubeCluster]:
    connected = kube.connect(plane.kubeconfig(tmp_path / "kubeconfig"), "")
    yield connected
    connected.close()
