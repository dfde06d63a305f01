"""Notes: readable by git itself, built on what is there, never forced."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from reconciler.adapters.git import Mirror, read_notes
from reconciler.adapters.git.credentials import Credentials
from reconciler.model.errors import SourceUnavailable
from reconciler.model.refs import SiteName
from tests.adapters.git import build
from tests.adapters.git.build import SITE, Remote, git

NOTES = "--notes=fleet/north/one"


def _shown(remote: Remote, commit: str) -> str:
    return git(remote.folder, "log", "-1", "--format=%N", NOTES, commit)


def test_git_log_shows_the_note_and_its_commit_has_the_reports_date(
    tmp_path: Path, remote: Remote
) -> None:
    tip = remote.commit({"a": "1"})
    notes = build.pusher(tmp_path / "n.git", remote.url)
    notes.push(tip, "state: Synced\n", f"{SITE} Synced {tip}", 1_700_000_123.9)
    assert _shown(remote, tip) == "state: Synced"
    form = "--format=%s|%ct|%at|%an|%ae|%cn|%ce"
    person = "fleet-reconciler|fleet-reconciler@north.one.invalid"
    assert git(remote.folder, "log", form, SITE.notes_ref) == (
        f"{SITE} Synced {tip}|1700000123|1700000123|{person}|{person}"
    )


def test_a_later_note_keeps_the_earlier_ones(tmp_path: Path, remote: Remote) -> None:
    first, second = remote.commit({"a": "1"}), remote.commit({"a": "2"})
    notes = build.pusher(tmp_path / "n.git", remote.url)
    for number, commit in enumerate((first, second, second)):
        notes.push(commit, f"n: {number}\n", f"{SITE} Synced {commit}", float(number))
    assert (_shown(remote, first), _shown(remote, second)) == ("n: 0", "n: 2")
    assert git(remote.folder, "rev-list", "--count", SITE.notes_ref) == "3"


@pytest.mark.parametrize("was_noted", [True, False])
def test_a_note_that_was_pushed_before_is_not_pushed_again(
    tmp_path: Path, remote: Remote, was_noted: bool
) -> None:
    """The agent is killed after the push, and before or after its own ref is moved on."""
    first, second = remote.commit({"a": "1"}), remote.commit({"a": "2"})
    folder = tmp_path / "n.git"
    notes = build.pusher(folder, remote.url)
    notes.push(first, "n: 1\n", f"{SITE} Synced {first}", 1.0)
    before = git(folder, "rev-parse", SITE.notes_ref)
    notes.push(second, "n: 2\n", f"{SITE} Synced {second}", 2.0)
    if not was_noted:
        git(folder, "update-ref", SITE.notes_ref, before)
    build.pusher(folder, remote.url).push(second, "n: 2\n", f"{SITE} Synced {second}", 2.0)
    assert git(remote.folder, "rev-list", "--count", SITE.notes_ref) == "2"
    assert _shown(remote, second) == "n: 2"


def test_a_commit_that_the_notes_remote_has_not_can_be_annotated(
    tmp_path: Path, remote: Remote
) -> None:
    notes = build.pusher(tmp_path / "n.git", remote.url)
    notes.push("a" * 40, "x: 1\n", f"{SITE} Synced {'a' * 40}", 1.0)
    assert [(n.commit, n.text) for n in read_notes(remote.url, Credentials(), None)] == [
        ("a" * 40, "x: 1\n")
    ]


def test_a_ref_that_moved_is_built_upon(tmp_path: Path, remote: Remote) -> None:
    first, second = remote.commit({"a": "1"}), remote.commit({"a": "2"})
    ours = build.pusher(tmp_path / "ours.git", remote.url)
    ours.push(first, "by: us\n", "s", 1.0)
    other = build.pusher(tmp_path / "other.git", remote.url)
    other.push(second, "by: another\n", "s", 2.0)
    moved = git(remote.folder, "rev-parse", SITE.notes_ref)
    ours.push(first, "by: us again\n", "s", 3.0)
    assert git(remote.folder, "rev-parse", f"{SITE.notes_ref}^") == moved  # the fault fired
    assert (_shown(remote, first), _shown(remote, second)) == ("by: us again", "by: another")


def test_writers_that_meet_lose_no_note(tmp_path: Path, remote: Remote) -> None:
    commits = [remote.commit({"a": str(number)}) for number in range(4)]
    failed: list[BaseException] = []

    def write(name: str, mine: list[str]) -> None:
        notes = build.pusher(tmp_path / name, remote.url)
        try:
            for commit in mine:
                notes.push(commit, f"by: {name}\n", "s", 1.0)
        except BaseException as error:  # shown in the test's own thread
            failed.append(error)

    threads = [
        threading.Thread(target=write, args=("x.git", commits[:2])),
        threading.Thread(target=write, args=("y.git", commits[2:])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [_shown(remote, commit) for commit in commits] == ["by: x.git"] * 2 + ["by: y.git"] * 2


def test_notes_that_git_laid_in_folders_are_kept(tmp_path: Path, remote: Remote) -> None:
    commits = [remote.commit({"a": str(number)}) for number in range(3)]
    blob = git(remote.folder, "hash-object", "-w", "--stdin", stdin=b"by: hand\n")
    rows = [f"M 100644 {blob} {c[:2]}/{c[2:]}\n" for c in commits]
    head = f"commit {SITE.notes_ref}\ncommitter a <a@b.invalid> 1 +0000\ndata 1\nx\n"
    git(remote.folder, "fast-import", "--quiet", stdin=(head + "".join(rows)).encode())
    assert _shown(remote, commits[0]) == "by: hand"
    notes = build.pusher(tmp_path / "n.git", remote.url)
    notes.push(commits[1], "by: us\n", "s", 2.0)
    assert [_shown(remote, c) for c in commits] == ["by: hand", "by: us", "by: hand"]


def test_a_ref_that_was_deleted_is_begun_again(tmp_path: Path, remote: Remote) -> None:
    tip = remote.commit({"a": "1"})
    notes = build.pusher(tmp_path / "n.git", remote.url)
    notes.push(tip, "n: 1\n", "s", 1.0)
    git(remote.folder, "update-ref", "-d", SITE.notes_ref)
    notes.push(tip, "n: 2\n", "s", 2.0)
    assert _shown(remote, tip) == "n: 2"


def test_a_refused_push_is_unavailable_and_not_tried_for_ever(
    tmp_path: Path, remote: Remote
) -> None:
    hook, ran = remote.folder / "hooks" / "update", tmp_path / "ran"
    hook.write_text(f"#!/bin/sh\necho x >> {ran}\necho 'no notes here'\nexit 1\n")
    hook.chmod(0o755)
    tip = remote.commit({"a": "1"})
    with pytest.raises(SourceUnavailable, match="hook declined"):
        build.pusher(tmp_path / "n.git", remote.url).push(tip, "n: 1\n", "s", 1.0)
    assert ran.read_text() == "x\n"


@pytest.mark.parametrize("restart", [True, False], ids=["after a restart", "while it runs"])
@pytest.mark.parametrize("part", ["objects", "refs", "all"])
def test_emptied_files_are_healed_from_the_remote(
    tmp_path: Path, remote: Remote, part: str, restart: bool
) -> None:
    first, second = remote.commit({"a": "1"}), remote.commit({"a": "2"})
    folder = tmp_path / "n.git"
    notes = build.pusher(folder, remote.url)
    notes.push(first, "n: 1\n", "s", 1.0)
    files = [p for p in (folder / part.replace("all", "")).rglob("*") if p.is_file()]
    for file in files:
        file.chmod(0o600)
        os.truncate(file, 0)
    assert files  # the fault fired
    if restart:
        notes = build.pusher(folder, remote.url)
    notes.push(second, "n: 2\n", "s", 2.0)
    assert (_shown(remote, first), _shown(remote, second)) == ("n: 1", "n: 2")


@pytest.mark.parametrize("keep", [0, 7], ids=["zeros", "cut short"])
@pytest.mark.parametrize("part", ["commit", "tree", "blob", "mirror"])
def test_notes_whose_objects_are_spoiled_are_healed_from_the_remote(
    tmp_path: Path, remote: Remote, keep: int, part: str, mirror: Mirror
) -> None:
    first, second = remote.commit({"a": "1"}), remote.commit({"a": "2"})
    mirror.fetch()
    folder = tmp_path / ("state/mirror.git" if part == "mirror" else "n.git")
    build.pusher(folder, remote.url).push(first, "n: 1\n", "s", 1.0)
    notes = build.pusher(folder, remote.url)
    suffix = {"commit": "", "tree": "^{tree}", "blob": f":{first}", "mirror": ""}[part]
    object_id = git(remote.folder, "rev-parse", SITE.notes_ref + suffix)
    files = [folder / "objects" / object_id[:2] / object_id[2:]]
    for file in files:
        content = file.read_bytes()
        file.chmod(0o600)
        file.write_bytes(content[:keep] or b"\0" * len(content))
    assert files  # the fault fired
    notes.push(second, "n: 2\n", "s", 2.0)
    assert (_shown(remote, first), _shown(remote, second)) == ("n: 1", "n: 2")


def test_a_stale_lock_is_cleared_at_the_first_push(tmp_path: Path, remote: Remote) -> None:
    tip = remote.commit({"a": "1"})
    folder = tmp_path / "n.git"
    build.pusher(folder, remote.url).push(tip, "n: 1\n", "s", 1.0)
    lock = folder / (SITE.notes_ref + ".lock")
    lock.write_text("")
    build.pusher(folder, remote.url).push(tip, "n: 2\n", "s", 2.0)
    assert not lock.exists() and _shown(remote, tip) == "n: 2"


def test_a_stale_lock_of_the_remote_is_named_and_left(tmp_path: Path, remote: Remote) -> None:
    """Whoever keeps that repository has to see whether somebody still writes."""
    tip = remote.commit({"a": "1"})
    notes = build.pusher(tmp_path / "n.git", remote.url)
    notes.push(tip, "n: 1\n", "s", 1.0)
    lock = remote.folder / (SITE.notes_ref + ".lock")
    lock.write_text("")
    with pytest.raises(SourceUnavailable, match=r"one\.lock': File exists"):
        notes.push(tip, "n: 2\n", "s", 2.0)
    assert lock.exists()


def test_fetches_and_notes_share_a_mirror_side_by_side(
    tmp_path: Path, remote: Remote, mirror: Mirror
) -> None:
    tip = remote.commit({"a": "0"})
    mirror.fetch()
    notes = build.pusher(tmp_path / "state" / "mirror.git", remote.url)
    failed: list[BaseException] = []

    def write() -> None:
        try:
            for number in range(8):
                notes.push(tip, f"n: {number}\n", "s", float(number))
        except BaseException as error:  # shown in the test's own thread
            failed.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(1, 9):
        newest = remote.commit({"a": str(number)})
        assert mirror.fetch().commit == newest
    writer.join()
    assert failed == []
    assert _shown(remote, tip) == "n: 7"
    assert len(mirror.verify(newest, tip)) == 8


def test_the_notes_of_all_sites_are_read_and_only_those(tmp_path: Path, remote: Remote) -> None:
    tip = remote.commit({"a": "1"})
    sites = [SiteName("north", "one"), SiteName("north", "two"), SiteName("south", "one")]
    for site in sites:
        notes = build.pusher(tmp_path / site.label, remote.url, site)
        notes.push(tip, f"site: {site}\n", f"{site} Synced {tip}", 7.0)
    for ref in ("refs/notes/commits", "refs/notes/fleet/UPPER/x", "refs/notes/fleet/a/b/c"):
        git(remote.folder, "update-ref", ref, tip)
    git(remote.folder, "update-ref", "refs/notes/fleet/north/broken", tip)
    read = list(read_notes(str(remote.folder), Credentials(), None))
    assert [(n.site, n.commit, n.text, n.time) for n in read] == [
        (site, tip, f"site: {site}\n", 7.0) for site in sites
    ]


def test_a_kept_scratch_folder_shows_news_and_forgets_deleted_refs(
    tmp_path: Path, remote: Remote
) -> None:
    first, second = remote.commit({"a": "1"}), remote.commit({"a": "2"})
    one, two = SiteName("north", "one"), SiteName("north", "two")
    pushers = {site: build.pusher(tmp_path / site.label, remote.url, site) for site in (one, two)}
    for site, notes in pushers.items():
        notes.push(first, "n: 1\n", f"{site} Synced {first}", 1.0)
    scratch = tmp_path / "scratch.git"
    assert len(list(read_notes(remote.url, Credentials(), scratch))) == 2
    pushers[one].push(second, "n: 2\n", f"{one} Failed {second[:12]}", 2.0)
    git(remote.folder, "update-ref", "-d", two.notes_ref)
    assert [(n.site, n.commit, n.text) for n in read_notes(remote.url, Credentials(), scratch)] == [
        (one, second, "n: 2\n")
    ]


def test_a_note_larger_than_the_contract_is_passed_over(tmp_path: Path, remote: Remote) -> None:
    tip = remote.commit({"a": "1"})
    build.pusher(tmp_path / "n", remote.url).push(tip, "x" * 64_001, f"s Synced {tip}", 1.0)
    assert list(read_notes(remote.url, Credentials(), None)) == []


def test_no_notes_are_no_error(remote: Remote) -> None:
    remote.commit({"a": "1"})
    assert list(read_notes(remote.url, Credentials(), None)) == []
