"""The engine as a whole, over the embedded cluster: what it writes, when, and what it leaves."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest

from reconciler.engine import pacing
from reconciler.model import errors
from reconciler.model.refs import Kind, ObjectRef
from reconciler.status import note
from tests import manifests
from tests.engine.world import CONFIG_MAP, World, eventually, ref
from tests.manifests import config_map

NAMESPACE_KIND = Kind("", "v1", "Namespace")
SECRET = Kind("", "v1", "Secret")


def corrected(world: World) -> list[str]:
    return [event["ref"] for event in world.watcher.named("drift.corrected")]


def marked(world: World, commit: str) -> None:
    """Wait until the inventory has it as the last healthy commit."""
    world.synced(commit)
    eventually(lambda: world.status().get("health") == "Healthy", "health")
    # The appointment with the mark may be made after the skip that should bring it near.
    skips = itertools.count()

    def is_marked() -> bool:
        if next(skips) % 200 == 0:
            world.clock.skip(10)
        return world.inventory().healthy == commit

    eventually(is_marked, "the mark")


def contested(world: World) -> list[dict[str, str]]:
    found: list[dict[str, str]] = world.status().get("contested", [])
    return found


def test_a_commit_is_applied_and_only_what_changes_is_written_after_it() -> None:
    world = World()
    first = world.commit(config_map("a"), config_map("b"))
    with world.running() as engine:
        marked(world, first)
        before = world.writes()
        second = world.commit(config_map("a"), config_map("b", {"key": "other"}))
        engine.wake()
        marked(world, second)
        assert world.data("b") == {"key": "other"}
        assert world.writes() - before == 3  # the object, and what the inventory says of the commit


def test_a_restart_writes_nothing() -> None:
    world = World()
    world.commit(config_map("a"))
    assert world.once() == (True, True)
    before = world.admin.read(CONFIG_MAP, "app", "a"), world.inventory(), world.site()
    world.clock.skip(100)
    assert world.once() == (True, True)
    after = world.admin.read(CONFIG_MAP, "app", "a"), world.inventory(), world.site()
    assert after == before


def test_a_restart_over_a_slow_link_tells_nothing_before_it_knows_something() -> None:
    world = World()
    commit = world.commit(config_map("a"))
    assert world.once() == (True, True)
    before = world.site()
    world.source.gate.clear()
    with world.running():
        for key in ("edited", "edited again"):
            world.edit("a", key=key)
            eventually(lambda: world.data("a") == {"key": "value"}, "the correction")
            world.clock.skip(60)  # past what is told some seconds after it came about
        assert world.site() == before
        world.source.gate.set()
        eventually(lambda: world.status()["drift"]["corrected"] == 2, "the report")
    assert [(note.commit, note.subject.split()[1]) for note in world.mailbox.notes] == [
        (commit, "Synced")
    ]


def test_the_inventory_lists_what_is_about_to_be_written_before_it_is() -> None:
    world = World()
    world.commit(config_map("a"))
    seen: list[set[ObjectRef]] = []
    apply = world.client.apply

    def spying(manifest: Any, **options: Any) -> Any:
        if manifest.ref == ref("a"):
            seen.append(set(world.inventory().entries))
        return apply(manifest, **options)

    world.client.apply = spying  # type: ignore[method-assign] # a spy, not a fake
    assert world.once() == (True, True)
    assert seen and all(ref("a") in entries for entries in seen)
    assert world.inventory().entries[ref("a")].uid == world.uid("a")


def test_a_pass_that_is_cut_off_is_finished_when_the_server_is_back() -> None:
    world = World()
    commit = world.commit(config_map("a"), manifests.deployment("d"))
    cut = threading.Event()
    event = world.watcher.event

    def cutting(name: str, /, **fields: object) -> None:
        event(name, **fields)
        if name == "object.applied" and not cut.is_set():
            cut.set()
            world.client.unreachable = True
            threading.Timer(0.2, setattr, (world.client, "unreachable", False)).start()

    world.watcher.event = cutting  # type: ignore[method-assign] # a spy that pulls the plug
    with world.running():
        eventually(cut.is_set, "the cut")
        eventually(lambda: world.watcher.named("cluster.unavailable"), "the loss")
        world.synced(commit)
        assert world.watcher.named("cluster.recovered")
    assert set(world.inventory().entries) >= {ref("a")}


def test_the_first_contact_with_somebody_elses_object_is_unforced() -> None:
    world = World()
    world.admin.apply(manifests.manifest(manifests.namespace("app")), force=True)
    theirs = manifests.manifest(config_map("a", {"key": "theirs"}))
    world.cluster.client("their-tool").apply(theirs, force=True)
    world.commit(config_map("a"), config_map("b"))
    assert world.once() == (False, True)
    assert world.data("a") == {"key": "theirs"}
    assert world.data("b") == {"key": "value"}
    (failed,) = world.watcher.named("object.failed")
    assert failed["reason"] == "Conflict" and "their-tool" in failed["message"]
    assert ref("a") not in world.inventory().entries


def test_what_a_commit_drops_is_pruned_only_after_all_the_rest_succeeded() -> None:
    world = World()
    world.commit(config_map("a"), config_map("old"))
    assert world.once() == (True, True)
    world.client.forbid(SECRET, "patch")
    world.commit(config_map("a"), {**config_map("s"), "kind": "Secret"})
    assert world.once() == (False, True)
    assert world.data("old") is not None
    world.commit(config_map("a"))
    assert world.once() == (True, True)
    assert world.data("old") is None
    assert set(world.inventory().entries) == {ref("a"), ObjectRef("", "Namespace", "", "app")}


def test_another_start_that_finds_nothing_to_do_leaves_the_sites_words_as_they_are() -> None:
    world = World()
    first = world.commit(config_map("a"), config_map("b"))
    with world.running() as engine:
        world.synced(first)
        second = world.commit(config_map("a"))
        engine.wake()
        world.synced(second)
        eventually(lambda: world.status()["objects"]["pruned"] == 1, "the count")
    before = world.status()
    assert world.once() == (True, True)
    assert world.status() == before


def test_an_object_that_somebody_made_anew_is_not_pruned() -> None:
    world = World()
    world.commit(config_map("a"), config_map("old"))
    assert world.once() == (True, True)
    world.delete(CONFIG_MAP, "old")
    theirs = manifests.manifest(config_map("old", {"key": "theirs"}))
    world.cluster.client("their-tool").apply(theirs, force=True)
    world.commit(config_map("a"))
    assert world.once() == (True, True)
    assert world.data("old") == {"key": "theirs"}


def test_drift_is_corrected_out_of_state_and_nothing_is_rendered_for_it() -> None:
    world = World()
    commit = world.commit(config_map("a"))
    with world.running():
        world.synced(commit)
        rendered = len(world.renderer.rendered)
        world.edit("a", key="evil")
        eventually(lambda: world.data("a") == {"key": "value"}, "the correction")
        before = world.uid("a")
        world.delete(CONFIG_MAP, "a")
        eventually(lambda: world.data("a") is not None and world.uid("a") != before, "a new one")
        assert len(world.renderer.rendered) == rendered


def test_a_namespace_that_is_deleted_comes_back_with_all_that_was_in_it() -> None:
    world = World()
    commit = world.commit(*(config_map(f"c{number}") for number in range(5)))
    with world.running():
        world.synced(commit)
        world.delete(NAMESPACE_KIND, "app", "")
        eventually(
            lambda: all(world.data(f"c{number}") is not None for number in range(5)), "all of it"
        )
        eventually(lambda: not world.status()["drift"]["open"], "no open drift")


def test_a_fight_cools_down() -> None:
    world = World()
    commit = world.commit(config_map("a", {"key": "value", "rest": "calm"}), config_map("b"))
    with world.running():
        world.synced(commit)
        for number in range(40):
            world.edit("a", key=f"evil {number}")
            eventually(
                lambda: world.data("a") == {"key": "value", "rest": "calm"} or contested(world),
                "a correction, or the end of them",
            )
        assert 10 <= len(corrected(world)) <= 12
        assert contested(world) == [
            {"object": "ConfigMap/app/a", "field": "data.key", "manager": "meddler"}
        ]
        assert world.status()["state"] == "Drifted"
        world.edit("a", rest="evil")  # another field, and another object, are put right at once
        world.edit("b", key="evil")
        eventually(lambda: (world.data("a") or {})["rest"] == "calm", "the other field")
        assert (world.data("a") or {})["key"].startswith("evil")
        eventually(lambda: world.data("b") == {"key": "value"}, "the other object")
        world.clock.skip(pacing.FIGHT.longest * 12)
        eventually(lambda: (world.data("a") or {})["key"] == "value", "the next attempt")
        world.clock.skip(pacing.FIGHT.longest + 60)
        eventually(lambda: not contested(world), "peace")
        eventually(lambda: world.status()["state"] == "Synced", "the state")


def test_what_others_add_is_looked_at_ever_more_rarely() -> None:
    world = World()
    commit = world.commit(config_map("a"), config_map("b"))
    with world.running():
        world.synced(commit)
        before = world.writes()
        for number in range(50):
            world.edit("a", theirs=str(number))
        world.edit("b", key="evil")  # its correction shows that the rest was seen
        eventually(lambda: corrected(world) == [str(ref("b"))], "the correction")
        assert world.writes() - before <= 4


def test_a_kind_that_may_not_be_watched_is_told_and_the_others_are() -> None:
    world = World()
    secret = {**config_map("s"), "kind": "Secret"}
    world.client.forbid(SECRET, "list", "watch", "get")
    commit = world.commit(config_map("a"), secret)
    with world.running() as engine:
        world.synced(commit)
        eventually(lambda: "Secret is not watched" in world.status().get("message", ""), "words")
        eventually(lambda: engine.ready, "readiness")
        world.edit("a", key="evil")
        eventually(lambda: world.data("a") == {"key": "value"}, "the correction")


def test_a_note_is_news_and_not_a_tick() -> None:
    world = World()
    first = world.commit(config_map("a"))
    with world.running() as engine:
        world.synced(first)
        eventually(lambda: len(world.mailbox.notes) == 1, "the first note")
        same = world.commit(config_map("a"))
        engine.wake()
        world.synced(same)
        other = world.commit(config_map("a", {"key": "other"}))
        engine.wake()
        world.synced(other)
        eventually(lambda: len(world.mailbox.notes) == 2, "the second note")
        found = [note.read(sent.text) for sent in world.mailbox.notes]
        assert [words["applied"] for words in found] == [first, other]
        assert world.mailbox.notes[1].subject == f"{manifests.SITE} Synced {other}"


def test_notes_wait_for_the_link_and_only_the_newest_goes() -> None:
    world = World()
    world.mailbox.broken = errors.SourceUnavailable("no link")
    for value in ("one", "two"):
        world.commit(config_map("a", {"key": value}))
        assert world.once() == (True, False)
    world.mailbox.broken = None
    assert world.once() == (True, True)
    assert len(world.mailbox.notes) == 1


def test_drift_that_was_seen_while_the_server_was_away_is_not_forgotten() -> None:
    world = World()
    commit = world.commit(config_map("a"))
    with world.running():
        world.synced(commit)
        eventually(lambda: world.status().get("state") == "Synced", "the report")
        apply = world.client.apply
        refused = threading.Event()

        def failing(manifest: Any, **options: Any) -> Any:
            if manifest.ref == ref("a") and not refused.is_set():
                refused.set()
                raise errors.ClusterUnavailable("just now")
            return apply(manifest, **options)

        world.client.apply = failing  # type: ignore[method-assign] # fails once
        world.edit("a", key="evil")
        eventually(refused.is_set, "the fault")
        eventually(lambda: world.data("a") == {"key": "value"}, "the correction")


def test_an_api_server_that_is_away_at_the_start_is_waited_for() -> None:
    world = World()
    commit = world.commit(config_map("a"))
    world.client.unreachable = True
    with world.running() as engine:
        eventually(lambda: world.watcher.named("cluster.unavailable"), "the loss")
        assert engine.alive and not engine.ready
        world.client.unreachable = False
        world.synced(commit)
        eventually(lambda: engine.ready, "readiness")


def test_another_sites_books_are_not_touched() -> None:
    world = World()
    world.commit(config_map("a"))
    world.once()
    world.state.save(meta={"site": "south/other"})
    with pytest.raises(errors.UsageError, match="belongs to site south/other"):
        world.once()


def test_a_stop_in_the_middle_of_a_pass_keeps_what_was_done() -> None:
    world = World()
    world.commit(*(config_map(f"c{number}") for number in range(300)))
    stop = threading.Event()
    engine = world.assemble(stop)
    event = world.watcher.event

    def stopping(name: str, /, **fields: object) -> None:
        event(name, **fields)
        if name == "object.applied" and len(world.watcher.named(name)) == 50:
            engine.end()

    world.watcher.event = stopping  # type: ignore[method-assign] # a spy that pulls the plug
    engine.run()
    applied = {ObjectRef.parse(event["ref"]) for event in world.watcher.named("object.applied")}
    assert 50 <= len(applied) < 301
    assert set(world.state.records()) == applied


def test_a_single_pass_that_loses_the_api_server_says_so() -> None:
    world = World()
    world.commit(config_map("a"), manifests.deployment("d"))
    event = world.watcher.event

    def cutting(name: str, /, **fields: object) -> None:
        event(name, **fields)
        if name == "object.applied":
            world.client.unreachable = True

    world.watcher.event = cutting  # type: ignore[method-assign] # a spy that pulls the plug
    with pytest.raises(errors.ClusterUnavailable):
        world.once()


def test_an_inventory_that_is_edited_again_and_again_is_no_storm_of_writes() -> None:
    world = World()
    commit = world.commit(config_map("a"))
    with world.running():
        world.synced(commit)
        eventually(lambda: world.status().get("state") == "Synced", "the report")
        before = world.writes()
        for number in range(100):
            world.cluster.edit(
                ref("fleet-inventory-0", "fleet-system"),
                {"data": {"objects": str(number)}},
                manager="meddler",
            )
        world.edit("a", key="evil")  # its correction shows that the rest was seen
        eventually(lambda: world.data("a") == {"key": "value"}, "the correction")
        assert world.writes() - before <= 30


def test_what_was_unfinished_of_the_last_good_commit_goes_on_after_a_start() -> None:
    world = World()
    good = world.commit(config_map("a"))
    assert world.once() == (True, True)
    world.delete(CONFIG_MAP, "a")
    world.state.save(drop=[ref("a")])
    objects = world.renderer.objects
    world.source.tip = "f" * 40
    render = world.renderer.render

    def breaking(tree: Any, site: Any, commit: str, fetch: Any, **more: Any) -> Any:
        if commit == "f" * 40:
            raise errors.RenderError("broken")
        world.renderer.objects = objects
        return render(tree, site, commit, fetch, **more)

    world.renderer.render = breaking  # type: ignore[method-assign, assignment] # the newest alone
    assert world.once() == (False, True)
    assert world.data("a") == {"key": "value"}
    assert (world.status()["reason"], world.status()["applied"]) == ("RenderFailed", good)


def test_memory_is_given_back_once_when_a_pass_is_over_and_nothing_comes() -> None:
    world = World()
    first = world.commit(config_map("a"))
    with world.running() as engine:
        eventually(lambda: world.given_back, "the first time")
        second = world.commit(config_map("a", {"key": "other"}))
        engine.wake()
        eventually(lambda: len(world.given_back) > 1, "the second time")
    assert world.given_back == [first, second]
