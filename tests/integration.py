"""Integration tests: those that use the control plane, marked, provided for and counted.

``tests.conftest`` registers the plugin in every pytest process. Under xdist the workers collect,
build and run, and the controller counts.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane import assets

FIXTURE = "binaries"  # who uses it, as all that uses ``plane`` does, is an integration test
MARK = "integration"
RECORDED = Path(__file__).with_suffix(".toml")


class Integration:
    """``enough`` asks for at least as many tests as are recorded."""

    def __init__(self, *, enough: bool) -> None:
        self._enough = enough
        self._binaries: Mapping[str, Path] = {}
        self._missing = ""
        self._version = ""
        self._ran: set[str] = set()

    @property
    def binaries(self) -> Mapping[str, Path]:
        """The control plane's. Fails the test that asks where there are none."""
        if self._missing:
            pytest.fail(self._missing, pytrace=False)
        return self._binaries

    @pytest.hookimpl(tryfirst=True)  # before -m is looked at
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if FIXTURE in getattr(item, "fixturenames", ()):
                item.add_marker(MARK)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Find or build the binaries now, as a test's time is limited and a build's is not."""
        config = session.config
        if config.option.collectonly or not any(i.get_closest_marker(MARK) for i in session.items):
            return
        try:
            self._binaries = assets.prepare(lambda line: _tell(config, line))
            self._version = assets.version(self._binaries)
        except assets.AssetsMissing as error:
            self._missing = str(error)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and MARK in report.keywords and not report.skipped:
            self._ran.add(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of xdist ended, and left word."""
        self._version = getattr(node, "workeroutput", {}).get("server") or self._version

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if (output := getattr(session.config, "workeroutput", None)) is not None:
            output["server"] = self._version
        elif self._too_few() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._ran:
            line = f"{len(self._ran)} integration tests ran against kube-apiserver {self._version}"
            terminalreporter.write_line(line, bold=True)
        if self._too_few():
            line = f"{RECORDED.name} asks for at least {_least()} integration tests"
            terminalreporter.write_line(line, red=True)

    def _too_few(self) -> bool:
        return self._enough and len(self._ran) < _least()


def _least() -> int:
    return int(tomllib.loads(RECORDED.read_text())["least"])


def _tell(config: pytest.Config, line: str) -> None:
    """Write to the terminal, past pytest's capture and past xdist, whose workers share stderr."""
    capture = config.pluginmanager.getplugin("capturemanager")
    assert capture is not None
    with capture.global_and_fixture_disabled(), Path("/dev/stderr").open("w") as terminal:
        terminal.write(f"\n{line}")
