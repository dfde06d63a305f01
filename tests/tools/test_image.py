"""``make image`` with whichever builder is here: what each is asked to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import reconciler
from tools import image

ROOT = Path(__file__).parents[2]
NAME = f"docker.io/library/fleet-reconciler:{reconciler.__version__}"

# Writes its archive as the real one does, and fails where it is told to.
_FAKE = """\
#!{python}
import pathlib, re, sys
words = " ".join(sys.argv[1:])
with pathlib.Path({calls!r}).open("a") as calls:
    calls.write({name!r} + " " + words + "\\n")
if any(word in words for word in {fails!r}):
    sys.exit(1)
found = re.search(r"(?:dest=|--output |docker-archive:)(/[^ :]*)", words)
if found:
    pathlib.Path(found[1]).write_text("an archive")
"""


class Machine:
    """A machine with these builders and git on its PATH, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls"
        self.archives = folder / "archives"
        (folder / "bin").mkdir()
        self.calls.touch()

    def add(self, name: str, *fails: str) -> None:
        program = self.folder / "bin" / name
        program.write_text(
            _FAKE.format(python=sys.executable, calls=str(self.calls), name=name, fails=fails)
        )
        program.chmod(0o755)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tools.image", "--into", str(self.archives), *arguments],
            cwd=ROOT,
            env={"PATH": f"{self.folder / 'bin'}", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    def asked(self) -> list[str]:
        """The calls that build or save, without ``--build-arg`` and the context."""
        lines = self.calls.read_text().splitlines()
        return [
            line.partition(" --build-arg ")[0]
            for line in lines
            if " build " in line or NAME in line
        ]

    def archive(self, architecture: str) -> Path:
        return self.archives / f"fleet-reconciler-{reconciler.__version__}-{architecture}.tar"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.add("git")
    return made


def test_docker_builds_each_architecture_into_an_archive(machine: Machine) -> None:
    machine.add("docker")
    done = machine.run()
    assert done.returncode == 0, done.stderr
    assert machine.asked() == [
        f"docker buildx build --platform linux/{each} --output"
        f" type=docker,dest={machine.archive(each)} --tag {NAME}"
        for each in ("amd64", "arm64")
    ]
    assert f"k3s ctr images import {machine.archive('arm64').name}" in done.stdout


def test_podman_builds_and_saves(machine: Machine) -> None:
    machine.add("podman")
    assert machine.run("arm64").returncode == 0
    assert machine.asked() == [
        f"podman build --platform linux/arm64 --format docker --tag {NAME}",
        f"podman save --format docker-archive --output {machine.archive('arm64')} {NAME}",
    ]


def test_buildah_builds_and_pushes_to_a_file(machine: Machine) -> None:
    machine.add("buildah")
    assert machine.run("amd64").returncode == 0
    assert machine.asked() == [
        f"buildah build --platform linux/amd64 --format docker --tag {NAME}",
        f"buildah push {NAME} docker-archive:{machine.archive('amd64')}:{NAME}",
    ]


def test_a_docker_without_its_daemon_is_passed_over(machine: Machine) -> None:
    machine.add("docker", "info")
    machine.add("buildah")
    assert machine.run("amd64").returncode == 0
    assert all(line.startswith("buildah") for line in machine.asked())


def test_without_a_builder_it_says_what_to_install(machine: Machine) -> None:
    machine.add("docker", "buildx version")
    done = machine.run()
    assert done.returncode == 2
    for word in ("docker with buildx", "podman", "buildah", "qemu-user-static"):
        assert word in done.stderr


def test_one_architecture_that_fails_leaves_the_other_and_no_old_archive(machine: Machine) -> None:
    machine.add("buildah", "linux/arm64")
    machine.archives.mkdir()
    machine.archive("arm64").write_text("of an older build")
    done = machine.run()
    assert done.returncode == 1
    assert "not built for arm64" in done.stderr and "binfmt" in done.stderr
    assert machine.archive("amd64").is_file()
    assert not machine.archive("arm64").exists()


def test_the_version_and_the_callers_arguments_are_handed_on(machine: Machine) -> None:
    machine.add("docker")
    assert machine.run("amd64", "--build-arg", "BASE_DIGEST=@sha256:1").returncode == 0
    calls = machine.calls.read_text()
    assert f"--build-arg VERSION={reconciler.__version__} --build-arg REVISION=" in calls
    assert "--build-arg BASE_DIGEST=@sha256:1 ." in calls


def test_every_builder_has_a_way_to_tell_whether_it_works() -> None:
    for builder in image.BUILDERS:
        assert builder.works and all(command[0] == builder.name for command in builder.works)
