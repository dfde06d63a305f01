"""What all tests may use: the real control plane, and the agent's rights on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest test first: begun last, it would run alone for minutes.

    A name with an address in memory is refused: each worker of a parallel run would collect
    another one, and none would begin.
    """
    for item in items:
        if " at 0x" in item.nodeid:
            raise pytest.UsageError(f"{item.nodeid}: give its parameters ids that stay the same")
    items.sort(key=lambda item: item.path.name != "test_soak.py")


@pytest.fixture(scope="session")
def binaries(pytestconfig: pytest.Config) -> Mapping[str, Path]:
    """The control plane's programs; what uses them is an integration test."""
    integration = pytestconfig.pluginmanager.getplugin("integration")
    assert isinstance(integration, Integration)
    return integration.binaries


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write what a test wants to be read whatever came of it: its properties called ``told``."""
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        if getattr(report, "when", "") == "call":
            for name, value in report.user_properties:
                if name == "told":
                    terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {value}")


@pytest.fixture(scope="session")
def plane(
    binaries: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ControlPlane]:
    """One control plane for each pytest worker; tests clean up, or use names of their own."""
    with ControlPlane(tmp_path_factory.mktemp("plane"), binaries) as control_plane:
        yield control_plane


@pytest.fixture(scope="session")
def agent_kubeconfig(
    plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """``agent_kubeconfig("cluster")`` or ``("scoped")``: see tests.rights."""
    return Rights(plane, tmp_path_factory.mktemp("agent")).kubeconfig
