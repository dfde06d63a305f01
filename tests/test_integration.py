"""A run that is to have its integration tests fails without them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def pytest_run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_run_with_too_few_integration_tests_fails_and_says_so() -> None:
    ended = pytest_run("--enough-integration", "tests/model/test_refs.py")
    assert ended.returncode == 1, ended.stdout
    assert "integration.toml asks for at least" in ended.stdout


def test_a_part_of_the_tests_may_be_run_alone() -> None:
    assert pytest_run("tests/model/test_refs.py").returncode == 0


def test_what_uses_the_control_plane_is_marked_and_can_be_left_out() -> None:
    ended = pytest_run("--collect-only", "-m", "not integration", "tests/deploy")
    assert "test_the_image_is_of_this_version" in ended.stdout
    assert "test_the_scoped_agent_may_not" not in ended.stdout
