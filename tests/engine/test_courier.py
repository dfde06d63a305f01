"""Fetch, verify, render, judge: what each of them brings to the loop."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field

import pytest

from reconciler.adapters.memory import MemoryCluster
from reconciler.engine.courier import Courier
from reconciler.engine.messages import Candidate, Offline, Online, Rejected, SourceNews
from reconciler.model import errors
from reconciler.model.rendered import UNCONFIRMED, Finding
from reconciler.model.values import Sync
from tests.clock import StoppedClock
from tests.engine.fakes import Commits, Renders, Watcher
from tests.fakes.state import MemoryState
from tests.manifests import SITE

A, B = "a" * 40, "b" * 40
DOWN = errors.SourceUnavailable("no route to host")


@dataclass
class World:
    """A courier and what it leans on; ``start`` makes a new one over the same state."""

    source: Commits = field(default_factory=Commits)
    renderer: Renders = field(default_factory=Renders)
    state: MemoryState = field(default_factory=MemoryState)
    clock: StoppedClock = field(default_factory=StoppedClock)
    watcher: Watcher = field(default_factory=Watcher)

    stop: threading.Event = field(default_factory=threading.Event)

    def start(self, floor: str = "") -> Courier:
        courier = Courier(
            source=self.source,
            renderer=self.renderer,
            cluster=MemoryCluster(self.clock).client(),
            state=self.state,
            clock=self.clock,
            observer=self.watcher,
            site=SITE,
            poll=300,
            stop=self.stop,
        )
        courier.begin(floor)
        return courier


def test_a_new_commit_becomes_a_candidate_once() -> None:
    world = World()
    courier = world.start()
    first, second = courier.round(), courier.round()
    assert isinstance(first, Candidate) and first.snapshot.commit == A
    assert second == Online()
    assert world.renderer.rendered == [A]
    assert {"seen", "accepted"} <= world.state.commits[A].keys()
    assert world.state.meta("accepted") == A


def test_a_remote_that_is_not_reached_is_said_and_nothing_is_rendered() -> None:
    world = World(source=Commits(DOWN))
    assert world.start().round() == Offline(message="no route to host")
    assert world.renderer.rendered == []


def test_a_history_that_was_rewritten_is_blocked_and_the_floor_stays() -> None:
    world = World()
    courier = world.start()
    courier.round()
    world.source.tip = B
    world.source.refused.add(B)
    found = courier.round()
    assert isinstance(found, Rejected)
    assert (found.commit, found.sync, found.reason) == (B, Sync.BLOCKED, "HistoryRefused")
    assert world.state.meta("accepted") == A
    assert "refused" in world.state.commits[B]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.SettingsError("unknown key", path="fleet.yaml", line=3), "SettingsInvalid"),
        (errors.RenderError("no such file", path="k.yaml", line=7), "RenderFailed"),
    ],
)
def test_what_cannot_be_rendered_names_its_file_and_line(
    error: errors.FileError, reason: str
) -> None:
    world = World()
    world.renderer.objects = error
    found = world.start().round()
    assert isinstance(found, Rejected)
    assert (found.sync, found.reason, found.message) == (Sync.FAILED, reason, str(error))


def test_what_the_judge_finds_is_said() -> None:
    world = World()
    world.renderer.findings = tuple(
        Finding(rule="names", message=f"finding {number}") for number in range(7)
    )
    found = world.start().round()
    assert isinstance(found, Rejected)
    assert found.message.startswith("finding 0; finding 1") and found.message.endswith("and 2 more")


def test_what_the_server_could_not_confirm_is_tried_again() -> None:
    world = World()
    courier = world.start()
    world.renderer.findings = (Finding(rule=UNCONFIRMED, policy="p", message="no answer"),)
    found = courier.round()
    assert isinstance(found, Rejected)
    assert (found.sync, found.reason) == (Sync.BLOCKED, "PolicyDenied")
    assert courier.round() == Online()
    world.renderer.findings = ()
    world.clock.advance(61)
    assert isinstance(courier.round(), Candidate)
    assert world.renderer.rendered == [A, A]


def test_a_rejected_commit_is_not_tried_again_and_the_one_that_mends_it_is() -> None:
    world = World()
    courier = world.start()
    world.renderer.objects = errors.RenderError("broken")
    courier.round()
    assert courier.round() == Online()
    world.renderer.objects = ()
    world.source.tip = B
    assert isinstance(courier.round(), Candidate)
    assert world.renderer.rendered == [A, B]


def test_a_machine_that_cannot_render_tries_again() -> None:
    world = World()
    courier = world.start()
    world.renderer.objects = errors.RenderUnavailable("the render process was killed from outside")
    assert courier.round() == Offline(message="the render process was killed from outside")
    world.renderer.objects = ()
    assert isinstance(courier.round(), Candidate)
    assert world.renderer.rendered == [A, A]


def test_without_a_link_the_last_accepted_commit_comes_from_the_mirror() -> None:
    world = World()
    world.source.mirrored.add(A)
    world.source.tip = DOWN
    courier = world.start(floor=A)
    found = courier.round()
    assert isinstance(found, Candidate)
    assert (found.snapshot.commit, found.offline) == (A, "no route to host")
    assert courier.round() == Offline(message="no route to host")


def test_a_commit_whose_files_cannot_be_fetched_is_tried_again() -> None:
    world = World()
    courier = world.start()
    world.renderer.objects = DOWN
    assert courier.round() == Offline(message="no route to host")
    world.renderer.objects = ()
    assert isinstance(courier.round(), Candidate)


def killed_while_rendering(world: World) -> None:
    """One start of the agent that ends in its render, as the state then shows it."""
    courier = world.start()
    before = world.state.meta("rendering")
    count = int(before.split()[1]) if before else 0
    world.renderer.objects = ()
    courier.round()
    world.state.save(meta={"rendering": f"{A} {count + 1}"})


def test_a_commit_that_ends_the_agent_again_and_again_rests_and_another_does_not() -> None:
    world = World()
    for _ in range(3):
        killed_while_rendering(world)
    courier = world.start()
    found = courier.round()
    assert isinstance(found, Rejected)
    assert "ended the agent 3 times" in found.message
    assert courier.round() == Online()
    world.source.tip = B
    assert isinstance(courier.round(), Candidate)
    world.source.tip = A
    world.clock.advance(31)
    assert isinstance(courier.round(), Candidate)


def test_a_stop_ends_the_courier_and_news_are_delivered() -> None:
    world = World()
    stop = threading.Event()
    delivered: list[object] = []
    courier = Courier(
        source=world.source,
        renderer=world.renderer,
        cluster=MemoryCluster(world.clock).client(),
        state=world.state,
        clock=world.clock,
        observer=world.watcher,
        site=SITE,
        poll=300,
        stop=stop,
    )
    courier.begin("")
    arrived = threading.Event()

    def deliver(news: object) -> None:
        delivered.append(news)
        arrived.set()

    thread = threading.Thread(target=courier.run, args=(deliver,))
    thread.start()
    assert arrived.wait(10)
    stop.set()
    courier.wake()
    thread.join(10)
    assert not thread.is_alive() and isinstance(delivered[0], Candidate)


def again(world: World, courier: Courier) -> Candidate | Rejected:
    """What rendering again brings."""
    news: queue.Queue[SourceNews] = queue.Queue()
    thread = threading.Thread(target=courier.run_again, args=(news.put,))
    thread.start()
    courier.render_again()
    found = news.get(timeout=20)
    world.stop.set()
    courier.render_again()
    thread.join(20)
    world.stop.clear()
    assert isinstance(found, Candidate | Rejected)
    return found


def test_what_changed_on_site_is_rendered_once_more_without_a_fetch_and_without_a_link() -> None:
    world = World()
    courier = world.start()
    courier.round()
    world.source.tip = DOWN
    assert isinstance(courier.round(), Offline)
    fetches = world.source.fetches
    found = again(world, courier)
    assert isinstance(found, Candidate) and found.snapshot.commit == A
    assert found.offline == "no route to host"
    assert (world.renderer.rendered, world.source.fetches) == ([A, A], fetches)
    world.source.tip = A
    assert courier.round() == Online()
    assert not again(world, courier).offline


def test_while_the_newest_commit_is_refused_the_last_good_one_is_rendered_once_more() -> None:
    world = World()
    courier = world.start()
    courier.round()
    world.source.tip = B
    world.source.refused.add(B)
    assert isinstance(courier.round(), Rejected)
    found = again(world, courier)
    assert isinstance(found, Rejected) and found.commit == B
    assert found.good is not None and found.good.snapshot.commit == A


def test_a_render_that_has_no_room_is_tried_again() -> None:
    world = World()
    courier = world.start()
    courier.round()
    world.renderer.objects = errors.RenderUnavailable("no memory")
    stop = threading.Thread(target=courier.run_again, args=(lambda _: None,))
    stop.start()
    courier.render_again()
    while not world.watcher.named("render.postponed"):
        threading.Event().wait(0.002)
    world.stop.set()
    stop.join(20)
    assert not stop.is_alive()
