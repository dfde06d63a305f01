"""A folder as a Tree: what it shows, what it refuses, and what its digests stand for."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.adapters.files import FolderTree
from reconciler.adapters.files.tree import LARGEST_FILE
from reconciler.model.errors import FileError, UsageError
from reconciler.model.rendered import Tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "fleet"
    (root / "bases" / "web").mkdir(parents=True)
    (root / "bases" / "web" / "service.yaml").write_bytes(b"kind: Service\n")
    (root / "bases" / "web" / "deployment.yaml").write_bytes(b"kind: Deployment\n")
    (root / "fleet.yaml").write_bytes(b"kind: Fleet\n")
    return root


def test_it_is_a_tree(root: Path) -> None:
    tree: Tree = FolderTree(root)
    assert tree.kind("") == tree.kind("bases/web") == "folder"
    assert tree.kind("fleet.yaml") == "file"
    assert tree.names("") == ("bases", "fleet.yaml")
    assert tree.names("bases/web") == ("deployment.yaml", "service.yaml")
    assert tree.read("bases/web/service.yaml") == b"kind: Service\n"


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "bases/nothing",
        "fleet.yaml/below",
        "bases/",
        "/bases",
        "bases//web",
        "./bases",
        "..",
        "bases/../fleet.yaml",
        "a\0b",
        "n" * 300,
        "/".join("d" * 100),
    ],
)
def test_there_is_nothing_at_other_paths(root: Path, path: str) -> None:
    tree = FolderTree(root)
    assert tree.kind(path) is None
    for ask in (tree.names, tree.read, tree.digest):
        with pytest.raises(FileNotFoundError):
            ask(path)


def test_a_file_has_no_names_and_a_folder_no_bytes(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FolderTree(root).names("fleet.yaml")
    with pytest.raises(FileNotFoundError):
        FolderTree(root).read("bases")


def test_the_repository_s_own_folder_is_not_shown(root: Path) -> None:
    before = FolderTree(root).digest("")
    for name in (".git", ".GIT"):
        (root / name).mkdir()
        (root / name / "HEAD").write_text("ref: refs/heads/main")
    tree = FolderTree(root)
    assert tree.names("") == ("bases", "fleet.yaml")
    assert tree.kind(".git/HEAD") is None
    assert tree.digest("") == before


@pytest.mark.parametrize("target", ["fleet.yaml", "/etc/passwd", "../outside", "nothing", "link"])
def test_a_link_is_refused_wherever_it_leads_and_tells_where(root: Path, target: str) -> None:
    (root.parent / "outside").mkdir()
    (root / "link").symlink_to(target)
    tree = FolderTree(root)
    for ask in (tree.kind, tree.names, tree.read, tree.digest):
        with pytest.raises(FileError, match=r"^link: a symbolic link") as refused:
            ask("link")
        assert refused.value.path == "link"
    assert tree.link("link") == target


def test_what_is_behind_a_linked_folder_is_refused(root: Path) -> None:
    (root / "sites").symlink_to("bases")
    with pytest.raises(FileError, match=r"^sites: a symbolic link"):
        FolderTree(root).read("sites/web/service.yaml")
    with pytest.raises(FileError, match=r"^sites: a symbolic link"):
        FolderTree(root).link("sites/web")


@pytest.mark.parametrize("target", ["./a/../b/", "/", "x" * 4095, "wörd"])
def test_a_link_s_target_is_told_as_it_is_written(root: Path, target: str) -> None:
    os.symlink(target, root / "bases/link")  # noqa: PTH211  Path changes its text
    for tree in (FolderTree(root), FolderTree(root, still=True)):
        assert tree.link("bases/link") == target
        assert [tree.link(path) for path in ("", "bases", "fleet.yaml", "no")] == [None] * 4


@pytest.mark.parametrize("path", ["/bases/link", "bases//link", "./bases/link", "bases/../link"])
def test_other_paths_lead_to_no_link(root: Path, path: str) -> None:
    (root / "link").symlink_to("fleet.yaml")
    (root / "bases/link").symlink_to("web")
    assert FolderTree(root).link(path) is None


def test_a_target_that_is_not_utf_8_is_refused(root: Path) -> None:
    (root / "link").symlink_to(os.fsdecode(b"\xff"))
    with pytest.raises(FileError, match=r"^link: .*not UTF-8"):
        FolderTree(root).link("link")
    assert FolderTree(root).digest("")


def test_of_the_repository_s_own_folder_no_link_is_told(root: Path) -> None:
    (root / ".git").mkdir()
    (root / ".git/link").symlink_to("HEAD")
    assert FolderTree(root).link(".git/link") is None


def test_a_link_that_was_replaced_is_no_link_any_more(root: Path) -> None:
    (root / "link").symlink_to("fleet.yaml")
    tree = FolderTree(root)
    found = os.readlink

    def swapped(path: str) -> str:
        Path(path).unlink()
        Path(path).write_text("a file")
        return found(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "readlink", swapped)
        with pytest.raises(FileError, match=r"^link: cannot be read"):
            tree.link("link")
    assert tree.link("link") is None


def test_a_file_that_became_a_link_is_not_read_through_it(root: Path) -> None:
    (root.parent / "secret").write_text("hunter2")
    tree = FolderTree(root)
    opened = os.open

    def swapped(path: str, flags: int) -> int:
        Path(path).unlink()
        Path(path).symlink_to(root.parent / "secret")
        return opened(path, flags)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", swapped)
        with pytest.raises(FileError, match=r"^fleet\.yaml: cannot be read"):
            tree.read("fleet.yaml")


def test_the_root_itself_may_be_a_link(root: Path) -> None:
    (root.parent / "current").symlink_to(root)
    assert FolderTree(root.parent / "current").read("fleet.yaml") == b"kind: Fleet\n"


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize("make", [make_pipe, make_socket])
def test_what_is_neither_file_nor_folder_is_refused(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "x")
    tree = FolderTree(tmp_path)
    for ask in (tree.kind, tree.read, tree.digest):
        with pytest.raises(FileError, match=r"^x: neither"):
            ask("x")


def test_a_file_may_have_ten_mebibytes_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "most").write_bytes(b"x" * LARGEST_FILE)
    (tmp_path / "more").write_bytes(b"x" * (LARGEST_FILE + 1))
    tree = FolderTree(tmp_path)
    assert len(tree.read("most")) == LARGEST_FILE
    for ask in (tree.read, tree.digest):
        with pytest.raises(FileError, match=r"^more: .*10485760"):
            ask("more")


def test_a_name_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))).touch()
    with pytest.raises(FileError, match="UTF-8"):
        FolderTree(tmp_path).names("")


def test_a_root_that_is_no_folder_is_the_user_s_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "nothing"):
        with pytest.raises(UsageError, match="no folder"):
            FolderTree(path)


def test_a_file_s_digest_is_its_content_s(root: Path) -> None:
    expected = hashlib.sha256(b"kind: Service\n").hexdigest()
    assert FolderTree(root).digest("bases/web/service.yaml") == expected


def test_equal_folders_have_equal_digests(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "x"
    other.mkdir(parents=True)
    (other / "deployment.yaml").write_bytes(b"kind: Deployment\n")
    (other / "service.yaml").write_bytes(b"kind: Service\n")
    assert FolderTree(tmp_path / "other").digest("x") == FolderTree(root).digest("bases/web")


def rename(root: Path) -> None:
    (root / "bases/web/service.yaml").rename(root / "bases/web/services.yaml")


def edit(root: Path) -> None:
    (root / "bases/web/service.yaml").write_bytes(b"kind: Servicf\n")


def remove(root: Path) -> None:
    (root / "bases/web/service.yaml").unlink()


def empty_folder(root: Path) -> None:
    (root / "bases/web/empty").mkdir()


def folder_for_file(root: Path) -> None:
    remove(root)
    (root / "bases/web/service.yaml").mkdir()


def link_for_file(root: Path) -> None:
    remove(root)
    (root / "bases/web/service.yaml").symlink_to("deployment.yaml")


def link_elsewhere(root: Path) -> None:
    (root / "bases/link").unlink()
    (root / "bases/link").symlink_to("elsewhere")


def grown(root: Path) -> None:
    (root / "bases/web/service.yaml").write_bytes(b"x" * (LARGEST_FILE + 1))


@pytest.mark.parametrize(
    "change",
    [rename, edit, remove, empty_folder, folder_for_file, link_for_file, link_elsewhere, grown],
)
def test_any_change_below_a_folder_changes_its_digest(
    root: Path, change: Callable[[Path], None]
) -> None:
    (root / "bases/link").symlink_to("somewhere")
    tree = FolderTree(root)
    before = tree.digest("")
    change(root)
    assert tree.digest("") != before


def test_moving_a_name_s_end_into_the_content_changes_the_digest(tmp_path: Path) -> None:
    for folder, name, content in (("a", "x", b"yz"), ("b", "xy", b"z")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(content)
    assert FolderTree(tmp_path).digest("a") != FolderTree(tmp_path).digest("b")
