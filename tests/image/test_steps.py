"""The Dockerfile's own install steps, run in a scratch folder in the place of an image's root.

They fetch what requirements/ locks from the package index, as ``make install`` does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import reconciler
from tests.image import dockerfile

ROOT = Path(__file__).parents[2]
PREFIX = "/opt/fleet-reconciler"


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the last stage copies to PREFIX."""
    root = tmp_path_factory.mktemp("image")
    build = dockerfile.read(dockerfile.FILE.read_text()).stage("build")
    source = root / build.one("WORKDIR").text.lstrip("/")
    (root / "opt").mkdir()
    (root / "bin").mkdir()
    (root / "bin" / "python").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    beside = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for name in ("reconciler", "requirements", *beside):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    environment = {
        **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
        "PATH": f"{root / 'bin'}:{os.environ['PATH']}",
    }
    for run in build.all("RUN"):
        script = re.sub(rf"(?<!\w)(/build|{PREFIX})", rf"{root}\1", run.text)
        done = subprocess.run(
            ["sh", "-ec", script],
            cwd=source,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{run.text}\n{done.stderr[-3000:]}"
    return root / PREFIX.lstrip("/")


def run(prefix: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """As the image runs it: no home, no bytecode, nothing of the checkout."""
    return subprocess.run(
        [prefix / "bin" / "reconciler", *arguments],
        cwd=folder,
        env={
            "PATH": f"{prefix / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": "/nonexistent",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def files(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.lstat().st_mtime_ns for path in folder.rglob("*")}


def test_what_is_installed_runs_without_the_checkout(prefix: Path, tmp_path: Path) -> None:
    done = run(prefix, "version", folder=tmp_path)
    assert done.stdout.split()[:2] == ["version", reconciler.__version__]
    where = "import reconciler; print(reconciler.__file__)"
    found = subprocess.run(
        [prefix / "bin" / "python", "-c", where],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.startswith(str(prefix))


def test_deploy_is_in_it(prefix: Path, tmp_path: Path) -> None:
    given = ["--repo", "https://git.example.com/fleet.git", "--image", "x/y:1"]
    done = run(prefix, "bootstrap", "north/one", *given, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "kind: CustomResourceDefinition" in done.stdout


def test_a_run_writes_nothing_where_it_is_installed(prefix: Path, tmp_path: Path) -> None:
    before = files(prefix)
    for command in (["--help"], ["render", str(ROOT / "deploy")], ["run", "--once"]):
        run(prefix, *command, folder=tmp_path)
    assert files(prefix) == before
    assert any(name.endswith(".pyc") for name in before)  # there was nothing left to write


def test_it_holds_no_package_manager(prefix: Path) -> None:
    found = {path.name for path in (prefix / "bin").iterdir()}
    assert "reconciler" in found
    assert not any(name.startswith(("pip", "easy_install")) for name in found)
    (packages,) = prefix.glob("lib/python3*/site-packages")
    names = {path.name.partition("-")[0] for path in packages.glob("*.dist-info")}
    assert "fleet_reconciler" in names
    assert not names & {"pip", "setuptools", "hatchling", "pytest"}
