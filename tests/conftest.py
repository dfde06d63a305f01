"""What all tests may use: the real control plane, and the agent's rights on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.controlplane.plane import ControlPlane
from tests.integration import Integration
from tests.rights import Rights


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--enough-integration",
        action="store_true",
        help="fail if fewer integration tests ran than tests/integration.toml records",
    )


def pytest_configure(config: pytest.Config) -> None:
    enough = bool(config.getoption("--enough-integration"))
    config.pluginmanager.register(Integration(enough=enough), "integration")


@pytest.fixture(scope="session")
def plane(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ControlPlane]:
    """One control plane for each pytest worker; tests clean up, or use names of their own."""
    integration = pytestconfig.pluginmanager.getplugin("integration")
    assert isinstance(integration, Integration)
    with ControlPlane(tmp_path_factory.mktemp("plane"), integration.binaries) as control_plane:
        yield control_plane


@pytest.fixture(scope="session")
def agent_kubeconfig(
    plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """``agent_kubeconfig("cluster")`` or ``("scoped")``: see tests.rights."""
    return Rights(plane, tmp_path_factory.mktemp("agent")).kubeconfig
