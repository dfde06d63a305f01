"""One queue: the newest message a key, in order, some of them later."""

from reconciler.engine.inbox import Inbox
from tests.clock import StoppedClock


def test_messages_come_out_in_the_order_in_which_their_keys_came_in() -> None:
    inbox = Inbox[str](StoppedClock())
    for key, message in (("a", "old"), ("b", "b"), ("a", "new")):
        inbox.put(key, message)
    assert inbox.take(10, 0) == ["new", "b"]


def test_no_more_is_taken_than_was_asked_for() -> None:
    inbox = Inbox[str](StoppedClock())
    for key in "abc":
        inbox.put(key, key)
    assert [inbox.take(2, 0), inbox.take(2, 0), inbox.take(2, 0)] == [["a", "b"], ["c"], []]


def test_an_appointment_is_kept_at_its_time_and_not_before() -> None:
    clock = StoppedClock()
    inbox = Inbox[str](clock)
    inbox.put_later("a", "late", 10)
    assert inbox.take(10, 0) == []
    clock.advance(10)
    assert inbox.take(10, 0) == ["late"]
    assert inbox.take(10, 0) == []


def test_of_two_appointments_under_one_key_the_last_one_counts() -> None:
    clock = StoppedClock()
    inbox = Inbox[str](clock)
    inbox.put_later("a", "first", 1)
    inbox.put_later("a", "second", 5)
    clock.advance(2)
    assert inbox.take(10, 0) == []
    clock.advance(3)
    assert inbox.take(10, 0) == ["second"]


def test_a_cancelled_appointment_never_comes() -> None:
    clock = StoppedClock()
    inbox = Inbox[str](clock)
    inbox.put_later("a", "late", 1)
    inbox.cancel("a")
    clock.advance(2)
    assert inbox.take(10, 0) == []


def test_what_is_due_already_is_not_replaced_by_an_older_appointment() -> None:
    clock = StoppedClock()
    inbox = Inbox[str](clock)
    inbox.put_later("a", "appointed", 1)
    inbox.put("a", "fresh")
    clock.advance(2)
    assert inbox.take(10, 0) == ["fresh"]
