"""Back-off for attempts, allowances for objects."""

from reconciler.engine import pacing
from tests.clock import StoppedClock

SCHEDULE = pacing.Schedule(free=2, first=1, longest=8)


def test_a_schedule_is_free_then_doubles_up_to_its_longest() -> None:
    delays = [SCHEDULE.delay(attempts) for attempts in range(8)]
    assert delays == [0, 0, 1, 2, 4, 8, 8, 8]


def test_a_back_off_begins_anew_after_a_success() -> None:
    back_off = pacing.BackOff(SCHEDULE, StoppedClock())
    before = [back_off.next() for _ in range(4)]
    back_off.reset()
    assert (before, back_off.next()) == ([0, 0, 1, 2], 0)


def test_an_allowance_lets_the_first_actions_pass_and_then_spaces_them() -> None:
    clock = StoppedClock()
    allowance = pacing.Allowance(SCHEDULE, clock)
    assert [allowance.wait("a") for _ in range(3)] == [0, 0, 1]
    clock.advance(1)
    assert [allowance.wait("a"), allowance.wait("a")] == [0, 2]


def test_keys_do_not_spend_each_others_allowance() -> None:
    allowance = pacing.Allowance(SCHEDULE, StoppedClock())
    assert [allowance.wait(key) for key in ("a", "a", "b", "b")] == [0, 0, 0, 0]


def test_quiet_time_gives_the_allowance_back() -> None:
    clock = StoppedClock()
    allowance = pacing.Allowance(SCHEDULE, clock)
    for _ in range(2):
        allowance.wait("a")
    clock.advance(16)
    assert [allowance.wait("a") for _ in range(3)] == [0, 0, 1]
