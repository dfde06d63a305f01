"""Databases that power cuts, bad disks and people left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.adapters.state import open_reading, open_state, set_aside
from reconciler.model.errors import StateDamaged, StateLocked, UsageError
from tests.adapters.state.build import EARLIER, run, write_database
from tests.contracts.state_contract import record


def spoiled(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        file = folder / "state.db"
        before = file.read_bytes()
        file.write_bytes(change(before))
        assert file.read_bytes() != before

    return spoil


def by_sql(script: str) -> Callable[[Path], None]:
    return lambda folder: run(folder, script)


def flip(data: bytes) -> bytes:
    """One byte of the object's body, as it stands in its page."""
    assert data.count(b'{"a":1}') == 1
    return data.replace(b'{"a":1}', b'{"a":2}')


DAMAGE = {
    "emptied": spoiled(lambda data: b""),
    "zeros": spoiled(lambda data: bytes(len(data))),
    "another file": spoiled(lambda data: b"site: north/one\n" * 1_000),
    "a header alone": spoiled(lambda data: data[:100]),
    "cut": spoiled(lambda data: data[: len(data) // 2]),
    "a page of zeros": spoiled(lambda data: data[:8_192] + bytes(4_096) + data[12_288:]),
    "every page but the first": spoiled(lambda data: data[:4_096] + b"\xa5" * (len(data) - 4_096)),
    "one byte of an object": spoiled(flip),
    "no version": by_sql("PRAGMA user_version = 0"),
    "no table of objects": by_sql("DROP TABLE objects"),
    "no table of commits": by_sql("DROP TABLE commits"),
    "a column less": by_sql("ALTER TABLE notes RENAME COLUMN subject TO title"),
    "a ref that is none": by_sql("UPDATE objects SET ref = 'Deployment'"),
    "bytes that are none": by_sql("UPDATE objects SET bytes = 1000000000000"),
    "an origin that is no JSON": by_sql("UPDATE objects SET origin = '{'"),
    "an origin of other JSON": by_sql("UPDATE objects SET origin = '[1]'"),
    "a time that is none": by_sql("UPDATE objects SET applied_at = 'soon'"),
    "a note's time that is none": by_sql("UPDATE notes SET time = 'soon'"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_database_says_so_is_set_aside_and_made_anew(tmp_path: Path, damage: str) -> None:
    file = write_database(tmp_path, EARLIER[max(EARLIER)])
    DAMAGE[damage](tmp_path)
    left = file.read_bytes()
    with pytest.raises(StateDamaged, match=r"damaged"):
        open_state(tmp_path)
    aside = Path(set_aside(tmp_path))
    assert aside.name == "state.db.damaged-1"
    assert aside.read_bytes()[100:] == left[100:]  # the header counts who opened it
    state = open_state(tmp_path)
    assert not state.records()
    state.save(put=[record()])
    state.close()


@pytest.mark.parametrize("damage", ["emptied", "zeros", "no version", "another file"])
def test_a_damaged_database_is_not_read_by_commands_either(tmp_path: Path, damage: str) -> None:
    write_database(tmp_path, EARLIER[max(EARLIER)])
    DAMAGE[damage](tmp_path)
    with pytest.raises(StateDamaged):
        open_reading(tmp_path)


def test_damage_where_nothing_is_read_yet_shows_at_the_start(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    for number in range(400):
        state.mark_commit(f"{number:040}", 1.0, "seen", "x" * 100)
    state.close()
    file = tmp_path / "state.db"
    at = file.read_bytes().index(b"0300") & ~4_095
    spoiled(lambda data: data[:at] + bytes(4_096) + data[at + 4_096 :])(tmp_path)
    with pytest.raises(StateDamaged):
        open_state(tmp_path)


def test_damage_that_comes_while_the_agent_runs_is_told(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    state.save(put=[record(f"o-{number}", body=b"%d" % number * 9_000) for number in range(200)])
    state.close()
    state = open_state(tmp_path)
    with (tmp_path / "state.db").open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(4_096)
        file.write(b"\xa5" * (size - 4_096))
    with pytest.raises(StateDamaged):
        state.records()
    state.close()


def test_the_newest_three_damaged_databases_are_kept(tmp_path: Path) -> None:
    names = []
    for number in range(5):
        (tmp_path / "state.db").write_text(f"no database {number}")
        (tmp_path / "state.db-wal").write_text(f"no log {number}")
        names.append(Path(set_aside(tmp_path)).name)
    kept = sorted(file.name for file in tmp_path.iterdir() if "damaged" in file.name)
    assert names == [f"state.db.damaged-{number}" for number in range(1, 6)]
    assert kept == [
        f"state.db.damaged-{number}{suffix}" for number in (3, 4, 5) for suffix in ("", "-wal")
    ]
    assert (tmp_path / "state.db.damaged-5").read_text() == "no database 4"


def test_an_open_database_is_not_set_aside(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    with pytest.raises(StateLocked):
        set_aside(tmp_path)
    state.save(put=[record()])
    state.close()


def test_nothing_to_set_aside_is_the_caller_s_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        set_aside(tmp_path)
