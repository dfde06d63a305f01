"""A commit's files: what a tree tells, and which modes, names and sizes it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters.git import open_tree
from reconciler.adapters.git.entries import parse
from reconciler.adapters.git.tree import LARGEST_FILE, LONGEST_LINK
from reconciler.model.errors import FileError, UsageError
from tests.adapters.git.build import Remote, git

ENTRY = b"100644 name\0" + b"\1" * 20


def test_a_tree_tells_kinds_names_bytes_and_digests(remote: Remote) -> None:
    files: dict[str, str | bytes] = {
        "fleet.yaml": "name: x",
        "a/b/c": b"\0\xff",
        "a/run": "go",
        "same/run": "go",
    }
    commit = remote.commit(files, modes={"a/run": "100755"})
    found, tree = open_tree(remote.folder, "main")
    assert found == commit
    assert tree.names("") == ("a", "fleet.yaml", "same")
    assert tree.names("a") == ("b", "run")
    kinds = {p: tree.kind(p) for p in ("", "a", "a/run", "none", "fleet.yaml/x", "a//run", "../a")}
    assert kinds == {
        "": "folder",
        "a": "folder",
        "a/run": "file",
        "none": None,
        "fleet.yaml/x": None,
        "a//run": None,
        "../a": None,
    }
    assert tree.read("a/b/c") == b"\0\xff"
    assert tree.digest("a/run") == tree.digest("same/run") != tree.digest("a")


def test_what_is_not_there_is_not_found(remote: Remote) -> None:
    remote.commit({"a/b": "1"})
    _, tree = open_tree(remote.folder, "main")
    for call in (tree.read, tree.names, tree.digest):
        with pytest.raises(FileNotFoundError):
            call("none")
    with pytest.raises(FileNotFoundError):
        tree.read("a")
    with pytest.raises(FileNotFoundError):
        tree.names("a/b")


@pytest.mark.parametrize(
    ("mode", "content", "word"),
    [("120000", "/etc/passwd", "symbolic link"), ("160000", "1" * 40, "submodule")],
)
def test_links_and_submodules_are_refused(
    remote: Remote, mode: str, content: str, word: str
) -> None:
    remote.commit({"dir/odd": content, "dir/plain": "1"}, modes={"dir/odd": mode})
    _, tree = open_tree(remote.folder, "main")
    assert tree.read("dir/plain") == b"1"
    for call in (tree.kind, tree.read, tree.digest, tree.names):
        with pytest.raises(FileError, match=f"dir/odd: .*{word}"):
            call("dir/odd")
    for look in (tree.kind, tree.link):
        with pytest.raises(FileError, match=word):
            look("dir/odd/below")


@pytest.mark.parametrize("target", ["../plain", "/etc/passwd", "a/./b/../", "", "wörd", "x" * 4095])
def test_a_link_tells_where_it_leads_as_it_is_written(remote: Remote, target: str) -> None:
    remote.commit({"dir/link": target, "dir/plain": "1"}, modes={"dir/link": "120000"})
    _, tree = open_tree(remote.folder, "main")
    assert [tree.link("dir/link"), tree.link("dir/link")] == [target, target]
    assert [tree.link(path) for path in ("", "dir", "dir/plain", "no", "dir/plain/x")] == [None] * 5
    assert tree.names("dir") == ("link", "plain")


@pytest.mark.parametrize(
    ("target", "word"),
    [
        (b"x" * (LONGEST_LINK + 1), "4096 bytes; a symbolic link has at most 4095"),
        (b"a\0b", "holds a NUL"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_a_target_that_no_file_system_could_hold_is_refused(
    remote: Remote, target: bytes, word: str
) -> None:
    remote.commit({"dir/link": target}, modes={"dir/link": "120000"})
    _, tree = open_tree(remote.folder, "main")
    with pytest.raises(FileError, match=f"dir/link: .*{word}"):
        tree.link("dir/link")


def test_the_digest_of_a_folder_covers_where_its_links_lead(remote: Remote) -> None:
    found = []
    for target in ("one", "two"):
        remote.commit({"dir/link": target}, modes={"dir/link": "120000"})
        found.append(open_tree(remote.folder, "main")[1].digest("dir"))
    assert found[0] != found[1]


def test_a_large_file_is_refused_before_it_is_read(remote: Remote) -> None:
    remote.commit({"zeros": b"\0" * (LARGEST_FILE + 1), "fits": b"\0" * LARGEST_FILE})
    _, tree = open_tree(remote.folder, "main")
    with pytest.raises(FileError, match=f"zeros: {LARGEST_FILE + 1} bytes"):
        tree.read("zeros")
    assert len(tree.read("fits")) == LARGEST_FILE


def test_a_replaced_object_is_read_as_it_was(remote: Remote) -> None:
    remote.commit({"a": "true"})
    blobs = [git(remote.folder, "hash-object", "-w", "--stdin", stdin=t) for t in (b"true", b"lie")]
    git(remote.folder, "replace", *blobs)
    assert git(remote.folder, "cat-file", "blob", blobs[0]) == "lie"  # the fault is there
    _, tree = open_tree(remote.folder, "main")
    assert tree.read("a") == b"true"


@pytest.mark.parametrize(
    "data",
    [
        b"100644",
        b"100644 name\0short",
        b"100644name\0" + b"\1" * 20,
        b"100644 \0" + b"\1" * 20,
        b"100644 ..\0" + b"\1" * 20,
        b"100644 a/b\0" + b"\1" * 20,
        b"100644 \xff\0" + b"\1" * 20,
    ],
)
def test_a_malformed_tree_object_is_refused(data: bytes) -> None:
    assert dict(parse(ENTRY, "dir"))["name"].kind == "file"
    with pytest.raises(FileError, match="dir: "):
        list(parse(ENTRY + data, "dir"))


def test_other_modes_are_no_files(remote: Remote) -> None:
    (entry,) = dict(parse(b"100664 old\0" + b"\1" * 20, "")).values()
    assert entry.kind is None and "100664" in entry.why


def test_a_work_tree_a_linked_one_and_a_folder_inside_are_opened(
    tmp_path: Path, remote: Remote
) -> None:
    commit = remote.commit({"a/b": "1"})
    work, linked = tmp_path / "work", tmp_path / "linked"
    git(tmp_path, "clone", "--quiet", str(remote.folder), str(work))
    git(work, "worktree", "add", "--quiet", "--detach", str(linked))
    for folder in (work, linked, work / "a"):
        found, tree = open_tree(folder, "HEAD")
        assert (found, tree.read("a/b")) == (commit, b"1")


def test_no_setting_of_a_local_repository_runs_code(tmp_path: Path, remote: Remote) -> None:
    remote.commit({"a": "1", ".gitattributes": "* filter=evil diff=evil\n"})
    work = tmp_path / "work"
    git(tmp_path, "clone", "--quiet", str(remote.folder), str(work))
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\ncat\n")
    trap.chmod(0o755)
    keys = ("core.fsmonitor", "core.pager", "core.sshCommand", "filter.evil.smudge")
    for key in (*keys, "diff.evil.textconv", "alias.cat-file"):
        git(work, "config", key, f"!{trap}" if key.startswith("alias") else str(trap))
    _, tree = open_tree(work, "HEAD")
    assert tree.read("a") == b"1" and tree.names("") == (".gitattributes", "a")
    assert not (tmp_path / "ran").exists()
    git(work, "status")
    assert (tmp_path / "ran").exists()  # the trap works


@pytest.mark.parametrize("rev", ["none", "--help", "main:a", "", "-x"])
def test_a_revision_that_names_no_commit_is_a_usage_error(remote: Remote, rev: str) -> None:
    remote.commit({"a": "1"})
    with pytest.raises(UsageError, match="names no commit"):
        open_tree(remote.folder, rev)


def test_a_folder_that_is_no_repository_is_a_usage_error(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match="is no"):
            open_tree(folder, "HEAD")
