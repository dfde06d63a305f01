"""Break-glass over the embedded cluster: what is held still, for how long, and what is told."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from reconciler.model import moments
from reconciler.model.journal import Outcome
from reconciler.model.pauses import Pause
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import SiteSettings
from tests import manifests
from tests.engine.world import SITE_KIND, World, eventually
from tests.manifests import config_map

SETTINGS = SiteSettings(fleet="test", labels={})
HOUR = 3600.0


def ask(world: World, *pauses: dict[str, Any]) -> None:
    """As ``kubectl patch`` does it."""
    world.cluster.edit(
        ObjectRef(SITE_KIND.group, SITE_KIND.kind, "", manifests.SITE.label),
        {"spec": {"pause": list(pauses) or None}},
        manager="kubectl-patch",
    )


def pause(world: World, seconds: float = HOUR, **more: str) -> dict[str, Any]:
    until = moments.show(world.clock.now() + seconds)
    return {"reason": "a visitor", "until": until, **more}


def paused(world: World) -> list[dict[str, Any]]:
    return list(world.status().get("paused") or [])


def told(world: World, count: int) -> None:
    eventually(lambda: len(world.watcher.named("drift.left")) == count, f"{count} told")


def test_a_paused_site_is_left_alone_and_put_right_at_its_end() -> None:
    world = World()
    world.synced_first()
    with world.running() as engine:
        asked = pause(world)
        ask(world, asked)
        eventually(lambda: world.status().get("state") == "Paused", "paused")
        (told,) = paused(world)
        assert told == {"reason": "a visitor", "until": asked["until"], "by": "site"}
        world.edit("a", key="theirs")
        eventually(lambda: world.watcher.named("drift.left"), "drift seen")
        newest = world.commit(config_map("a"), config_map("b", {"key": "newer"}))
        engine.wake()
        eventually(lambda: world.status().get("commit") == newest, "the newer commit seen")
        assert world.status()["sync"] == "Progressing"
        assert world.data("a") == {"key": "theirs"} and world.data("b") == {"key": "value"}
        eventually(lambda: (world.status()["drift"]["open"]) == 1, "open drift")
        world.clock.skip(HOUR)
        world.synced(newest)
        eventually(lambda: world.data("a") == {"key": "value"}, "the correction")
        assert world.data("b") == {"key": "newer"}
        eventually(lambda: world.status()["state"] == "Synced", "synced")
        assert not paused(world) and world.status()["drift"]["open"] == 0
        world.clock.skip(600)  # past status.interval
        eventually(lambda: world.mailbox.notes[-1].subject.split()[1] == "Synced", "the note")
    (note,) = [note for note in world.mailbox.notes if "Paused" in note.subject][:1]
    assert "a visitor" in note.text and asked["until"] in note.text


def test_nothing_is_pruned_while_paused() -> None:
    world = World()
    world.synced_first()
    with world.running() as engine:
        ask(world, pause(world))
        eventually(lambda: paused(world), "paused")
        newest = world.commit(config_map("a"))
        engine.wake()
        eventually(lambda: world.status().get("commit") == newest, "seen")
        assert world.data("b") is not None
        ask(world)  # as ``resume`` does
        world.synced(newest)
        assert world.data("b") is None


def test_one_object_is_held_and_the_others_go_on() -> None:
    world = World()
    world.synced_first()
    with world.running() as engine:
        ask(world, pause(world, object="ConfigMap/app/a"))
        eventually(lambda: paused(world), "paused")
        for name in ("a", "b"):
            world.edit(name, key="theirs")
        eventually(lambda: world.data("b") == {"key": "value"}, "the other corrected")
        eventually(lambda: world.watcher.named("drift.left"), "drift seen")
        newest = world.commit(config_map("a", {"key": "2"}), config_map("b", {"key": "2"}))
        engine.wake()
        eventually(lambda: world.data("b") == {"key": "2"}, "the other applied")
        assert world.data("a") == {"key": "theirs"}
        eventually(lambda: world.status().get("commit") == newest, "told")
        assert world.status()["applied"] != newest
        assert world.status()["state"] == "Paused"
        ask(world)
        eventually(lambda: world.data("a") == {"key": "2"}, "put right")
        world.synced(newest)


def test_a_deleted_object_is_made_again_after_the_pause() -> None:
    world = World()
    world.synced_first()
    with world.running():
        ask(world, pause(world))
        eventually(lambda: paused(world), "paused")
        world.delete_map("a")
        eventually(lambda: world.watcher.named("drift.left"), "seen")
        assert world.data("a") is None
        ask(world)
        eventually(lambda: world.data("a") == {"key": "value"}, "made again")


def test_what_is_edited_again_and_again_while_paused_is_no_fight_and_is_journaled() -> None:
    world = World()
    world.synced_first()
    with world.running():
        ask(world, pause(world))
        eventually(lambda: paused(world), "paused")
        for number in range(15):  # more than a fight may last
            world.edit("a", key=f"theirs-{number}")
            told(world, number + 1)
        rows = world.state.journal()
        assert [row.outcome for row in rows] == [Outcome.PAUSED] * 15
        assert rows[-1].change.path == "data.key"
        assert (rows[-1].change.wanted, rows[-1].change.found) == ('"value"', '"theirs-14"')
        world.clock.skip(HOUR)
        eventually(lambda: world.data("a") == {"key": "value"}, "put right at once")
        assert "contested" not in world.status()


def test_a_restart_tells_what_is_held_still_once() -> None:
    world = World()
    world.synced_first()
    ask(world, pause(world))
    with world.running():
        eventually(lambda: paused(world), "paused")
        world.edit("a", key="theirs")
        eventually(lambda: world.status()["drift"]["open"] == 1, "told")
    reads = len(world.watcher.named("watch.listed"))
    with world.running():
        eventually(lambda: len(world.watcher.named("watch.listed")) > reads, "seen again")
        world.edit("b", key="theirs")
        eventually(lambda: world.status()["drift"]["open"] == 2, "another one")
    assert [row.ref.name for row in world.state.journal()] == ["a", "b"]


def test_a_commit_pauses_and_a_restart_without_a_link_still_knows() -> None:
    world = World()
    world.synced_first()
    until = world.clock.now() + HOUR
    world.renderer.settings = dataclasses.replace(
        SETTINGS, pause=Pause(reason="harvest", until=until)
    )
    world.commit(config_map("a", {"key": "2"}), config_map("b"))
    assert world.once() == (False, True)
    assert world.data("a") == {"key": "value"}
    assert paused(world)[0]["by"] == "commit"
    world.source.gate.clear()  # the link hangs
    with world.running():
        world.edit("a", key="theirs")
        eventually(lambda: world.watcher.named("drift.left"), "held")
        assert world.data("a") == {"key": "theirs"}
        world.clock.skip(HOUR)
        eventually(lambda: world.data("a") == {"key": "value"}, "the last applied bytes")
        world.source.gate.set()
        eventually(lambda: world.data("a") == {"key": "2"}, "the commit")


def test_a_pause_in_the_year_9999_ends_after_the_limit_of_running_time() -> None:
    world = World()
    world.renderer.settings = dataclasses.replace(SETTINGS, pause_limit=HOUR)
    world.synced_first()
    with world.running():
        ask(world, {"reason": "for ever", "until": "9999-12-31T23:59:59Z"})
        eventually(lambda: paused(world), "paused")
        world.edit("a", key="theirs")
        eventually(lambda: world.watcher.named("drift.left"), "held")
        world.clock.skip(HOUR)
        eventually(lambda: world.data("a") == {"key": "value"}, "the correction")


def test_restarts_do_not_prolong_a_pause_and_count_as_running_time() -> None:
    world = World()
    world.renderer.settings = dataclasses.replace(SETTINGS, pause_limit=100.0)
    world.synced_first()
    world.commit(config_map("a", {"key": "2"}), config_map("b"))
    ask(world, {"reason": "for ever", "until": "9999-12-31T23:59:59Z"})
    starts = 0
    while not world.once()[0]:
        starts += 1
        assert starts < 10
    assert starts >= 2
    assert world.data("a") == {"key": "2"}


def test_a_clock_that_goes_back_does_not_prolong_a_pause() -> None:
    world = World()
    world.synced_first()
    with world.running():
        ask(world, pause(world))
        eventually(lambda: paused(world), "paused")
        world.edit("a", key="theirs")
        eventually(lambda: world.watcher.named("drift.left"), "held")
        world.clock.wind(-365 * 24 * HOUR)
        world.clock.skip(HOUR)
        eventually(lambda: world.data("a") == {"key": "value"}, "the correction")


def test_a_suspended_site_says_so_until_a_commit_lets_it_go_on() -> None:
    world = World()
    world.synced_first()
    world.renderer.settings = dataclasses.replace(SETTINGS, suspend=True)
    suspended = world.commit(config_map("a", {"key": "2"}), config_map("b"))
    with world.running() as engine:
        eventually(lambda: world.status().get("commit") == suspended, "seen")
        (told,) = paused(world)
        assert told == {"reason": "suspended by the fleet repository", "by": "commit"}
        assert world.status()["state"] == "Paused"
        assert "suspended" in world.status()["message"]
        world.clock.skip(40 * 24 * HOUR)
        world.edit("b", key="theirs")
        eventually(lambda: world.watcher.named("drift.left"), "held")
        assert world.data("a") == {"key": "value"}
    with world.running() as engine:  # a restart knows it before it has rendered anything
        assert world.data("b") == {"key": "theirs"}
        world.renderer.settings = SETTINGS
        newest = world.commit(config_map("a", {"key": "3"}), config_map("b"))
        engine.wake()
        world.synced(newest)
        eventually(lambda: world.data("b") == {"key": "value"}, "put right")
        assert world.data("a") == {"key": "3"}


def test_what_the_site_object_asks_in_vain_is_said() -> None:
    world = World()
    world.synced_first()
    with world.running():
        ask(world, {"reason": "why", "until": "soon"})
        eventually(lambda: "in vain" in world.status().get("message", ""), "said")
        assert "until: expected a time" in world.status()["message"]
        world.edit("a", key="theirs")
        eventually(lambda: world.data("a") == {"key": "value"}, "corrected all the same")


def test_a_site_object_that_is_deleted_asks_for_nothing_any_more() -> None:
    world = World()
    world.synced_first()
    with world.running():
        ask(world, pause(world))
        eventually(lambda: paused(world), "paused")
        found = world.site()
        world.admin.delete(SITE_KIND, "", manifests.SITE.label, found["metadata"]["uid"])
        eventually(lambda: world.status().get("state") == "Synced", "shown anew")


def test_an_idle_pause_writes_little() -> None:
    world = World()
    world.synced_first()
    with world.running():
        ask(world, pause(world))
        eventually(lambda: paused(world), "paused")
        before = json.dumps(world.site(), sort_keys=True)
        world.clock.skip(600)
        eventually(lambda: world.state.pauses()[0].used >= 600, "time counted")
        assert json.dumps(world.site(), sort_keys=True) == before


def test_a_pinned_site_runs_the_pinned_commit_under_the_newest_settings() -> None:
    world = World()
    world.synced_first()
    pinned = world.source.tip
    assert isinstance(pinned, str)
    world.renderer.kept[pinned] = world.renderer.objects
    world.renderer.settings = dataclasses.replace(SETTINGS, pin=pinned)
    newest = world.commit(config_map("a", {"key": "2"}), config_map("b"))
    with world.running() as engine:
        eventually(lambda: world.status().get("commit") == newest, "seen")
        eventually(lambda: world.status()["state"] == "Synced", "synced")
        assert world.status()["applied"] == pinned
        assert world.status()["message"] == f"pinned by the fleet repository to {pinned}"
        assert world.data("a") == {"key": "value"}
        world.renderer.settings = SETTINGS
        newest = world.commit(config_map("a", {"key": "3"}), config_map("b"))
        engine.wake()
        world.synced(newest)
        assert world.data("a") == {"key": "3"}
        eventually(lambda: "message" not in world.status(), "the pin is told no more")


def test_a_pin_that_the_branch_has_not_is_refused_and_the_last_good_state_stays() -> None:
    world = World()
    first = world.synced_first()
    world.renderer.settings = dataclasses.replace(SETTINGS, pin="f" * 40)
    world.commit(config_map("a", {"key": "2"}), config_map("b"))
    assert world.once() == (False, True)
    status = world.status()
    assert status["reason"] == "SettingsInvalid" and "pin: the branch has no" in status["message"]
    assert status["applied"] == first and world.data("a") == {"key": "value"}
