"""The wheel has what the package needs at a desk, and works without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import reconciler
from reconciler.app import init, shipped

ROOT = Path(reconciler.__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its files, as an installer lays them down."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    zipfile.ZipFile(built).extractall(folder / "installed")
    return folder / "installed"


def paths(folder: Path) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in found if "__pycache__" not in path.parts}


def test_every_file_of_the_template_is_in_it(wheel: Path) -> None:
    source = shipped.folder(init.TEMPLATE)
    assert source == ROOT / init.TEMPLATE, "the checkout's own"
    assert paths(wheel / "reconciler" / init.TEMPLATE) == paths(source)
    assert ".github/workflows/validate.yaml" in paths(source)


def test_init_validate_site_add_and_demo_work_from_it_alone(wheel: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        code = "import reconciler, sys; from reconciler.cli import main\n"
        code += f"assert reconciler.__file__.startswith({str(wheel)!r})\nmain(sys.argv[1:])"
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(wheel)}
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "3 sites" in run("init", "farms")
    assert "3 sites, 42 objects: no findings" in run("validate", "farms")
    run("site", "add", "north/new", "--from", "south/mill-1", "--repo", "farms")
    assert "4 sites, 56 objects: no findings" in run("validate", "farms")
    assert "yours to look into" in run("demo", "played")
