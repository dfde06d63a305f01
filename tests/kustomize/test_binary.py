"""Where there is no kustomize nothing is compared: that is told, and no success in CI."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_COMPARISONS = (
    "tests/documents/test_differential.py",
    "tests/render/test_differential.py",
    "tests/render/test_versions.py",
    "tests/app/test_render_site.py",
    "tests/template/test_template.py::test_kubectl_builds_every_overlay_byte_for_byte",
)


def _ran(cache: Path, **more: str) -> tuple[int, str]:
    """The comparisons' exit code and output, on a machine with git and no more programs."""
    programs = cache / "bin"
    programs.mkdir()
    git = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout
    (programs / "git").symlink_to(git.strip())
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *_COMPARISONS],
        cwd=_ROOT,
        env={"PATH": str(programs), "XDG_CACHE_HOME": str(cache), **more},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def _counts(said: str) -> str:
    return said.strip().splitlines()[-1]


@pytest.mark.parametrize("more", [{}, {"CI": "false"}])
def test_a_comparison_that_cannot_be_made_is_skipped_and_told(
    tmp_path: Path, more: dict[str, str]
) -> None:
    code, said = _ran(tmp_path, **more)
    assert code == 0
    assert "NOT COMPARED with kustomize: no $KUSTOMIZE, and no go" in said
    assert "skipped" in _counts(said) and "failed" not in _counts(said)


def test_a_comparison_that_cannot_be_made_fails_in_ci(tmp_path: Path) -> None:
    code, said = _ran(tmp_path, CI="true")
    assert code == 1
    assert "NOT COMPARED with kustomize: no $KUSTOMIZE, and no go" in said
    assert "failed" in _counts(said) and "skipped" not in _counts(said)


def test_ci_asks_for_every_comparison() -> None:
    assert "export CI=true\n" in (_ROOT / ".ci/run").read_text()
