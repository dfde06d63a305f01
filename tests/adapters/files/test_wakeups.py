"""Real git, real files: what wakes the agent, what does not, and that nothing stays behind."""

from __future__ import annotations

import os
import queue
import resource
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.adapters.files import FileWakeups, wakeups
from reconciler.adapters.files import watches as watching
from reconciler.adapters.files.watches import Watches

_PATIENCE = 30.0  # seconds before a wake-up counts as missing
_CLEAN = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b.invalid",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b.invalid",
}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=_CLEAN, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def make_repository(folder: Path, *, bare: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main", *(["--bare"] if bare else []))
    move(folder)
    return folder


def move(folder: Path, branch: str = "main") -> str:
    """A new commit, and the branch moved to it."""
    tree = git(folder, "hash-object", "-t", "tree", "-w", "/dev/null")
    commit = git(folder, "commit-tree", "-m", os.urandom(4).hex(), tree)
    git(folder, "update-ref", f"refs/heads/{branch}", commit)
    return commit


class Woken:
    """What was woken, in order."""

    def __init__(self, repository: str, branch: str, *files: Path) -> None:
        self._queue: queue.Queue[str] = queue.Queue()
        self._wakeups = FileWakeups(repository, branch, files)
        self._wakeups.start(self._queue.put)

    def next(self) -> str:
        return self._queue.get(timeout=_PATIENCE)

    def stop(self) -> list[str]:
        """Stop, and what was woken besides."""
        self._wakeups.stop()
        rest = []
        while not self._queue.empty():
            rest.append(self._queue.get())
        return rest


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


@pytest.fixture(autouse=True)
def events_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow look would hide that an event is missing."""
    monkeypatch.setattr(wakeups, "LOOK", 3_600.0)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "etc" / "config.yaml"
    file.parent.mkdir()
    file.write_text("site: north/one")
    return file


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("as_url", [True, False])
def test_each_commit_of_the_branch_wakes_the_source(
    tmp_path: Path, bare: bool, as_url: bool
) -> None:
    folder = make_repository(tmp_path / "a fleet", bare=bare)
    woken = Woken(folder.as_uri() if as_url else str(folder), "main")
    for _ in range(3):
        move(folder)
        assert woken.next() == "source"
    assert woken.stop() == []


def test_a_push_wakes_the_source(tmp_path: Path) -> None:
    remote = make_repository(tmp_path / "fleet.git")
    git(tmp_path, "clone", "--quiet", str(remote), "clone")
    woken = Woken(remote.as_uri(), "main")
    git(tmp_path / "clone", "commit", "--quiet", "--allow-empty", "-m", "one more")
    git(tmp_path / "clone", "push", "--quiet")
    assert woken.next() == "source"
    woken.stop()


def test_a_commit_in_a_linked_work_tree_wakes_the_source(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "fleet", bare=False)
    git(folder, "worktree", "add", "--quiet", "-b", "other", "../linked")
    woken = Woken(str(tmp_path / "linked"), "main")
    move(folder)
    assert woken.next() == "source"
    woken.stop()


def test_the_packed_branch_and_its_next_commit_wake_the_source(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "fleet.git")
    woken = Woken(folder.as_uri(), "main")
    git(folder, "pack-refs", "--all")
    assert not (folder / "refs/heads/main").exists()
    assert woken.next() == "source"
    move(folder)
    assert woken.next() == "source"
    woken.stop()


def test_a_branch_with_a_slash_that_comes_later_wakes_the_source(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "fleet.git")
    woken = Woken(folder.as_uri(), "release/north")
    assert not (folder / "refs/heads/release").exists()
    for _ in range(2):
        move(folder, "release/north")
        assert woken.next() == "source"
    woken.stop()


@pytest.mark.parametrize("named", ["srv/git/fleet", "srv/git/fleet.git"])
def test_a_repository_that_is_not_there_yet_wakes_the_source(tmp_path: Path, named: str) -> None:
    """Named as git lets one name it: without the ``.git`` at its end, too."""
    woken = Woken((tmp_path / named).as_uri(), "main")
    folder = make_repository(tmp_path / "srv" / "git" / "fleet.git")
    for _ in range(10):  # making it is a few changes, but not so many
        assert woken.next() == "source"
        move(folder)
    woken.stop()


def test_a_repository_made_anew_in_its_place_wakes_the_source(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "fleet.git")
    woken = Woken(folder.as_uri(), "main")
    shutil.rmtree(folder)
    assert woken.next() == "source"
    make_repository(folder)
    for _ in range(10):
        assert woken.next() == "source"
        move(folder)
    woken.stop()


def test_a_reftable_s_list_wakes_the_source(tmp_path: Path) -> None:
    """Written by hand, as the oldest git that will do has none."""
    folder = make_repository(tmp_path / "fleet.git")
    (folder / "reftable").mkdir()
    woken = Woken(folder.as_uri(), "main")
    (folder / "reftable" / "tables.list.lock").write_text("0x1-0x2-a.ref\n")
    (folder / "reftable" / "tables.list.lock").rename(folder / "reftable" / "tables.list")
    assert woken.next() == "source"
    assert woken.stop() == []


def test_other_refs_and_fetches_wake_nobody(tmp_path: Path, config: Path) -> None:
    folder = make_repository(tmp_path / "fleet.git")
    commit = git(folder, "rev-parse", "main")
    woken = Woken(folder.as_uri(), "main", config)
    for number in range(5):
        git(folder, "update-ref", f"refs/notes/fleet/north/site-{number}", commit)
        move(folder, f"topic-{number}")
    git(tmp_path, "clone", "--quiet", folder.as_uri(), "clone")
    config.write_text("site: north/two")
    assert woken.next() == "configuration"
    assert "source" not in woken.stop()


@pytest.mark.parametrize("remote", ["https://git.invalid/fleet", "git@git.invalid:fleet.git", ""])
def test_a_remote_is_not_watched_and_files_still_are(config: Path, remote: str) -> None:
    woken = Woken(remote, "main", config)
    config.write_text("site: north/two")
    assert woken.next() == "configuration"
    assert "source" not in woken.stop()


def test_reading_files_wakes_nobody(tmp_path: Path, config: Path) -> None:
    folder = make_repository(tmp_path / "fleet.git")
    woken = Woken(folder.as_uri(), "main", config)
    for _ in range(500):
        config.read_text()
        (folder / "refs/heads/main").read_text()
    move(folder)
    assert woken.next() == "source"
    assert woken.stop() == []


def test_a_file_replaced_as_editors_do_wakes_the_configuration(config: Path) -> None:
    woken = Woken("", "main", config)
    for number in range(3):
        new = config.with_name("config.yaml~")
        new.write_text(f"site: north/{number}")
        new.rename(config)
        assert woken.next() == "configuration"
    assert woken.stop() == []


def test_a_volume_s_swapped_link_wakes_the_configuration(tmp_path: Path) -> None:
    """As the kubelet does for ConfigMaps and Secrets: file -> ..data -> a folder for each state."""

    def swap(number: int) -> None:
        (volume / f"..{number}").mkdir()
        (volume / f"..{number}" / "config.yaml").write_text("same: length and content")
        (volume / "..data_tmp").symlink_to(f"..{number}")
        (volume / "..data_tmp").rename(volume / "..data")

    volume = tmp_path / "volume"
    volume.mkdir()
    swap(1)
    (volume / "config.yaml").symlink_to("..data/config.yaml")
    woken = Woken("", "main", volume / "config.yaml")
    for number in (2, 3, 4):
        swap(number)
        assert woken.next() == "configuration"
    assert woken.stop() == []


def test_a_link_s_target_replaced_wakes_the_configuration(tmp_path: Path, config: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "config.yaml").symlink_to(config)
    woken = Woken("", "main", tmp_path / "here" / "config.yaml")
    for number in range(3):
        config.with_name("new").write_text(f"site: north/{number}")
        config.with_name("new").rename(config)
        assert woken.next() == "configuration"
    assert woken.stop() == []


def test_a_file_that_comes_goes_and_comes_again_wakes_each_time(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "er" / "token"
    woken = Woken("", "main", file)
    file.parent.mkdir(parents=True)
    file.write_text("secret")
    assert woken.next() == "configuration"
    file.unlink()
    assert woken.next() == "configuration"
    file.parent.rmdir()
    file.parent.mkdir()
    file.write_text("secret again")
    assert woken.next() == "configuration"
    woken.stop()


def test_a_credential_that_may_be_read_now_wakes(config: Path) -> None:
    config.chmod(0o000)
    woken = Woken("", "main", config)
    config.chmod(0o400)
    assert woken.next() == "configuration"
    assert woken.stop() == []


def test_a_burst_of_writes_is_a_wake_up_or_a_few(config: Path) -> None:
    woken = Woken("", "main", config)
    for number in range(2_000):
        config.write_text(f"number: {number}")
    config.write_text("the last")
    assert woken.next() == "configuration"
    assert len(woken.stop()) < 50


def test_what_no_event_tells_of_is_seen_by_the_slow_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a folder above the file that is a link, and is pointed elsewhere."""
    monkeypatch.setattr(wakeups, "LOOK", 0.05)
    for name in ("v1", "v2"):
        (tmp_path / "releases" / name).mkdir(parents=True)
        (tmp_path / "releases" / name / "config.yaml").write_text(name)
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "current").symlink_to(tmp_path / "releases" / "v1")
    woken = Woken("", "main", tmp_path / "links" / "current" / "config.yaml")
    (tmp_path / "links" / "next").symlink_to(tmp_path / "releases" / "v2")
    (tmp_path / "links" / "next").rename(tmp_path / "links" / "current")
    assert woken.next() == "configuration"
    assert woken.stop() == []


def test_a_loop_of_links_stops_nothing(tmp_path: Path, config: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    woken = Woken("", "main", tmp_path / "a", config)
    config.write_text("site: north/two")
    assert woken.next() == "configuration"
    assert "source" not in woken.stop()


def test_all_threads_have_names(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    woken = Woken(make_repository(tmp_path / "fleet.git").as_uri(), "main")
    move(tmp_path / "fleet.git")
    woken.next()
    names = {thread.name for thread in set(threading.enumerate()) - before}
    woken.stop()
    assert len(names) >= 2
    assert all(name.startswith("files-") for name in names), names


def test_a_stop_before_the_start_is_no_error() -> None:
    before = set(threading.enumerate())
    FileWakeups("", "main", ()).stop()
    assert set(threading.enumerate()) == before


def test_opens_and_reads_are_no_events(tmp_path: Path) -> None:
    """The kernel is not asked for them: our own looks would be answered by more events."""
    (tmp_path / "file").write_text("x")
    events: queue.Queue[None] = queue.Queue()
    watches = Watches(lambda: events.put(None))
    assert watches.set(frozenset({tmp_path}))
    for _ in range(500):
        (tmp_path / "file").read_text()
    for name in ("first", "second"):
        os.close(os.open(tmp_path / name, os.O_CREAT))
        events.get(timeout=_PATIENCE)
    assert events.qsize() == 0
    watches.stop()


def test_a_folder_made_anew_between_two_looks_is_watched_anew(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    events: queue.Queue[None] = queue.Queue()
    watches = Watches(lambda: events.put(None))
    assert watches.set(frozenset({folder}))
    assert not watches.set(frozenset({folder}))
    folder.rename(tmp_path / "old")  # so that the new one has another inode
    folder.mkdir()
    assert watches.set(frozenset({folder}))
    (folder / "file").touch()
    events.get(timeout=_PATIENCE)
    watches.stop()


def test_a_folder_that_goes_before_its_watch_is_there_is_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    looked_at = watching._identity

    def gone(path: Path) -> tuple[int, int] | None:
        found = looked_at(path)
        folder.rmdir()
        return found

    watches = Watches(lambda: None)
    monkeypatch.setattr(watching, "_identity", gone)
    assert watches.set(frozenset({folder}))
    monkeypatch.undo()
    assert not folder.exists()
    assert not watches.set(frozenset({folder}))
    watches.stop()


def test_where_the_system_has_no_watch_left_it_is_tried_again(tmp_path: Path) -> None:
    watches = Watches(lambda: None)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            os.open(tmp_path, os.O_RDONLY)
        assert not watches.set(frozenset({tmp_path}))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert watches.set(frozenset({tmp_path}))
    watches.stop()


def test_the_folder_for_overrides_wakes_for_files_that_come_change_and_go(tmp_path: Path) -> None:
    woken: queue.Queue[str] = queue.Queue()
    folder = tmp_path / "overrides"
    looking = FileWakeups("https://example.invalid/fleet.git", "main", (), folder)
    looking.start(woken.put)
    try:
        folder.mkdir()
        assert woken.get(timeout=_PATIENCE) == wakeups.OVERRIDES
        for change in (
            lambda: (folder / "a.yaml").write_text("1"),
            lambda: (folder / "a.yaml").write_text("22"),
            lambda: (folder / "a.yaml").rename(folder / "b.yaml"),
            (folder / "b.yaml").unlink,
        ):
            while not woken.empty():
                woken.get_nowait()
            change()
            assert woken.get(timeout=_PATIENCE) == wakeups.OVERRIDES
    finally:
        looking.stop()
