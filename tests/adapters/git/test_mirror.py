"""The mirror over file://: what it fetches, what it refuses, what it survives."""

from __future__ import annotations

import contextlib
import random
import socket
import time
from pathlib import Path

import pytest

from reconciler.adapters.git import Credentials, Mirror
from reconciler.model.errors import HistoryRefused, MissingBlobs, SourceUnavailable, UsageError
from tests.adapters.git import build
from tests.adapters.git.build import Remote, git


def test_fetch_answers_the_tip_with_its_subject_and_date(remote: Remote, mirror: Mirror) -> None:
    tip = remote.commit({"a": "1"}, subject="first\n\nbody")
    snapshot = mirror.fetch()
    assert (snapshot.commit, snapshot.subject, snapshot.time) == (tip, "first", 1_700_000_000)
    assert mirror.has(tip)


def test_the_first_fetch_is_shallow_and_later_ones_bring_each_commit(
    remote: Remote, mirror: Mirror
) -> None:
    root = remote.commit({"a": "1"})
    first = remote.commit({"a": "2"})
    mirror.fetch()
    between = remote.commit({"a": "2", "b": "x"})
    last = remote.commit({"a": "3", "b": "x"})
    mirror.fetch()
    assert not mirror.has(root)
    verified = mirror.verify(last, first)
    assert [(v.commit, v.changed, v.signer) for v in verified] == [
        (between, ("b",), None),
        (last, ("a",), None),
    ]


def test_verify_of_an_accepted_commit_is_empty(remote: Remote, mirror: Mirror) -> None:
    tip = remote.commit({"a": "1"})
    mirror.fetch()
    assert mirror.verify(tip, tip) == ()


def test_verify_without_a_last_commit_answers_the_tip_alone(remote: Remote, mirror: Mirror) -> None:
    remote.commit({"a": "1"})
    mirror.fetch()
    tip = remote.commit({"a": "1", "b": "2", "c/d": "3"})
    mirror.fetch()
    (verified,) = mirror.verify(tip, "")
    assert (verified.commit, verified.changed) == (tip, ("b", "c/d"))


def test_a_merge_tells_what_it_brings_and_a_path_may_look_like_raw_output(
    remote: Remote, mirror: Mirror
) -> None:
    base = remote.commit({"a": "1"})
    mirror.fetch()
    side = remote.commit({"a": "1", ":odd name": "2"}, branch="side", parent=base)
    main = remote.commit({"a": "2"})
    tree = git(remote.folder, "rev-parse", f"{side}^{{tree}}")
    person = ("-c", "user.name=a", "-c", "user.email=a@b.invalid")
    merge = git(remote.folder, *person, "commit-tree", tree, "-p", main, "-p", side, "-m", "merge")
    git(remote.folder, "update-ref", "refs/heads/main", merge)
    mirror.fetch()
    changed = {v.commit: v.changed for v in mirror.verify(merge, base)}
    assert changed == {side: (":odd name",), main: ("a",), merge: (":odd name", "a")}


def test_all_missing_files_of_a_folder_are_asked_for_at_once(
    remote: Remote, mirror: Mirror
) -> None:
    files = {f"base/{n}.yaml": f"n: {n}" for n in range(300)} | {"fleet.yaml": "name: x"}
    remote.commit(files)
    tree = mirror.tree(mirror.fetch().commit)
    assert tree.kind("base/7.yaml") == "file"
    with pytest.raises(MissingBlobs) as missed:
        tree.read("base/7.yaml")
    assert len(missed.value.ids) == 300
    mirror.fetch_blobs(missed.value.ids)
    assert {path: tree.read(path) for path in files if path.startswith("base/")} == {
        path: text.encode() for path, text in files.items() if path.startswith("base/")
    }


def test_blobs_that_the_remote_has_not_are_unavailable(remote: Remote, mirror: Mirror) -> None:
    remote.commit({"a": "1"})
    mirror.fetch()
    with pytest.raises(SourceUnavailable, match="git fetch: "):
        mirror.fetch_blobs(("1" * 40,))


def test_a_remote_without_filters_serves_whole_commits(remote: Remote, mirror: Mirror) -> None:
    git(remote.folder, "config", "uploadpack.allowFilter", "false")
    remote.commit({"a": "1"})
    assert mirror.tree(mirror.fetch().commit).read("a") == b"1"


def test_a_force_push_is_fetched_and_then_refused(remote: Remote, mirror: Mirror) -> None:
    base = remote.commit({"a": "1"})
    mirror.fetch()
    accepted = remote.commit({"a": "2"})
    mirror.fetch()
    rewritten = remote.commit({"a": "evil"}, parent=base)
    assert mirror.fetch().commit == rewritten
    with pytest.raises(HistoryRefused, match="does not descend"):
        mirror.verify(rewritten, accepted)
    assert mirror.verify(rewritten, base)[0].commit == rewritten


def test_an_unrelated_root_is_refused(remote: Remote, mirror: Mirror) -> None:
    accepted = remote.commit({"a": "1"})
    mirror.fetch()
    rewritten = remote.commit({"a": "1"}, parent=None, subject="other root")
    mirror.fetch()
    with pytest.raises(HistoryRefused):
        mirror.verify(rewritten, accepted)


def test_a_lost_mirror_is_deepened_until_the_last_accepted_commit(
    remote: Remote, mirror: Mirror
) -> None:
    remote.commit({"a": "0"})
    accepted = remote.commit({"a": "1"})
    for number in range(5):
        tip = remote.commit({"a": f"later {number}"})
    mirror.fetch()
    assert not mirror.has(accepted)
    assert len(mirror.verify(tip, accepted)) == 5


def test_a_lost_mirror_refuses_where_the_accepted_commit_is_gone(
    remote: Remote, mirror: Mirror
) -> None:
    base = remote.commit({"a": "0"})
    accepted = remote.commit({"a": "1"})
    tip = remote.commit({"a": "2"}, parent=base)
    mirror.fetch()
    with pytest.raises(HistoryRefused, match="any more"):
        mirror.verify(tip, accepted)


def test_a_missing_branch_is_said_to_be_missing(tmp_path: Path, remote: Remote) -> None:
    remote.commit({"a": "1"})
    other = Mirror(tmp_path / "m.git", remote.url, "release", Credentials())
    with pytest.raises(SourceUnavailable, match="no branch release"):
        other.fetch()


def test_a_path_may_hold_any_printable_character(tmp_path: Path) -> None:
    remote = Remote(tmp_path / 'it\'s 100% "odd" é.git')
    tip = remote.commit({"a": "1"})
    other = build.mirror(tmp_path / "m.git", str(remote.folder))
    assert other.fetch().commit == tip


def test_a_missing_remote_leaves_the_mirror_readable(
    tmp_path: Path, remote: Remote, mirror: Mirror
) -> None:
    tip = remote.commit({"a": "1"})
    mirror.fetch()
    remote.folder.rename(tmp_path / "away")
    with pytest.raises(SourceUnavailable):
        mirror.fetch()
    assert mirror.tree(tip).names("") == ("a",)


def test_a_mirror_is_used_again_after_a_restart_without_the_remote(
    tmp_path: Path, remote: Remote, mirror: Mirror
) -> None:
    tip = remote.commit({"a": "1"})
    mirror.fetch()
    remote.folder.rename(tmp_path / "away")
    again = build.mirror(tmp_path / "state" / "mirror.git", remote.url)
    assert again.has(tip) and again.tree(tip).names("") == ("a",)
    again.close()


def test_a_fetch_past_its_ceiling_is_ended_and_leaves_nothing(
    tmp_path: Path, remote: Remote
) -> None:
    git(remote.folder, "config", "uploadpack.allowFilter", "false")
    remote.commit({"noise": random.Random(1).randbytes(400_000)})
    small = build.mirror(tmp_path / "m.git", remote.url, ceiling=100_000)
    with pytest.raises(SourceUnavailable, match="more than 100000 bytes"):
        small.fetch()
    assert not list(tmp_path.glob("m.git*/objects/pack/tmp_*"))


def test_a_remote_that_never_answers_costs_the_deadline(tmp_path: Path) -> None:
    """On a busy machine git may need longer than the deadline until it has connected at all."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(5)
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/r"
        for deadline in (1, 4, 16, 40):
            hanging = build.mirror(tmp_path / f"{deadline}.git", url, deadline=deadline)
            before = time.monotonic()
            with pytest.raises(SourceUnavailable, match=rf"did not end within {deadline} s"):
                hanging.fetch()
            assert time.monotonic() - before < deadline + 30
            with contextlib.suppress(TimeoutError):
                connection, _ = silent.accept()  # the fault fired: git was connected
                break
        connection.settimeout(5)
        while connection.recv(4096):  # and ends: no helper of git is left behind
            pass
        connection.close()


def test_a_tree_that_could_harm_a_work_tree_is_not_let_in(remote: Remote, mirror: Mirror) -> None:
    remote.commit({"a": "1"})
    before = mirror.fetch().commit
    blob = git(remote.folder, "hash-object", "-w", "--stdin", stdin=b"x")
    entry = b"100644 ..\0" + bytes.fromhex(blob)
    literally = ("hash-object", "-t", "tree", "-w", "--literally", "--stdin")
    harmful = git(remote.folder, *literally, stdin=entry)
    person = ("-c", "user.name=a", "-c", "user.email=a@b.invalid")
    commit = git(remote.folder, *person, "commit-tree", harmful, "-p", before, "-m", "x")
    git(remote.folder, "update-ref", "refs/heads/main", commit)
    with pytest.raises(SourceUnavailable, match="hasDot"):
        mirror.fetch()
    assert mirror.has(before) and not mirror.has(commit)


def test_an_idle_fetch_writes_nothing(remote: Remote, mirror: Mirror, tmp_path: Path) -> None:
    remote.commit({"a": "1"})
    mirror.fetch()
    mirror.fetch()
    folder = tmp_path / "state" / "mirror.git"
    before = {path: path.stat().st_ino for path in folder.rglob("*") if path.is_file()}
    mirror.fetch()
    assert {path: path.stat().st_ino for path in folder.rglob("*") if path.is_file()} == before


def test_many_packs_become_one_and_unreachable_commits_stay(
    remote: Remote, mirror: Mirror, tmp_path: Path
) -> None:
    base = remote.commit({"a": "1"})
    mirror.fetch()
    gone = remote.commit({"a": "2"})
    mirror.fetch()
    remote.commit({"a": "3"}, parent=base)
    for number in range(105):
        remote.commit({"a": f"{number}"})
        mirror.fetch()
    packs = list((tmp_path / "state/mirror.git/objects/pack").glob("*.pack"))
    assert len(packs) < 20
    assert mirror.has(gone) and mirror.has(base)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://host/r",
        "ext::sh -c true",
        "ext::sh",
        "git://host/r",
        "-oProxyCommand=x",
        "ssh://-oProxyCommand=x/r",
        "https://user:secret@host/r",
        "https://token@host/r",
        "ssh://u:secret@host/r",
        "file://host/r",
        "relative/path",
        "https://host/r with space",
        "https://host/r\nx",
        "https:///r",
        "https://host:99999/r",
        "https://host/r?token=secret",
    ],
)
def test_a_url_of_another_form_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError) as refused:
        Mirror(tmp_path / "m.git", url, "main", Credentials())
    assert "secret" not in str(refused.value) and "token@" not in str(refused.value)


@pytest.mark.parametrize(
    "branch", ["", "-x", "a..b", "a b", "a.lock", "a/", "/a", "a//b", "a:b", "a*"]
)
def test_a_branch_of_another_form_is_refused(tmp_path: Path, branch: str) -> None:
    with pytest.raises(UsageError, match="branch"):
        Mirror(tmp_path / "m.git", "https://host/r", branch, Credentials())


def test_an_older_commit_of_the_branch_is_brought(remote: Remote, mirror: Mirror) -> None:
    old = remote.commit({"a": "1"})
    for serial in range(2, 5):
        remote.commit({"a": str(serial)})
    mirror.fetch()
    assert not mirror.has(old)
    mirror.bring(old)
    mirror.fetch_blobs((mirror.tree(old).digest("a"),))
    assert mirror.tree(old).read("a") == b"1"
    with pytest.raises(HistoryRefused, match="has no commit ffff"):
        mirror.bring("f" * 40)
