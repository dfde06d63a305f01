"""A folder made a repository: whose name the commit has, and what of the machine stays out."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters.git import first_commit
from reconciler.model.errors import UsageError
from tests.adapters.git import build

CONFIGURATION = '[user]\n\tname = "Ada Lovelace"\n\temail = ada@example.com\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's, empty; nothing else says who they are."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("GIT_CONFIG_GLOBAL", "XDG_CONFIG_HOME", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "fleet"
    (made / ".github").mkdir(parents=True)
    (made / ".github" / "ci.yaml").write_text("a: 1\n")
    (made / "file").write_text("one\r\n")
    return made


def test_all_files_are_committed_on_main_as_they_are(home: Path, folder: Path) -> None:
    made = first_commit(folder, "The first\n\nWith more.\n")
    assert build.git(folder, "rev-parse", "refs/heads/main") == made.commit
    assert build.git(folder, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert build.git(folder, "ls-files").split() == [".github/ci.yaml", "file"]
    assert build.git(folder, "cat-file", "-p", "HEAD:file") == "one"
    assert build.git(folder, "log", "--format=%B") == "The first\n\nWith more."
    assert build.git(folder, "status", "--short") == ""


def test_it_goes_wherever_it_is_moved(home: Path, folder: Path, tmp_path: Path) -> None:
    first_commit(folder, "The first")
    moved = folder.rename(tmp_path / "elsewhere")
    assert build.git(moved, "status", "--short") == ""
    assert str(tmp_path) not in (moved / ".git" / "config").read_text()


@pytest.mark.parametrize("place", [".gitconfig", ".config/git/config"])
def test_the_commit_has_the_users_own_name(home: Path, folder: Path, place: str) -> None:
    file = home / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(CONFIGURATION)
    made = first_commit(folder, "The first")
    assert (made.author, made.known) == ("Ada Lovelace <ada@example.com>", True)
    shown = build.git(folder, "log", "--format=%an <%ae> %cn <%ce>")
    assert shown == "Ada Lovelace <ada@example.com> Ada Lovelace <ada@example.com>"


def test_gits_own_variables_come_before_files(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".gitconfig").write_text(CONFIGURATION)
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace")
    assert first_commit(folder, "The first").author == "Grace <ada@example.com>"


@pytest.mark.parametrize("text", ["", "[user]\n\tname = Ada\n", "[user\n"])
def test_without_a_whole_name_the_commit_has_ours_and_says_so(
    home: Path, folder: Path, text: str
) -> None:
    (home / ".gitconfig").write_text(text)
    made = first_commit(folder, "The first")
    assert made.author == "fleet-reconciler <fleet-reconciler@localhost.invalid>"
    assert not made.known


def test_what_the_user_configured_to_run_does_not_run(home: Path, folder: Path) -> None:
    hooks = home / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text(f"#!/bin/sh\ntouch {home}/ran\n")
    (hooks / "pre-commit").chmod(0o755)
    extra = f"[core]\n\thooksPath = {hooks}\n[commit]\n\tgpgSign = true\n"
    (home / ".gitconfig").write_text(CONFIGURATION + extra)
    assert first_commit(folder, "The first").known
    assert not (home / "ran").exists()


def test_what_git_refuses_is_said(home: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UsageError, match=r"(?s)git commit: .*nothing to commit"):
        first_commit(empty, "Nothing")
