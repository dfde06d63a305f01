"""The state on disk keeps the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.adapters.state import SqliteState, open_state
from reconciler.ports import State
from tests.contracts.state_contract import StateContract


class TestSqliteState(StateContract):
    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Iterator[Callable[[], State]]:
        opened: list[SqliteState] = []

        def reopen() -> State:
            for state in opened:
                state.close()
            opened.append(open_state(tmp_path / "state"))
            return opened[-1]

        yield reopen
        for state in opened:
            state.close()
