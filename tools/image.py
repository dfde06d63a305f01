"""``make image``: the agent's image for each architecture, by whichever builder is here.

Each is saved as an archive that ``k3s ctr images import`` takes. Exit code 0 if all were built, 1
if one was not, 2 if there is nothing to build with.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import reconciler

ROOT = Path(__file__).resolve().parent.parent
ARCHITECTURES = ("amd64", "arm64")
# With its registry, so that every builder gives it the same name, the one that containerd makes of
# fleet-reconciler:0.1.0.
IMAGE = f"docker.io/library/fleet-reconciler:{reconciler.__version__}"

Command = list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One image: its name, its architecture, the archive that it goes to."""

    image: str
    architecture: str
    archive: Path
    arguments: tuple[str, ...]

    @property
    def platform(self) -> str:
        return f"linux/{self.architecture}"

    def build_arguments(self) -> Command:
        return [part for each in self.arguments for part in ("--build-arg", each)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """``works`` are commands that succeed where it can be used, ``build`` those of one job."""

    name: str
    works: tuple[Command, ...]
    build: Callable[[Job], list[Command]]


def _docker(job: Job) -> list[Command]:
    output = f"type=docker,dest={job.archive}"
    command = ["docker", "buildx", "build", "--platform", job.platform, "--output", output]
    return [[*command, "--tag", job.image, *job.build_arguments(), "."]]


def _podman(job: Job) -> list[Command]:
    command = ["podman", "build", "--platform", job.platform, "--format", "docker"]
    save = ["podman", "save", "--format", "docker-archive", "--output", str(job.archive)]
    return [[*command, "--tag", job.image, *job.build_arguments(), "."], [*save, job.image]]


def _buildah(job: Job) -> list[Command]:
    command = ["buildah", "build", "--platform", job.platform, "--format", "docker"]
    to = f"docker-archive:{job.archive}:{job.image}"
    return [
        [*command, "--tag", job.image, *job.build_arguments(), "."],
        ["buildah", "push", job.image, to],
    ]


BUILDERS = (
    Builder(
        name="docker",
        works=(["docker", "buildx", "version"], ["docker", "info"]),
        build=_docker,
    ),
    Builder(name="podman", works=(["podman", "info"],), build=_podman),
    Builder(name="buildah", works=(["buildah", "info"],), build=_buildah),
)
_NONE = (
    "There is nothing here to build an image with. Install one of: docker with buildx, and its"
    " daemon running; podman; buildah (which needs no daemon: apt-get install buildah). For an"
    " architecture other than this machine's, also qemu-user-static with binfmt."
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.image", description=__doc__)
    parser.add_argument("--image", default=IMAGE, help="the image's name and tag")
    parser.add_argument("--into", type=Path, default=ROOT / "dist", help="folder of the archives")
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("architectures", nargs="*", default=ARCHITECTURES)
    given = parser.parse_args()
    builder = next((each for each in BUILDERS if _is_here(each)), None)
    if builder is None:
        print(_NONE, file=sys.stderr)
        sys.exit(2)
    given.into.mkdir(parents=True, exist_ok=True)
    arguments = (f"VERSION={reconciler.__version__}", f"REVISION={_revision()}", *given.build_arg)
    jobs = [
        Job(
            image=given.image,
            architecture=architecture,
            archive=given.into / f"fleet-reconciler-{reconciler.__version__}-{architecture}.tar",
            arguments=arguments,
        )
        for architecture in given.architectures
    ]
    built = [_run(builder, job) for job in jobs]
    sys.exit(0 if all(built) else 1)


def _run(builder: Builder, job: Job) -> bool:
    job.archive.unlink(missing_ok=True)  # a docker-archive is not written over
    print(f"{builder.name}: {job.image} for {job.platform}", flush=True)
    for command in builder.build(job):
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            job.archive.unlink(missing_ok=True)
            print(
                f"not built for {job.architecture}. If this machine is of another architecture:"
                " it needs qemu-user-static with binfmt to run that one's programs",
                file=sys.stderr,
            )
            return False
    print(f"saved: {job.archive}; on a node of k3s: k3s ctr images import {job.archive.name}")
    return True


def _is_here(builder: Builder) -> bool:
    if shutil.which(builder.name) is None:
        return False
    return all(
        subprocess.run(command, capture_output=True, check=False).returncode == 0
        for command in builder.works
    )


def _revision() -> str:
    """The checkout's commit; that it was changed since is said, too."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=40", "--match="],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
