"""Trailers by git's own rules, from a message that anybody may write."""

from __future__ import annotations

import pytest

from reconciler.adapters.git import Mirror, verified
from tests.adapters.git.build import Remote, git

KEY = "Fleet-Allow-Prune"


def said(remote: Remote, mirror: Mirror, message: str) -> tuple[str, ...]:
    commit = remote.commit({"a": "1"}, subject=message)
    mirror.fetch()
    (found,) = mirror.verify(commit, "")
    assert (found.commit, found.changed) == (commit, ("a",))
    return found.allow_prune


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("subject", ()),
        (f"subject\n\n{KEY}: all\n", ("all",)),
        (f"subject\n\n{KEY.lower()}: all\n", ("all",)),
        (f"subject\n\nbody\n\n{KEY}: Namespace/a, Namespace/b\n", ("Namespace/a, Namespace/b",)),
        (f"subject\n\n{KEY}: Namespace/a,\n  Namespace/b\n", ("Namespace/a, Namespace/b",)),
        (f"subject\n\n{KEY}: a\nSigned-off-by: x\n{KEY}: b\n", ("a", "b")),
        (f"subject\n\n{KEY}:\n", ()),
        (f"subject\n\n{KEY}: all\n\nnot the last paragraph\n", ()),
        (f"{KEY}: all\n", ()),
        (f"subject\n\nthe trailer {KEY}: all is named here\n", ()),
        (f"subject\n\nX-{KEY}: all\n", ()),
        (f"subject\n\n{KEY}: a\x1fb\n", ("a", "b")),
        (f"subject\n\n{KEY}: {'Namespace/a, ' * 10_000}\n", ()),
    ],
)
def test_a_trailer_stands_in_the_last_paragraph_and_is_bounded(
    remote: Remote, mirror: Mirror, message: str, words: tuple[str, ...]
) -> None:
    assert said(remote, mirror, message) == words


def test_each_commit_has_its_own_trailers_and_paths_stay_apart(
    remote: Remote, mirror: Mirror
) -> None:
    base = remote.commit({"a": "1"})
    mirror.fetch()
    first = remote.commit({"a": "2", "b": "1"}, subject=f"one\n\n{KEY}: all\n")
    second = remote.commit({"a": "2", "b": "2", f"\x1f{first}": "x"}, subject="two")
    empty = git(
        remote.folder, "-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit-tree",
        git(remote.folder, "rev-parse", f"{second}^{{tree}}"), "-p", second, "-m", "three",
        "-m", f"{KEY}: Namespace/x",
    )  # fmt: skip
    git(remote.folder, "update-ref", "refs/heads/main", empty)
    mirror.fetch()
    found = mirror.verify(empty, base)
    assert [(v.commit, v.changed, v.allow_prune) for v in found] == [
        (first, ("a", "b"), ("all",)),
        (second, (f"\x1f{first}", "b"), ()),
        (empty, (), ("Namespace/x",)),
    ]
    assert verified(remote.folder, empty, base) == found
