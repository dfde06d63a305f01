"""Every earlier database opens with all that it holds; a newer one is left as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters.state import open_reading, open_state
from reconciler.adapters.state.migrations import VERSION
from reconciler.model.errors import UsageError
from tests.adapters.state.build import EARLIER, query, write_database
from tests.contracts.state_contract import REF, note, record


def columns(folder: Path) -> dict[object, list[tuple[object, ...]]]:
    tables = [name for (name,) in query(folder, "SELECT name FROM sqlite_master WHERE sql > ''")]
    return {name: query(folder, f"PRAGMA table_info({name})") for name in tables}


def test_there_is_a_database_of_every_version() -> None:
    assert set(EARLIER) == set(range(1, VERSION + 1))


@pytest.mark.parametrize("version", EARLIER)
def test_a_database_of_any_version_keeps_all_that_it_holds(tmp_path: Path, version: int) -> None:
    write_database(tmp_path, EARLIER[version])
    assert query(tmp_path, "PRAGMA user_version") == [(version,)]
    state = open_state(tmp_path)
    assert state.records() == {REF: record()}
    assert state.meta("accepted") == "c1"
    assert state.queued_note() == note()
    state.mark_commit("c1", 3.5, "synced")
    state.close()
    marks = query(tmp_path, 'SELECT "commit", seen, synced, refused, reason FROM commits')
    assert marks == [("c1", 1.5, 3.5, 2.5, "")]
    assert query(tmp_path, "PRAGMA user_version") == [(VERSION,)]


@pytest.mark.parametrize("version", EARLIER)
def test_a_migrated_database_has_the_tables_of_a_new_one(tmp_path: Path, version: int) -> None:
    write_database(tmp_path / "old", EARLIER[version])
    for name in ("old", "new"):
        open_state(tmp_path / name).close()
    assert columns(tmp_path / "old") == columns(tmp_path / "new")


def test_a_database_of_a_newer_agent_is_refused_with_both_versions(tmp_path: Path) -> None:
    file = write_database(tmp_path, EARLIER[VERSION] + "PRAGMA user_version = 907;")
    before = file.read_bytes()
    for opener in (open_state, open_reading):
        with pytest.raises(UsageError, match=rf"version 907\b.* {VERSION}\b"):
            opener(tmp_path)
    assert file.read_bytes() == before
