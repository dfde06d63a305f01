"""Notes go at once, or when their interval is over; bad news does not wait."""

from __future__ import annotations

import threading

from reconciler import ports
from reconciler.engine.postman import Postman
from reconciler.model.errors import SourceUnavailable
from tests.clock import StoppedClock
from tests.engine.fakes import Mailbox, Watcher
from tests.fakes.state import MemoryState


def note(text: str) -> ports.QueuedNote:
    return ports.QueuedNote(commit="a" * 40, text=text, subject="s", time=1.0)


class World:
    def __init__(self) -> None:
        self.clock, self.state = StoppedClock(), MemoryState()
        self.mailbox, self.watcher, self.stop = Mailbox(), Watcher(), threading.Event()
        self.postman = Postman(
            notes=self.mailbox,
            state=self.state,
            clock=self.clock,
            observer=self.watcher,
            interval=300,
            stop=self.stop,
        )

    def texts(self) -> list[str]:
        return [sent.text for sent in self.mailbox.notes]


def test_nothing_is_due_where_nothing_is_queued() -> None:
    assert World().postman.due() is None


def test_the_first_note_goes_at_once_and_the_next_waits_for_its_interval() -> None:
    world = World()
    world.state.queue_note(note("first"))
    assert world.postman.due() == 0
    assert world.postman.send()
    world.state.queue_note(note("second"))
    assert world.postman.due() == 300
    world.clock.advance(300)
    assert world.postman.due() == 0


def test_bad_news_does_not_wait() -> None:
    world = World()
    world.state.queue_note(note("first"))
    world.postman.send()
    world.state.queue_note(note("worse"))
    world.postman.wake(urgent=True)
    assert world.postman.due() == 0


def test_a_note_that_was_not_pushed_stays_queued() -> None:
    world = World()
    world.state.queue_note(note("first"))
    world.mailbox.broken = SourceUnavailable("no link")
    assert not world.postman.send()
    assert world.watcher.named("note.failed")[0]["error"] == "no link"
    world.mailbox.broken = None
    assert world.postman.send()
    assert world.texts() == ["first"] and world.state.queued_note() is None


def test_a_clock_that_went_back_holds_nothing_up() -> None:
    world = World()
    world.state.queue_note(note("first"))
    world.postman.send()
    world.state.queue_note(note("second"))
    world.clock.advance(-1_000_000)
    assert world.postman.due() == 0


def test_the_thread_sends_what_is_queued_and_ends() -> None:
    world = World()
    thread = threading.Thread(target=world.postman.run)
    thread.start()
    world.state.queue_note(note("first"))
    world.postman.wake()
    looks = threading.Event()
    for _ in range(500):
        if world.texts():
            break
        looks.wait(0.01)
    world.stop.set()
    world.postman.wake()
    thread.join(10)
    assert world.texts() == ["first"] and not thread.is_alive()
