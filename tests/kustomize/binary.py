"""The real kustomize, to compare with: from $KUSTOMIZE, a cache, or built here with ``go``.

The cache is named by the module's files, so that another version is another program.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).parent
_SOURCES = ("go.mod", "go.sum", "main.go")
_BUILD_SECONDS = 900


@cache
def kustomize() -> Path | None:
    """The program's path; None where it can neither be found nor built."""
    given = os.environ.get("KUSTOMIZE")
    if given:
        return Path(given)
    sources = b"".join((HERE / name).read_bytes() for name in _SOURCES)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = f"kustomize-{hashlib.sha256(sources).hexdigest()[:16]}"
    program = home / "fleet-reconciler" / name
    if not program.exists() and not _build(program):
        return None
    return program


def _build(program: Path) -> bool:
    """Build it beside its place and move it there, as several test workers may do so at once."""
    if shutil.which("go") is None:
        return False
    program.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=program.parent) as folder:
        fresh = Path(folder) / "kustomize"
        done = subprocess.run(
            ["go", "build", "-o", fresh, "."],
            cwd=HERE,
            env={**os.environ, "CGO_ENABLED": "0"},
            capture_output=True,
            text=True,
            timeout=_BUILD_SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"kustomize does not build: {done.stderr[-2000:]}")
        fresh.rename(program)
    return True


def needed() -> Path:
    """The program; a test that asks for it cannot be run where there is none."""
    program = kustomize()
    if program is None:
        not_compared("with kustomize: no $KUSTOMIZE, and no go to build it with")
    return program


def not_compared(why: str) -> NoReturn:
    """Skip the test, and say so; where $CI is set, fail it: nobody reads what was skipped there."""
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        pytest.fail(f"NOT COMPARED {why}", pytrace=False)
    pytest.skip(f"NOT COMPARED {why}")


def build(folder: Path, *options: str, seconds: float = 60) -> subprocess.CompletedProcess[bytes]:
    """``kustomize build`` of a folder; needs the program."""
    program = needed()
    return subprocess.run(
        [program, "build", *options, folder], capture_output=True, timeout=seconds, check=False
    )
