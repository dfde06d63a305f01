"""An engine that is killed at each of its effects in turn, and what the next one makes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from reconciler import ports
from reconciler.model import errors
from reconciler.model.refs import ObjectRef
from tests import manifests
from tests.engine.mortal import Life, MortalWorld
from tests.engine.world import CONFIG_MAP, eventually, ref
from tests.manifests import config_map

AT_ONCE = 8  # worlds, as each of them mostly waits
Seen = dict[ObjectRef, list[str]]


def at_each_death(
    prepare: Callable[[MortalWorld], None], check: Callable[[MortalWorld, Seen], None]
) -> None:
    """For each effect of a pass: a world prepared anew, in which the engine dies at that one.

    ``check`` gets it with the versions of each ConfigMap since, and ``gone`` for an end.
    """

    def die(effects: int) -> None:
        world = MortalWorld()
        prepare(world)
        with followed(world) as seen:
            assert world.killed(effects), f"it lived through its effect {effects}"
            check(world, seen)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(die, range(effects_of(prepare))):
            pass


def effects_of(prepare: Callable[[MortalWorld], None]) -> int:
    """How many effects a pass has that nobody disturbs."""
    world = MortalWorld()
    prepare(world)
    world.life = Life()
    assert world.once() == (True, True)
    assert world.life.spent > 5
    return world.life.spent


@contextmanager
def followed(world: MortalWorld) -> Iterator[Seen]:
    seen: Seen = {}
    listed, stop = threading.Event(), threading.Event()

    def sink(event: ports.WatchEvent) -> None:
        if isinstance(event, ports.KindListed):
            listed.set()
        elif isinstance(event, ports.ObjectSeen) and listed.is_set():
            seen.setdefault(event.live.ref, []).append(event.live.resource_version)
        elif isinstance(event, ports.ObjectGone):
            seen.setdefault(event.live.ref, []).append("gone")

    thread = threading.Thread(target=world.admin.watch, args=(CONFIG_MAP, "", sink, stop))
    thread.start()
    try:
        assert listed.wait(20)
        yield seen
    finally:
        stop.set()
        thread.join(20)


def catch_up(world: MortalWorld, seen: Seen) -> None:
    """Wait until what is followed has come to now."""
    mark = manifests.manifest(config_map("mark"))
    world.admin.apply(mark, force=True)
    eventually(lambda: mark.ref in seen, "the mark")


def check_books(world: MortalWorld, *names: str) -> None:
    """Inventory and records list these ConfigMaps as they are now, and no others."""
    there = {ref(name): world.uid(name) for name in names}
    entries = world.inventory().entries
    assert {r: entry.uid for r, entry in entries.items() if r.kind == "ConfigMap"} == there
    records = world.state.records()
    assert {r: record.uid for r, record in records.items() if r.kind == "ConfigMap"} == there


def second_commit(world: MortalWorld) -> None:
    """Applied: a, b, c. To be applied: a changed, b dropped, d added."""
    world.commit(config_map("a"), config_map("b"), config_map("c"))
    assert world.once() == (True, True)
    world.commit(config_map("a", {"key": "new"}), config_map("c"), config_map("d"))


def test_a_killed_pass_is_finished_and_nothing_is_written_twice() -> None:
    """The link is slow after the restart: drift is looked at before any commit is there."""

    def check(world: MortalWorld, seen: Seen) -> None:
        commit = str(world.source.tip)
        world.source.gate.clear()
        world.watcher.events.clear()
        with world.running():
            eventually(lambda: "ConfigMap" in listed(world), "the list")
            world.edit("c", key="theirs")
            eventually(lambda: world.data("c") == {"key": "value"}, "the correction of c")
            world.source.gate.set()
            world.synced(commit)
            eventually(lambda: world.mailbox.notes[-1].commit == commit, "the note")
        catch_up(world, seen)
        assert len(seen[ref("a")]) == len(seen[ref("d")]) == 1
        assert seen[ref("b")] == ["gone"] and len(seen[ref("c")]) == 2
        check_books(world, "a", "c", "d")

    at_each_death(second_commit, check)


def listed(world: MortalWorld) -> set[str]:
    """The kinds whose watches have begun."""
    return {event["kind"] for event in world.watcher.named("watch.listed")}


def test_what_was_made_and_not_noted_is_put_right_as_any_other_object() -> None:
    """Somebody changes an object between the death of the agent that made it and the next one."""

    def check(world: MortalWorld, seen: Seen) -> None:
        if world.data("d") is not None:
            world.edit("d", key="theirs")
        assert world.once() == (True, True)
        assert world.data("d") == {"key": "value"}
        check_books(world, "a", "c", "d")

    at_each_death(second_commit, check)


def test_what_was_made_and_not_noted_is_pruned_as_any_other_object() -> None:
    def check(world: MortalWorld, seen: Seen) -> None:
        world.commit(config_map("a"), config_map("c"))
        assert world.once() == (True, True)
        assert world.data("b") is None and world.data("d") is None
        check_books(world, "a", "c")

    at_each_death(second_commit, check)


def test_what_was_made_and_not_noted_stays_in_the_books_where_its_change_is_refused() -> None:
    def check(world: MortalWorld, seen: Seen) -> None:
        was_made = world.data("d") is not None
        bad = {**config_map("d"), "datum": {}}
        world.commit(config_map("a"), config_map("c"), bad)
        assert world.once() == (False, True)
        assert not was_made or ref("d") in world.inventory().entries
        world.commit(config_map("a"), config_map("c"))
        assert world.once() == (True, True)
        assert world.data("d") is None
        check_books(world, "a", "c")

    at_each_death(second_commit, check)


def test_after_a_killed_pass_a_broken_commit_leaves_what_is_noted_put_right() -> None:
    def check(world: MortalWorld, seen: Seen) -> None:
        world.source.tip = "b" * 40
        world.renderer.objects = errors.RenderError("no such file", path="k.yaml", line=7)
        world.edit("c", key="theirs")
        assert world.once() == (False, True)
        assert world.data("c") == {"key": "value"}

    at_each_death(second_commit, check)


def test_after_a_killed_pass_drift_is_put_right_without_a_link_and_without_a_mirror() -> None:
    def check(world: MortalWorld, seen: Seen) -> None:
        world.source.tip = errors.SourceUnavailable("no route to host")
        world.source.mirrored.clear()
        for name in "ac":
            world.edit(name, key="theirs")
        assert world.once() == (False, False)
        assert world.data("c") == {"key": "value"}
        assert world.data("a") in ({"key": "value"}, {"key": "new"})

    at_each_death(second_commit, check)


def deleted_by_hand(world: MortalWorld) -> None:
    """Applied: a, b. Somebody deleted a while no agent ran."""
    world.commit(config_map("a"), config_map("b"))
    assert world.once() == (True, True)
    world.delete(CONFIG_MAP, "a")


def test_what_was_made_again_and_not_noted_is_in_the_books_after_the_next_start() -> None:
    def check(world: MortalWorld, seen: Seen) -> None:
        assert world.once() == (True, True)
        catch_up(world, seen)
        assert len(seen[ref("a")]) == 1 and ref("b") not in seen
        check_books(world, "a", "b")

    at_each_death(deleted_by_hand, check)


def test_what_was_made_again_and_not_noted_is_pruned_with_its_commit() -> None:
    def check(world: MortalWorld, seen: Seen) -> None:
        world.commit(config_map("b"))
        assert world.once() == (True, True)
        assert world.data("a") is None
        check_books(world, "b")

    at_each_death(deleted_by_hand, check)


def test_what_somebody_else_made_in_the_place_of_ours_is_not_pruned() -> None:
    world = MortalWorld()
    deleted_by_hand(world)
    world.admin.apply(manifests.manifest(config_map("a", {"key": "theirs"})), force=True)
    world.commit(config_map("b"))
    assert world.once() == (True, True)
    assert world.data("a") == {"key": "theirs"}
    check_books(world, "b")


def test_what_could_not_be_pruned_is_put_right_until_it_can() -> None:
    world = MortalWorld()
    second_commit(world)
    world.client.forbid(CONFIG_MAP, "delete")
    assert world.once() == (False, True)
    world.edit("b", key="theirs")
    with world.running():
        eventually(lambda: world.data("b") == {"key": "value"}, "the correction of b")
    world.client.allow(CONFIG_MAP)
    assert world.once() == (True, True)
    check_books(world, "a", "c", "d")
