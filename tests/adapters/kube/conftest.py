"""The adapter on the real control plane, for the integration tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.adapters import kube
from tests.controlplane.plane import ControlPlane


@pytest.fixture
def cluster(plane: ControlPlane) -> Iterator[kube.KubeCluster]:
    connected = kube.connect(str(plane.admin), "")
    yield connected
    connected.close()
