"""A site for each test, under the rights of ``deploy/``'s ServiceAccount."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.controlplane.plane import ControlPlane
from tests.e2e.world import World


@pytest.fixture
def world(
    request: pytest.FixtureRequest,
    plane: ControlPlane,
    agent_kubeconfig: Callable[[str], Path],
    tmp_path: Path,
) -> Iterator[World]:
    """Parametrise it indirectly with ``scoped`` for the smaller rights."""
    made = World(plane, agent_kubeconfig(getattr(request, "param", "cluster")), tmp_path)
    yield made
    made.clear()
