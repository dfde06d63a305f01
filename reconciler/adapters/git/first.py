"""A repository with a work tree, at a desk: its first commit, more commits, and what git says.

The agent never has a work tree; this is for ``reconciler init`` and ``reconciler demo``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from reconciler.adapters.git import process
from reconciler.model.errors import UsageError

_INIT = ("init", "--quiet", "--initial-branch=main", "--template=")
_ADD = ("add", "--all")
_COMMIT = ("commit", "--quiet", "--no-verify", "--no-gpg-sign", "--file=-")
_HEAD = ("rev-parse", "HEAD")
_REVERT = ("revert", "--no-edit", "--no-gpg-sign", "HEAD")
_DIFF = ("diff", "--no-color", "--no-ext-diff", "--unified=0", "HEAD~1", "HEAD")
_LOG = ("log", "-1", "--oneline", "--no-color", "--no-show-signature")
# Who the user says they are; never what git makes up of the user's and the machine's names.
_IDENTITY = ("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT")
_PERSON = re.compile(r"(.+) <(.+)> \d+ [+-]\d{4}")
_OURS = ("fleet-reconciler", "fleet-reconciler@localhost.invalid")


class FirstCommit(NamedTuple):
    """Its id, its author as ``NAME <EMAIL>``, and whether that is the user's own name."""

    commit: str
    author: str
    known: bool


def first_commit(folder: Path, message: str) -> FirstCommit:
    """Make ``folder`` a repository with one commit of all its files, on the branch main.

    Where git knows no name of the user, the commit has ours, and so have those that are made in
    the repository until the user gives another. Raises UsageError, SourceUnavailable.
    """
    repository = folder / ".git"
    _git(repository, _INIT)
    person = _person(repository)
    name, email = person or _OURS
    environment = _environment(folder, name, email)
    _git(repository, _ADD, environment)
    _git(repository, _COMMIT, environment, message)
    if person is None:
        for key, value in zip(("user.name", "user.email"), _OURS, strict=True):
            _git(repository, ("config", key, value))
    return FirstCommit(_git(repository, _HEAD), f"{name} <{email}>", person is not None)


class Desk:
    """A repository that ``first_commit`` made, as somebody works in it.

    Raises UsageError and SourceUnavailable, as ``first_commit`` does.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._repository = folder / ".git"
        self._environment = _environment(folder, *(_person(self._repository) or _OURS))

    def commit(self, message: str) -> str:
        """All that was changed, as one commit; its id."""
        _git(self._repository, _ADD, self._environment)
        _git(self._repository, _COMMIT, self._environment, message)
        return _git(self._repository, _HEAD)

    def revert(self) -> str:
        """The last commit taken back by another one; its id."""
        _git(self._repository, _REVERT, self._environment)
        return _git(self._repository, _HEAD)

    def diff(self) -> str:
        """What the last commit changed."""
        return _git(self._repository, _DIFF)

    def log(self, notes: str, commit: str) -> str:
        """A commit in a line, with its note in ``refs/notes/NOTES``."""
        return _git(self._repository, (*_LOG, f"--notes={notes}", commit))


def _environment(folder: Path, name: str, email: str) -> Mapping[str, str]:
    return {
        "GIT_WORK_TREE": str(folder),
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": email,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": email,
    }


def _person(repository: Path) -> tuple[str, str] | None:
    """The user's name and address, from git's variables or the user's own configuration."""
    for file in _configurations():
        result = process.run(repository, _IDENTITY, environment={**_home(), **_given(), **file})
        found = _PERSON.fullmatch(result.text()) if result.code == 0 else None
        if found:
            return found[1], found[2]
    return None


def _configurations() -> Iterator[Mapping[str, str]]:
    """Git's own order, backwards: a call reads one file."""
    if given := os.environ.get("GIT_CONFIG_GLOBAL"):
        yield {"GIT_CONFIG_GLOBAL": given}
        return
    home = _home().get("HOME", "")
    folder = os.environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
    yield {"GIT_CONFIG_GLOBAL": f"{home}/.gitconfig"}
    yield {"GIT_CONFIG_GLOBAL": f"{folder}/git/config"}


def _home() -> Mapping[str, str]:
    """Where ``~`` of an include in it is."""
    home = os.environ.get("HOME")
    return {"HOME": home} if home else {}


def _given() -> Mapping[str, str]:
    names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL")
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def _git(
    repository: Path,
    arguments: tuple[str, ...],
    environment: Mapping[str, str] | None = None,
    text: str = "",
) -> str:
    result = process.run(repository, arguments, stdin=text.encode(), environment=environment)
    if result.code != 0:
        raise UsageError(f"git {arguments[0]}: {result.error.strip() or result.text()}")
    return result.text()
