"""Commands read the state beside a running agent, after one, and where nobody may write."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reconciler.adapters.state import open_reading, open_state
from reconciler.model.errors import UsageError
from tests.adapters.state.build import read_only
from tests.contracts.state_contract import REF, note, record


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_command_sees_what_the_running_agent_saved(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    state.save(put=[record()], meta={"accepted": "c1"})
    reading = open_reading(tmp_path)
    assert (dict(reading.records()), reading.meta("accepted")) == ({REF: record()}, "c1")
    state.queue_note(note())
    assert reading.queued_note() == note()
    reading.close()
    state.save(meta={"accepted": "c2"})
    state.close()


def test_a_command_leaves_nothing_behind(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    state.save(put=[record()])
    state.close()
    before = names(tmp_path)
    reading = open_reading(tmp_path)
    assert set(reading.records()) == {REF}
    reading.close()
    assert names(tmp_path) == before


def test_a_command_makes_no_state_where_there_is_none(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "not-there"):
        with pytest.raises(UsageError, match="no state to read"):
            open_reading(folder)
    assert names(tmp_path) == set()


def test_a_closed_state_is_read_where_nobody_may_write(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    state.save(put=[record()])
    state.close()
    with read_only(tmp_path / "state.db") as folder:
        reading = open_reading(folder)
        assert set(reading.records()) == {REF}
        reading.close()


def test_a_killed_agent_s_log_is_read_where_nobody_may_write(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    state.save(put=[record()])
    files = tmp_path / "state.db", tmp_path / "state.db-wal"
    with read_only(*files) as folder:
        assert (folder / "state.db-wal").stat().st_size > 0
        reading = open_reading(folder)
        assert set(reading.records()) == {REF}
        reading.close()
        with pytest.raises(PermissionError):
            (folder / "new").touch()
    state.close()


def test_a_killed_agent_s_log_is_read(tmp_path: Path) -> None:
    state = open_state(tmp_path / "running")
    state.save(put=[record()])
    killed = tmp_path / "killed"
    shutil.copytree(tmp_path / "running", killed)
    reading = open_reading(killed)
    assert set(reading.records()) == {REF}
    reading.close()
    state.close()
