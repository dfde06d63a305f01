"""How long a watch waits before it asks again, by how its attempts ended."""

from __future__ import annotations

import pytest

from reconciler.adapters.kube.watch import FAR, SETTLED, Ending, Pace


def longest(*endings: Ending, lived: float = 0.0) -> float:
    """The pause after the last of these attempts; what is drawn from it is at least 3/4."""
    pace = Pace()
    pauses = [pace.after(ending, lived) for ending in endings]
    return pauses[-1]


@pytest.mark.parametrize("ending", [Ending.CLEAN, Ending.EXPIRED])
def test_an_attempt_that_worked_is_followed_at_once(ending: Ending) -> None:
    assert longest(ending) == 0.0
    assert longest(ending, ending, ending, lived=SETTLED) == 0.0


@pytest.mark.parametrize("ending", [Ending.FAILED, Ending.UNSERVED, Ending.FORBIDDEN])
def test_attempts_that_fail_in_a_row_are_further_and_further_apart(ending: Ending) -> None:
    assert 0.75 <= longest(ending) <= 1.0
    assert 3.0 <= longest(*[ending] * 3) <= 4.0


def test_pauses_have_an_end() -> None:
    assert longest(*[Ending.FAILED] * 40) <= FAR
    assert 3 * FAR < longest(*[Ending.FORBIDDEN] * 40) <= 5 * FAR


def test_an_api_server_that_has_just_started_and_forbids_is_soon_asked_again() -> None:
    """It was not reached for a while, and does not know all roles yet."""
    assert longest(*[Ending.FAILED] * 6, Ending.FORBIDDEN) <= 1.0
