"""Links in a commit and in the folder that was committed: both are followed, and refused, alike."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.adapters.files import FolderTree
from reconciler.adapters.git import open_tree
from reconciler.model.errors import FileError
from reconciler.model.rendered import Tree
from reconciler.render.build import build
from tests.adapters.git.build import Remote, git

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
FILES: dict[str, str | bytes] = {
    "app/kustomization.yaml": "resources: [link]\n",
    "app/in/map.yaml": MAP,
    "base/kustomization.yaml": "resources: [map.yaml]\n",
    "base/map.yaml": MAP,
}
BUILT = "built"

# What app/link and, where there is one, the link "more" lead to; and what becomes of it.
CASES = [
    ("in/map.yaml", "", BUILT),
    ("../base", "", BUILT),
    ("../base/.", "", BUILT),
    ("../more", "base", BUILT),
    ("../more/../base", "app/in", "no such file or directory"),
    ("../more/../../base", "app/in", BUILT),
    ("../more/map.yaml", "app/in", BUILT),
    ("../more/map.yaml", "base", "security; file '/app/link' is not in or below '/app'"),
    ("../more", "more", "too many links"),
    ("../more", "../base", "leads out of the repository: '/more' is a symbolic link to '../base'"),
    ("../..", "", "leads out of the repository"),
    ("/", "", "leads out of the repository: '/app/link' is a symbolic link to '/'"),
    ("..", "", "cycle detected"),
    ("nothing", "", "no such file or directory"),
    ("in/map.yaml/", "", "no such file or directory"),
    ("../.git", "", "no such file or directory"),
    ("../.git/HEAD", "", "no such file or directory"),
    ("../.GIT/config", "", "no such file or directory"),
    ("d/" * 100, "", "no such file or directory"),
    (b"\xff", "", "app/link: a symbolic link whose target is not UTF-8"),
]


def committed(tmp_path: Path, link: str | bytes, more: str) -> tuple[Tree, Tree]:
    """A commit's tree, and its work tree's."""
    files = {**FILES, "app/link": link, **({"more": more} if more else {})}
    remote = Remote(tmp_path / "remote.git")
    remote.commit(files, modes={"app/link": "120000", "more": "120000"})
    work = tmp_path / "work"
    git(tmp_path, "clone", "--quiet", str(remote.folder), str(work))
    assert (work / "app/link").is_symlink()
    return open_tree(remote.folder, "main")[1], FolderTree(work)


def outcome(tree: Tree, *, restrict: bool = True) -> str:
    try:
        build(tree, "app", restrict=restrict)
    except FileError as error:
        return str(error)
    return BUILT


@pytest.mark.parametrize(("link", "more", "wanted"), CASES)
def test_a_commit_and_its_work_tree_say_the_same(
    tmp_path: Path, link: str | bytes, more: str, wanted: str
) -> None:
    of_commit, of_folder = map(outcome, committed(tmp_path, link, more))
    assert wanted in of_commit
    assert of_folder == of_commit


@pytest.mark.parametrize("more", ["base", "app/in"])
def test_without_the_restriction_a_link_may_lead_to_a_file_anywhere_in_the_repository(
    tmp_path: Path, more: str
) -> None:
    for tree in committed(tmp_path, "../more/map.yaml", more):
        assert outcome(tree, restrict=False) == BUILT


@pytest.mark.parametrize("target", ["../../outside.yaml", "{}/outside.yaml", "{}/work/base"])
def test_without_the_restriction_it_leaves_the_repository_no_more_than_with_it(
    tmp_path: Path, target: str
) -> None:
    (tmp_path / "outside.yaml").write_text(MAP)
    for tree in committed(tmp_path, target.format(tmp_path), ""):
        assert "leads out of the repository" in outcome(tree, restrict=False)


@pytest.mark.parametrize("target", ["../module", "../module/base", "../module/../base"])
def test_a_submodule_on_the_way_is_named(tmp_path: Path, target: str) -> None:
    remote = Remote(tmp_path / "remote.git")
    files = {**FILES, "app/link": target, "module": "1" * 40}
    remote.commit(files, modes={"app/link": "120000", "module": "160000"})
    found = outcome(open_tree(remote.folder, "main")[1])
    assert found.endswith(": module: a submodule; none is fetched")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (b"", "failure on '/app/link' : lstat /app/link: no such file or directory"),
        (b"in\0/map.yaml", "app/link: a symbolic link whose target holds a NUL"),
        (b"x" * 5_000, "app/link: 5000 bytes; a symbolic link has at most 4095"),
    ],
)
def test_a_target_that_no_checkout_could_make_is_refused(
    tmp_path: Path, target: bytes, words: str
) -> None:
    remote = Remote(tmp_path / "remote.git")
    remote.commit({**FILES, "app/link": target}, modes={"app/link": "120000"})
    assert words in outcome(open_tree(remote.folder, "main")[1])


def test_a_pipe_behind_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/kustomization.yaml").write_text("resources: [link]\n")
    os.mkfifo(tmp_path / "app/pipe")
    (tmp_path / "app/link").symlink_to("pipe")
    assert outcome(FolderTree(tmp_path)).endswith(": app/pipe: neither a file nor a folder")
