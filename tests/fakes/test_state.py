"""The fake state keeps the contract of the real one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.ports import State
from tests.contracts.state_contract import StateContract
from tests.fakes.state import MemoryState


class TestMemoryState(StateContract):
    @pytest.fixture
    def reopen(self) -> Callable[[], State]:
        state = MemoryState()
        return lambda: state
