"""Rendering against the real kustomize: same trees, same run, one after the other, all cores.

A fleet of 43 objects a site (``bench.fleet``), and single sites of 1,000 and 4,000 objects over
one base. Outputs are compared, and each timed run is a process that begins with nothing.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from bench import fleet, table
from reconciler.documents import canonical
from reconciler.model.origins import Origin
from reconciler.model.refs import SiteName
from reconciler.render.manifest import manifest
from tests.kustomize import binary

Cost = tuple[float, float]  # seconds of the clock, seconds of CPU
_JOBS = 2  # kustomize processes at a time
_RECONCILER = str(Path(sys.executable).with_name("reconciler"))
# Sites whose digests are worked out again from what kustomize printed, but for the first round,
# in which all are.
_COMPARED = 20
# Small enough not to hide what it starts: a process's peak begins with its parent's size.
_PEAK = (
    "import os, sys\n"
    "pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ,"
    " file_actions=[(os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0)])\n"
    "print(os.wait4(pid, 0)[2].ru_maxrss)"
)


def run(sites: int, rounds: int, turns: int) -> Iterator[table.Row]:
    """``rounds`` of the whole fleet, ``turns`` of a single site. Not met without a kustomize."""
    program = binary.kustomize()
    if program is None:
        figure = "NOT COMPARED: no $KUSTOMIZE, and no go"
        yield table.Row(what="kustomize", figure=figure, target="compared", met=False)
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        root = Path(folder)
        names = fleet.write(root / "fleet", sites)
        (root / "names").write_text("\n".join(names))
        yield from _fleet(root, names, str(program), rounds)
        yield from _one(root / "fleet/sites" / names[0], str(program), turns)
        yield from _large(root, str(program), max(1, turns // 10))
        yield from _warm(root, names)


# -- the fleet ----------------------------------------------------------------------


def _fleet(root: Path, names: Sequence[str], program: str, rounds: int) -> Iterator[table.Row]:
    taken: dict[str, list[Cost]] = {"yaml": [], "kustomize": [], "objects": []}
    printed: list[str] = []
    for number in range(rounds):
        for form in ("yaml", "kustomize", "objects"):
            out = root / f"{form}-{number}"
            before = _spent()
            if form == "kustomize":
                printed = _kustomize(root, names, program)
            else:
                _ours(root, out, form)
            taken[form].append(_since(before))
        _check(root, names, printed, number)
    for form, costs in taken.items():
        wall, cpu = min(costs)
        figure = f"{wall:.2f} s, {cpu:.2f} s of CPU"
        yield table.Row(what=f"{len(names)} sites, {form}, the least of {rounds}", figure=figure)
    for form, most in (("yaml", 20), ("objects", 40)):
        for at, kind in enumerate(("time", "CPU time")):
            pairs = zip(taken["kustomize"], taken[form], strict=True)
            ratio = statistics.median(theirs[at] / ours[at] for theirs, ours in pairs)
            what = f"{len(names)} sites as {form}, kustomize's {kind} over ours"
            yield table.at_least(what, ratio, most, " times", 1)


def _spent() -> Cost:
    """The time, and CPU seconds of all processes that have ended by now."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter(), used.ru_utime + used.ru_stime


def _since(before: Cost) -> Cost:
    now = _spent()
    return now[0] - before[0], now[1] - before[1]


def _ours(root: Path, out: Path, form: str) -> None:
    folder, digests = str(root / "fleet"), ("-m", "bench.renders")
    commands = {
        "yaml": [_RECONCILER, "render", "--all", folder, "--into", str(out)],
        "objects": [sys.executable, *digests, folder, str(out), "objects", str(root / "names")],
    }
    subprocess.run(commands[form], check=True, stdout=subprocess.DEVNULL)


def _kustomize(root: Path, names: Sequence[str], program: str) -> list[str]:
    def one(name: str) -> str:
        command = [program, "build", str(root / "fleet/sites" / name)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    with ThreadPoolExecutor(_JOBS) as pool:
        return list(pool.map(one, names))


def _check(root: Path, names: Sequence[str], printed: Sequence[str], number: int) -> None:
    """Raises AssertionError where the outputs are not equal."""
    for name, text in zip(names, printed, strict=True):
        ours = (root / f"yaml-{number}" / f"{name}.yaml").read_text()
        assert ours == text, f"{name} differs"
    lines = set((root / f"objects-{number}").read_text().splitlines())
    assert len({line.split()[0] for line in lines}) == len(names)
    most = _COMPARED if number else len(names)
    for name, text in list(zip(names, printed, strict=True))[:most]:
        site = SiteName.parse(name)
        for value in yaml.load_all(text, yaml.CSafeLoader):
            made = manifest(value, Origin(""), site)
            assert canonical.digest(made.body) == made.digest
            assert f"{site} {made.ref} {made.digest}" in lines, f"{name}: {made.ref} differs"


# -- one site -----------------------------------------------------------------------


def _one(site: Path, program: str, turns: int) -> Iterator[table.Row]:
    ours, theirs = _turns(site, program, turns)
    yield table.Row(
        what=f"one site, cold, median of {turns}",
        figure=f"{ours * 1000:.0f} ms, kustomize {theirs * 1000:.0f} ms",
    )
    yield table.at_least("one site, cold, kustomize's time over ours", theirs / ours, 1, " times")
    peaks = [_peak(_command(site)), _peak([program, "build", str(site)])]
    shown = f"{peaks[0] / 1024:.1f} MiB, kustomize {peaks[1] / 1024:.1f} MiB"
    yield table.Row(
        what="one site, peak memory", figure=shown, target="no more", met=peaks[0] <= peaks[1]
    )


def _large(root: Path, program: str, turns: int) -> Iterator[table.Row]:
    taken = {}
    for count, least in ((1000, 3), (4000, 10)):
        site = fleet.objects(root / f"large-{count}", count)
        taken[count], theirs = _turns(site, program, turns)
        what = f"one site of {count} objects: {taken[count]:.2f} s, kustomize {theirs:.2f} s"
        yield table.at_least(what, theirs / taken[count], least, " times")
    yield table.at_most(
        "four times the objects cost, times as much", taken[4000] / taken[1000], 5, " times"
    )


def _turns(site: Path, program: str, turns: int) -> tuple[float, float]:
    """Median seconds of our command and of kustomize's, alternating; their outputs are equal."""
    commands = [_command(site), [program, "build", str(site)]]
    taken: list[list[float]] = [[], []]
    for _ in range(turns):
        printed = []
        for command, seconds in zip(commands, taken, strict=True):
            began = time.perf_counter()
            printed.append(_printed(command))
            seconds.append(time.perf_counter() - began)
        assert printed[0] == printed[1], f"{site.name} differs"
    return statistics.median(taken[0]), statistics.median(taken[1])


def _printed(command: Sequence[str]) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout


def _command(site: Path) -> list[str]:
    return [_RECONCILER, "render", str(site)]


def _peak(command: Sequence[str]) -> int:
    """KiB that the command had resident at most."""
    return int(_printed([sys.executable, "-I", "-S", "-c", _PEAK, *command]))


# -- warm ---------------------------------------------------------------------------


def _warm(root: Path, names: Sequence[str]) -> Iterator[table.Row]:
    before = _commit(root / "fleet")
    fleet.change(root / "fleet", names[0])
    after = _commit(root / "fleet")
    paths = (str(root / "fleet/.git"), f"{before}..{after}", "warm", str(root / "names"))
    done = _printed([sys.executable, "-m", "bench.renders", *paths])
    cold, again = map(float, done.split())
    yield table.at_most(
        f"{len(names)} sites, one file changed, warm ({again:.3f} s) over cold ({cold:.2f} s)",
        again / cold,
        0.05,
        digits=4,
    )


def _commit(folder: Path) -> str:
    def git(*words: str) -> str:
        command = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org", *words]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "bench")
    return git("rev-parse", "HEAD")
