"""What the state on disk does beyond its contract: the folder, its lock, growth, full disks."""

from __future__ import annotations

import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.adapters.state import open_reading, open_state
from reconciler.model.errors import StateLocked, StateUnavailable, UsageError
from tests.adapters.state.build import query, read_only
from tests.contracts.state_contract import REF, note, record


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """The system lets no file grow past ``size`` bytes in the block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_folder_and_its_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state"
    state = open_state(folder)
    state.save(put=[record()])
    assert mode(folder) == 0o700
    assert {file.name: mode(file) for file in folder.iterdir()} == dict.fromkeys(
        ("lock", "state.db", "state.db-wal", "state.db-shm"), 0o600
    )
    state.close()


def test_a_folder_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    open_state(folder).close()
    assert mode(folder) == 0o700


def test_a_commit_is_on_disk_when_the_call_returns(tmp_path: Path) -> None:
    state = open_state(tmp_path / "state")
    pragmas = {
        name: state._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous")
    }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2}  # 2 is FULL
    state.close()


def test_a_second_process_is_told_who_has_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    program = (
        "import sys; from pathlib import Path; from reconciler.adapters.state import open_state\n"
        "state = open_state(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == b"open\n"
        with pytest.raises(StateLocked) as refused:
            open_state(folder)
        owner.communicate(b"")
    assert f"process {owner.pid} " in str(refused.value)
    assert str(folder) in str(refused.value)
    open_state(folder).close()


def test_a_closed_state_lets_go_of_the_folder(tmp_path: Path) -> None:
    open_state(tmp_path / "state").close()
    open_state(tmp_path / "state").close()


def test_a_state_that_did_not_open_lets_go_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()
    with pytest.raises(UsageError, match="regular"):
        open_state(tmp_path)
    (tmp_path / "state.db").rmdir()
    open_state(tmp_path).close()


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    folder, other = tmp_path / "state", tmp_path / "other"
    folder.mkdir()
    other.write_text("of somebody else")
    (folder / "lock").symlink_to(other)
    with pytest.raises(UsageError, match="cannot be locked"):
        open_state(folder)
    assert other.read_text() == "of somebody else"


@pytest.mark.parametrize("below", ["", "state"])
def test_a_file_in_the_folder_s_place_is_the_user_s_to_mend(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="--state"):
        open_state(tmp_path / "file" / below)


def test_a_folder_that_cannot_be_written_is_the_user_s_to_mend() -> None:
    with read_only() as folder, pytest.raises(UsageError, match="Permission denied"):
        open_state(folder / "state")


def test_the_newest_thousand_commits_are_kept(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    for number in range(1_003):
        state.mark_commit(f"c{number}", float(number), "seen")
    state.close()
    commits = query(tmp_path, 'SELECT "commit" FROM commits ORDER BY seen')
    assert commits == [(f"c{number}",) for number in range(3, 1_003)]


def test_a_commit_s_marks_stand_side_by_side_with_the_newest_reason(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    state.mark_commit("c1", 1.0, "seen")
    state.mark_commit("c1", 2.0, "refused", "SettingsInvalid")
    state.mark_commit("c1", 3.0, "refused", "RenderFailed")
    state.mark_commit("c2", 4.0, "refused", "RenderFailed")
    state.mark_commit("c2", 5.0, "synced")
    state.close()
    found = query(tmp_path, 'SELECT "commit", seen, synced, refused, reason FROM commits')
    assert found == [("c1", 1.0, None, 3.0, "RenderFailed"), ("c2", None, 5.0, 4.0, "")]


def test_replaced_and_dropped_rows_do_not_make_the_files_grow(tmp_path: Path) -> None:
    state = open_state(tmp_path)

    def fill(first: int, last: int) -> int:
        for number in range(first, last):
            body = (b"%d" % number) * 20_000
            state.save(put=[record("replaced", body=body), record(f"o-{number}", body=body)])
            state.save(drop=[record(f"o-{number}").ref])
            state.queue_note(note(str(number) * 10_000))
        return sum(file.stat().st_size for file in tmp_path.iterdir())

    assert fill(100, 150) * 1.5 > fill(150, 400)
    state.close()


def test_the_log_shrinks_again_after_a_large_save(tmp_path: Path) -> None:
    state, log = open_state(tmp_path), tmp_path / "state.db-wal"
    state.save(put=[record(f"o-{number}", body=b"x" * 1_400_000) for number in range(10)])
    assert log.stat().st_size > 14_000_000
    state.save(meta={"a": "1"})  # begins the log anew, as all of it was copied to the database
    assert log.stat().st_size < 5_000_000
    state.close()


def test_a_full_disk_is_waited_for_and_loses_nothing(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    state.save(put=[record()], meta={"a": "before"})
    large = record("large", body=b"x" * 2_000_000)
    with files_end_at(100_000), pytest.raises(StateUnavailable, match=r"state\.db"):
        state.save(put=[large], drop=[REF], meta={"a": "after"})
    assert (set(state.records()), state.meta("a")) == ({REF}, "before")
    state.save(put=[large], meta={"a": "after"})
    assert (set(state.records()), state.meta("a")) == ({REF, large.ref}, "after")
    state.close()


def test_a_disk_that_is_full_from_the_start_leaves_no_half_database(tmp_path: Path) -> None:
    with files_end_at(6_000), pytest.raises(StateUnavailable):
        open_state(tmp_path)
    assert not (tmp_path / "state.db").exists()
    state = open_state(tmp_path)
    assert not state.records()
    state.close()
    assert {file.name for file in tmp_path.iterdir()} == {"lock", "state.db"}


def test_another_s_log_is_not_read_into_a_new_database(tmp_path: Path) -> None:
    """As where somebody removed state.db alone."""
    state = open_state(tmp_path)
    state.save(put=[record()])
    log = (tmp_path / "state.db-wal").read_bytes()
    state.close()
    assert len(log) > 4_096
    (tmp_path / "state.db").unlink()
    (tmp_path / "state.db-wal").write_bytes(log)
    state = open_state(tmp_path)
    assert not state.records()
    state.close()


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    for _ in range(3):
        state = open_state(tmp_path)
        with pytest.raises(StateLocked):
            open_state(tmp_path)
        open_reading(tmp_path).close()
        state.close()
    assert len(list(descriptors.iterdir())) == before
