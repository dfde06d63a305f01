"""``reconciler demo``: each act comes true, and a repository is left to look into."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from reconciler.model.refs import SiteName
from tests.adapters.git import build as git
from tests.app import build
from tests.e2e.process import reconciler

SITES = ("north/barn-7", "north/barn-8", "south/mill-1")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The repository that a play left behind, and what it said."""
    folder = tmp_path_factory.mktemp("demo") / "fleet"
    done = reconciler("demo", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return folder, done.stdout


def act(said: str, title: str) -> str:
    (found,) = (part for part in said.split("\n\n") if title in part.split("\n")[0])
    return found


def test_without_a_terminal_it_is_plain_lines(played: tuple[Path, str]) -> None:
    assert "\x1b" not in played[1] and "\r" not in played[1]


def test_every_act_tells_what_came_true_of_each_site(played: tuple[Path, str]) -> None:
    said = played[1]
    for title in ("First sync", "reaches every site", "is refused"):
        for site in SITES:
            assert f"ok {site}" in act(said, title)
    alone = act(said, "that site alone")
    assert "ok north/barn-7   has cameras-" in alone
    assert alone.count("nothing to write") == 2
    healed = act(said, "edits an object by hand")
    assert "kubectl-edit manages spec.template.spec.containers[name=server].image" in healed
    assert re.search(r"ok south/mill-1 +healed \d+ ms after the watch: tritonserver:25", healed)
    link = act(said, "loses its link")
    assert re.search(r"no link: stays at .*made again \d+ ms after .*caught up", link, re.DOTALL)
    assert "bases/inference/kustomization.yaml:9:3: " in act(said, "is refused")


def test_the_repository_is_left_with_the_sites_notes(played: tuple[Path, str]) -> None:
    folder, said = played
    assert git.git(folder, "status", "--short") == ""
    assert git.git(folder, "rev-list", "--count", "main") == "6"
    for site in SITES:
        notes = SiteName.parse(site).notes_ref.removeprefix("refs/notes/")
        note = git.git(folder, "log", "-1", f"--notes={notes}", "--format=%N")
        assert "state: Synced" in note
        refused = git.git(folder, "log", "-1", f"--notes={notes}", "--format=%N", "HEAD~1")
        assert "reason: RenderFailed" in refused
    assert build.run("validate", folder).exit_code == 0
    assert build.run("status", "--repo", folder).stdout in said.replace("\n   ", "\n")


def test_it_says_how_to_look_into_what_it_left(played: tuple[Path, str]) -> None:
    folder, said = played
    left = act(said, "yours to look into")
    assert f"$ cd {folder}" in left
    for command in ("status", "render north/barn-7 --repo ."):
        # By its path, where a shell would not find it.
        assert re.search(rf"\$ (\S*/)?reconciler {re.escape(command)}\n", left)
        words = [word if word != "." else str(folder) for word in command.split()]
        more = [] if "--repo" in words else ["--repo", str(folder)]
        assert build.run(*words, *more).exit_code == 0


def test_nothing_but_the_repository_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "file").write_text("mine")
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    before = build.everything(tmp_path)
    done = build.run("demo", folder)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "is not empty: name a new folder, or an empty one" in done.stderr
    assert build.everything(tmp_path) == before
