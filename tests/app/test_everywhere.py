"""``reconciler render --all``: what each site's own render prints, a file each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.adapters.system import workers
from reconciler.app import everywhere
from tests.adapters.git.build import git
from tests.app import build
from tests.app.build import everything, run

BROKEN = "namePrefix: [x]\n"
WHO = ("-c", "user.name=a", "-c", "user.email=a@b.invalid")


def fleet(folder: Path, files: Mapping[str, str] | None = None, sites: int = 7) -> Path:
    """Sites in three regions, each with a prefix of its own."""
    made = {
        f"sites/r{number % 3}/s{number}/kustomization.yaml": build.overlay(
            f"namePrefix: n{number}-"
        )
        for number in range(sites)
    }
    return build.fleet(folder, {**made, **(files or {})})


def committed(folder: Path) -> Path:
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, *WHO, "commit", "--quiet", "--message", "more")
    return folder


def written(folder: Path) -> dict[str, str]:
    return {path: text.decode() for path, text in everything(folder).items() if text is not None}


def test_links_are_followed_by_each_site_and_by_no_walk(tmp_path: Path) -> None:
    linked = {"sites/r0/s0/kustomization.yaml": "resources: [base]\nnamePrefix: n0-\n"}
    root = fleet(tmp_path / "fleet", linked)
    wanted = run("render", root / "sites/r1/s1").stdout.replace("n1-", "n0-")
    for link, target in {
        "sites/r0/s0/base": "../../../links/app",
        "links/app": "../bases/app",
        "sites/r9": "r0",
        "sites/r0/s9": "s0",
    }.items():
        (root / link).parent.mkdir(exist_ok=True)
        (root / link).symlink_to(target)
    for number, more in enumerate(((root,), ("--repo", committed(root)))):
        into = tmp_path / str(number)
        assert run("render", "--all", *more, "--into", into).exit_code == 0
        found = written(into)
        assert sorted(found) == sorted(f"r{n % 3}/s{n}.yaml" for n in range(7))
        assert found["r0/s0.yaml"] == wanted


def test_each_site_is_what_it_is_alone(tmp_path: Path) -> None:
    root = committed(fleet(tmp_path / "fleet"))
    for more in ((), ("--as-applied",), ("-o", "json")):
        into = tmp_path / "-".join(["out", *more])
        done = run("render", "--all", "--repo", root, "--into", into, *more)
        assert done.exit_code == 0, done.output
        ending = "json" if "json" in more else "yaml"
        found = written(into)
        assert sorted(found) == sorted(f"r{n % 3}/s{n}.{ending}" for n in range(7))
        for path, text in found.items():
            site = path.removesuffix(f".{ending}")
            assert run("render", site, "--repo", root, *more).stdout == text
    assert (
        "7 sites, 7 objects: no findings"
        in run("render", "--all", root, "--into", tmp_path / "again").output
    )


def test_a_folder_is_taken_as_it_stands_and_a_repository_at_a_commit(tmp_path: Path) -> None:
    root = committed(fleet(tmp_path / "fleet"))
    (root / "sites/r0/s0/kustomization.yaml").write_text(build.overlay("namePrefix: committed-"))
    committed(root)
    (root / "sites/r0/s0/kustomization.yaml").write_text(build.overlay("namePrefix: edited-"))
    prefixes = {}
    for name, words in (
        ("folder", [root]),
        ("head", ["--repo", root]),
        ("before", ["--repo", root, "--rev", "HEAD~1"]),
    ):
        assert run("render", "--all", *words, "--into", tmp_path / name).exit_code == 0
        prefixes[name] = written(tmp_path / name)["r0/s0.yaml"].split("name: ")[1].split("-")[0]
    assert prefixes == {"folder": "edited", "head": "committed", "before": "n0"}


def test_what_cannot_be_rendered_is_told_once_and_the_others_are_written(tmp_path: Path) -> None:
    two = {f"sites/r1/{name}/kustomization.yaml": build.overlay() for name in ("ok", "x", "y")}
    for name in ("x", "y"):
        two[f"sites/r1/{name}/kustomization.yaml"] = "resources: [../../../bases/broken]\n"
    root = fleet(tmp_path / "fleet", {**two, "bases/broken/kustomization.yaml": BROKEN})
    done = run("render", "--all", root, "--into", tmp_path / "out")
    assert done.exit_code == 1
    line, total = done.stdout.splitlines()
    assert line.startswith("bases/broken/kustomization.yaml:1:1: ") and "r1/x, r1/y" in line
    assert total == "10 sites, 8 objects: 1 finding"
    assert len(written(tmp_path / "out")) == 8
    again = run("render", "--all", root, "--into", tmp_path / "json", "-o", "json")
    (found,) = json.loads(again.stdout)["findings"]
    place = found["path"], found["line"], found["column"]
    assert place == ("bases/broken/kustomization.yaml", 1, 1)
    assert found["sites"] == ["r1/x", "r1/y"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--all"], "say where, with --into DIR"),
        (["sites/r0/s0", "--into", "out"], "--into is for --all"),
        (["--all", "x", "--repo", ".", "--into", "out"], "--all takes no TARGET with --repo"),
        (["--all", "--repo", "https://git.invalid/f.git", "--into", "out"], "git clone https"),
        (["--all", ".", "--into", "full"], "the folder is not empty"),
        (["--all", ".", "--into", "fleet.yaml"], "'fleet.yaml' is a file"),
        (["--all", "bases", "--into", "out"], "the fleet has no site: a site is a folder"),
        (["--all", "nowhere", "--into", "out"], "nowhere is no folder"),
        (["sites/r0/s0", "--rev", "HEAD"], "--rev is for --repo"),
        (["sites/r0/s0", "--token-file", "fleet.yaml"], "--token-file is for --repo"),
        (["--all", "--into", "out", "--ca-file", "fleet.yaml"], "--ca-file is for --repo"),
        (
            ["--all", "--repo", ".", "--into", "out", "--ssh-key-file", "fleet.yaml"],
            "--ssh-key-file is for one TARGET",
        ),
        (["sites/r0/s0", "--as-applied"], "--as-applied is for sites"),
        (
            ["r0/s0", "--repo", ".", "--as-applied", "--load-restrictor", "LoadRestrictionsNone"],
            "--as-applied: the agent knows no other",
        ),
        ([], "give TARGET"),
    ],
)
def test_what_does_not_go_together_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    root = fleet(tmp_path / "fleet", {"full/file": ""})
    monkeypatch.chdir(root)
    before = everything(root)
    done = run("render", *words)
    assert done.exit_code == 2 and said in done.output
    assert everything(root) == before


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    root = fleet(tmp_path / "fleet")
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10));"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from reconciler.cli import main; main()"
    )
    command = [sys.executable, "-c", program, "render", "--all", str(root), "--into", "out"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stderr == "reconciler: cannot write out/r0/s0.yaml: File too large\n"


def test_missing_blobs_of_a_partial_clone_are_told(tmp_path: Path) -> None:
    root = committed(fleet(tmp_path / "fleet"))
    git(root, "config", "uploadpack.allowFilter", "true")
    source = root.as_uri()
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", source, "part.git")
    done = run("render", "--all", "--repo", tmp_path / "part.git", "--into", tmp_path / "out")
    assert done.exit_code == 2 and "a partial clone" in done.output


def test_ctrl_c_ends_it_and_its_workers(tmp_path: Path) -> None:
    large = "\n".join(f"---\n{build.MAP.replace('settings', f'm{n}')}" for n in range(3_000))
    root = fleet(tmp_path / "fleet", {"bases/app/app.yaml": large}, sites=40)
    command = [sys.executable, "-m", "reconciler", "render", "--all", str(root), "--into", "out"]
    child = subprocess.Popen(
        command, cwd=tmp_path, stderr=-1, stdout=-1, text=True, start_new_session=True
    )
    for _ in range(1_000):
        if len(children := _children(child.pid)) >= min(2, os.cpu_count() or 1):
            break
        assert child.poll() is None
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert (child.returncode, out, err) == (130, "", "reconciler: interrupted\n")
    assert children and not any(Path(f"/proc/{process}").exists() for process in children)


def _children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children")
    return [int(word) for word in listed.read_text().split()] if listed.exists() else []


def test_turns_hold_every_site_once_whatever_the_fleet_is_like() -> None:
    for regions, sites in ((1, 1), (1, 2_000), (3, 50), (5_000, 2), (2, 3_000)):
        names = [f"r{region:04}/s{site:04}" for region in range(regions) for site in range(sites)]
        turns = everywhere.turns(names)
        assert sorted(name for turn in turns for name in turn) == names
        assert len(turns) <= workers.MOST
    assert everywhere.turns([]) == []
