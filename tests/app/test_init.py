"""``reconciler init``: a fleet repository out of nothing, or nothing changed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.adapters.files import FolderTree
from reconciler.app import init, shipped
from reconciler.render import settings
from tests.adapters.git import build as git
from tests.app import build


def files(folder: Path) -> dict[str, bytes | None]:
    found = build.everything(folder)
    return {path: content for path, content in found.items() if not path.startswith(".git/")}


def test_a_new_folder_is_the_template_in_one_commit(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "farms"
    done = build.run("init", folder)
    assert done.exit_code == 0, done.stderr
    template = files(shipped.folder(init.TEMPLATE))
    template = {path: content for path, content in template.items() if "__pycache__" not in path}
    made = files(folder)
    assert made.pop("fleet.yaml") == (template.pop("fleet.yaml") or b"").replace(
        b"my-fleet", b"farms"
    )
    assert {path: content for path, content in made.items() if path != ".git"} == template
    assert git.git(folder, "status", "--short") == ""
    assert git.git(folder, "rev-list", "--count", "main") == "1"
    assert git.git(folder, "rev-parse", "main")[:12] in done.stdout
    assert build.run("validate", folder).exit_code == 0
    assert [path.name for path in folder.parent.iterdir()] == ["farms"]


def test_what_it_says_next_works_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = build.run("init", tmp_path / "farms").stdout
    monkeypatch.chdir(tmp_path / "farms")
    commands = [line.split()[1:] for line in said.splitlines() if line.startswith("  reconciler ")]
    assert [command[0] for command in commands] == ["validate", "render", "site"]
    for command in commands:
        assert build.run(*command).exit_code == 0, command


def test_an_empty_folder_is_filled_and_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "farms"
    folder.mkdir(mode=0o750)
    before = folder.stat()
    monkeypatch.chdir(folder)
    done = build.run("init", ".")
    assert done.exit_code == 0, done.stderr
    after = folder.stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert settings.read_fleet(FolderTree(folder)).name == "farms"
    assert git.git(folder, "status", "--short") == ""
    assert "  cd " not in done.stdout


@pytest.mark.parametrize(
    "name", ["Farms of the north", "yes", "1.0", "a: b #", "höfe 🐄", "x" * 253]
)
def test_any_name_that_a_person_can_read_is_the_fleets(tmp_path: Path, name: str) -> None:
    assert build.run("init", tmp_path / "farms", "--name", name).exit_code == 0
    assert settings.read_fleet(FolderTree(tmp_path / "farms")).name == name
    assert build.run("validate", tmp_path / "farms").exit_code == 0


def test_a_folder_that_is_not_empty_is_refused_and_left(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".hidden").write_text("mine")
    before = build.everything(tmp_path)
    done = build.run("init", tmp_path / "a")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "is not empty: name a new folder, or an empty one" in done.stderr
    assert build.everything(tmp_path) == before


@pytest.mark.parametrize(
    ("target", "name", "message"),
    [
        ("file", "", "is a file"),
        ("file/below", "", "is no folder"),
        ("new", "a\nb", "the fleet's name must be 1 to 253 characters: give --name"),
        ("new", "x" * 254, "the fleet's name must be 1 to 253 characters"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changed(
    tmp_path: Path, target: str, name: str, message: str
) -> None:
    (tmp_path / "file").write_text("mine")
    before = build.everything(tmp_path)
    done = build.run("init", tmp_path / target, "--name", name)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert build.everything(tmp_path) == before


def test_where_git_fails_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "git").write_text("#!/bin/sh\necho 'disk full' >&2\nexit 1\n")
    (programs / "git").chmod(0o755)
    assert build.run("init", tmp_path / "first").exit_code == 0, "git's version is known by now"
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    before = build.everything(tmp_path)
    done = build.run("init", tmp_path / "farms")
    assert done.exit_code == 2
    assert "git init: disk full" in done.stderr
    assert build.everything(tmp_path) == before


def test_where_git_knows_nobody_later_commits_work_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    folder = tmp_path / "my farms"
    done = build.run("init", folder)
    assert done.exit_code == 0, done.stderr
    assert "Git knows no name of yours, so commits in it have ours" in done.stdout
    assert f"  cd '{folder}'\n" in done.stdout, "as a shell takes it"
    (folder / "more").write_text("x")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    for command in (["add", "."], ["commit", "-qm", "More"]):
        made = subprocess.run(
            ["git", "-C", folder, *command],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    done = build.run("init", "/proc/farms")
    assert done.exit_code == 2
    assert "/proc cannot be written: " in done.stderr and ".draft" not in done.stderr
