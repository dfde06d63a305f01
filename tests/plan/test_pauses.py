"""A pause always ends: by its time, or by running time where the clock cannot be believed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.pauses import Asked, Asker, Held, Pause
from reconciler.model.refs import ObjectRef
from reconciler.plan import pauses

DAY = 86_400.0
YEAR_9999 = 253_402_300_799.0
NOW = 1_800_000_000.0


def asked(until: float, *, reason: str = "a visitor", about: str = "") -> pauses.Rows:
    return pauses.ask((), Asker.SITE, [Pause(reason=reason, until=until, object=about)], NOW)


def run(rows: pauses.Rows, seconds: float, now: float, limit: float = DAY) -> pauses.Rows:
    return pauses.step(rows, seconds, now, limit)


def on(rows: pauses.Rows, limit: float = DAY) -> bool:
    return bool(pauses.held(rows, limit, suspended=False))


def test_a_pause_ends_at_its_time() -> None:
    rows = run(asked(NOW + 100), 99, NOW + 99)
    assert on(rows)
    assert not on(run(rows, 1, NOW + 100))


@pytest.mark.parametrize("until", [YEAR_9999, NOW + DAY + 1])
def test_a_pause_lasts_no_longer_than_the_limit(until: float) -> None:
    rows = run(asked(until), DAY - 1, NOW)
    assert on(rows)
    assert not on(run(rows, 1, NOW))


def test_a_pause_that_was_over_when_it_was_asked_for_never_begins() -> None:
    assert not on(asked(NOW - 1))


def test_a_clock_that_is_wound_back_prolongs_nothing() -> None:
    rows = run(asked(NOW + 7200), 3600, NOW - 10 * DAY)
    assert on(rows)
    assert not on(run(rows, 3600, NOW - 20 * DAY))


def test_a_pause_that_is_over_stays_over_when_the_clock_goes_back() -> None:
    rows = run(asked(NOW + 100), 1, NOW + 200)
    assert not on(rows)
    assert not on(run(rows, 0, NOW))


def test_a_clock_that_is_put_right_makes_less_of_a_pause() -> None:
    rows = run(asked(NOW + DAY), 1, NOW + DAY - 60)
    assert on(rows)
    assert not on(run(rows, 60, NOW))


def test_the_limit_of_a_newer_commit_counts_for_what_is_on() -> None:
    rows = run(asked(NOW + DAY), 3600, NOW + 3600)
    assert on(rows, limit=3601)
    assert not on(rows, limit=3600)


def test_what_is_asked_for_again_goes_on_where_it_was() -> None:
    rows = run(asked(YEAR_9999), DAY - 1, NOW)
    gone = pauses.ask(rows, Asker.SITE, [], NOW)
    assert not on(gone)
    again = pauses.ask(gone, Asker.SITE, [rows[0].pause], NOW + 9 * DAY)
    assert on(again)
    assert not on(run(again, 1, NOW))


def test_what_one_asks_for_does_not_end_what_the_other_asked_for() -> None:
    rows = pauses.ask(asked(NOW + 10), Asker.COMMIT, [], NOW)
    assert on(rows)


def test_of_many_pauses_those_that_nobody_asks_for_any_more_are_forgotten_first() -> None:
    rows = asked(NOW + DAY, reason="the first")
    for number in range(1000):
        pause = Pause(reason=f"pause {number}", until=NOW + DAY)
        rows = pauses.ask(rows, Asker.COMMIT, [pause], NOW)
    assert len(rows) == 200
    assert {row.pause.reason for row in rows if row.asked} == {"the first", "pause 999"}


def test_what_is_held_tells_reason_and_end_and_the_whole_site_first() -> None:
    one = Pause(reason="tuning", until=NOW + 60, object="ConfigMap/app/a")
    rows = pauses.ask(asked(YEAR_9999), Asker.COMMIT, [one], NOW)
    assert pauses.held(rows, DAY, suspended=False) == (
        Held(by="site", reason="a visitor", until=NOW + DAY),
        Held(by="commit", reason="tuning", until=NOW + 60, object="ConfigMap/app/a"),
    )


def test_a_pause_of_an_object_covers_no_other() -> None:
    held = Held(by="site", reason="r", until=NOW, object="ConfigMap/app/a")
    assert held.covers(ObjectRef("", "ConfigMap", "app", "a"))
    assert not held.covers(ObjectRef("", "ConfigMap", "app", "b"))


def test_a_suspended_site_has_no_end() -> None:
    (held,) = pauses.held((), DAY, suspended=True)
    assert held.until is None and "suspended" in held.reason


@given(
    until=st.floats(min_value=-1e12, max_value=1e12),
    limit=st.floats(min_value=0, max_value=31 * DAY),
    clocks=st.lists(st.floats(min_value=-1e12, max_value=1e12), min_size=1, max_size=30),
)
def test_no_clock_keeps_a_pause_on_beyond_the_limit(
    until: float, limit: float, clocks: list[float]
) -> None:
    rows = pauses.ask((), Asker.SITE, [Pause(reason="r", until=until)], clocks[0])
    seen = [on(rows, limit)]
    for now in clocks:
        rows = pauses.step(rows, limit / len(clocks) + 1, now, limit)
        seen.append(on(rows, limit))
    assert not seen[-1]
    assert all(before or not after for before, after in pairwise(seen))


GOOD = {"reason": "why", "until": "2027-01-31T18:00:00Z"}


def test_the_site_object_asks_by_a_list_or_by_one() -> None:
    pause = Pause(reason="why", until=1_801_418_400.0)
    about = Pause(reason="why", until=1_801_418_400.0, object="ConfigMap/app/a")
    both = [GOOD, {**GOOD, "object": "ConfigMap/app/a"}]
    assert pauses.read(both) == ((pause, about), "")
    assert pauses.read(GOOD) == ((pause,), "")
    assert pauses.read(None) == pauses.read([]) == ((), "")


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        (7, "reason, until and object"),
        ({**GOOD, "more": 1}, "reason, until and object"),
        ({"until": GOOD["until"]}, "needs a reason"),
        ({**GOOD, "reason": " "}, "needs a reason"),
        ({**GOOD, "reason": "x" * 1001}, "needs a reason"),
        ({"reason": "why"}, "until: expected a time"),
        ({**GOOD, "until": "tomorrow"}, "until: expected a time"),
        ({**GOOD, "until": "2027-01-31T18:00:00"}, "until: expected a time"),
        ({**GOOD, "until": "99999-01-31T18:00:00Z"}, "until: expected a time"),
        ({**GOOD, "object": "no object"}, "is not an object"),
        ({**GOOD, "object": 1}, "object: expected"),
    ],
)
def test_what_is_no_pause_is_said_and_does_not_hinder_the_others(value: Any, wrong: str) -> None:
    found, why = pauses.read([value, GOOD])
    assert [pause.reason for pause in found] == ["why"]
    assert wrong in why


def test_pauses_are_counted() -> None:
    found, why = pauses.read([{**GOOD, "reason": str(number)} for number in range(21)])
    assert len(found) == 20 and "more than 20" in why


def test_rows_are_plain_values() -> None:
    (row,) = asked(NOW + 5)
    assert row == Asked(
        asker=Asker.SITE, pause=Pause(reason="a visitor", until=NOW + 5), began=NOW, most=5.0
    )
