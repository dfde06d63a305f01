"""Local overrides through the whole engine: applied, told with secrets masked, with no link."""

from __future__ import annotations

from reconciler.model.overrides import Dropped, Overridden
from reconciler.model.refs import ObjectRef
from tests.engine.world import World, eventually
from tests.manifests import config_map

RATE = Overridden(
    ref=ObjectRef("", "ConfigMap", "app", "a"),
    field="data.key",
    rule="/data/key",
    value='"low"',
    file="rate.yaml",
)
PIN = Overridden(
    ref=ObjectRef("", "Secret", "app", "s"),
    field="data.pin",
    rule="/data/pin",
    value='"MTIzNA=="',
    file="rate.yaml",
)


def test_a_change_in_the_folder_is_applied_and_told_while_the_link_hangs() -> None:
    world = World()
    first = world.synced_first()
    with world.running() as engine:
        eventually(lambda: len(world.renderer.rendered) == 2, "rendered after the start")
        world.source.gate.clear()
        fetches = world.source.fetches
        engine.wake()
        eventually(lambda: world.source.fetches > fetches, "the link hangs")
        world.commit(config_map("a", {"key": "low"}), config_map("b"))  # as rendered with the file
        world.source.tip = first
        world.renderer.overridden = (RATE, PIN)
        world.renderer.dropped = (Dropped(file="z.yaml", reason="it deletes an object"),)
        engine.render_again()
        eventually(lambda: world.data("a") == {"key": "low"}, "applied")
        assert not world.source.gate.is_set()
        world.source.gate.set()
        eventually(lambda: "overrides" in world.status(), "told")
        status = world.status()
        assert status["overrides"] == [
            {"file": "z.yaml", "dropped": "it deletes an object"},
            {
                "file": "rate.yaml",
                "object": "ConfigMap/app/a",
                "field": "data.key",
                "value": '"low"',
            },
            {"file": "rate.yaml", "object": "Secret/app/s", "field": "data.pin", "value": '"***"'},
        ]
        assert "override z.yaml is dropped: it deletes an object" in status["message"]
        assert "2 fields are overridden on site by rate.yaml" in status["message"]
        assert (status["commit"], status["state"]) == (first, "Synced")
        (event,) = world.watcher.named("override.dropped")
        assert event == {"file": "z.yaml", "reason": "it deletes an object"}
        world.clock.skip(600)
        eventually(lambda: "rate.yaml" in world.mailbox.notes[-1].text, "the note")
        assert "MTIzNA" not in world.mailbox.notes[-1].text
        world.renderer.overridden = world.renderer.dropped = ()
        world.commit(config_map("a"), config_map("b"))
        world.source.tip = first
        engine.render_again()
        eventually(lambda: world.data("a") == {"key": "value"}, "as committed")
        eventually(lambda: "overrides" not in world.status(), "told no more")
