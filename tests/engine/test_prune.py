"""What a commit dropped: held, allowed, deleted, let go, and what becomes of it in the end."""

from __future__ import annotations

from typing import Any

from reconciler.model.refs import Kind, ObjectRef
from reconciler.status import note
from tests import manifests
from tests.engine.world import CONFIG_MAP, World, eventually, ref
from tests.manifests import config_map

NAMESPACES = Kind("", "v1", "Namespace")
MANY = tuple(config_map(f"c{number}") for number in range(8))


def held(world: World) -> list[str]:
    return [row["object"] for row in world.status().get("held", [])]


def refs(*names: str) -> set[str]:
    return {str(ref(name)) for name in names}


def test_a_commit_that_deletes_more_than_the_budget_is_held_and_all_else_of_it_applied() -> None:
    world = World()
    first = world.commit(*MANY)
    assert world.once() == (True, True)
    commit = world.commit(config_map("new"))
    assert world.once() == (False, True)
    assert world.data("new") == {"key": "value"} and world.data("c0") == {"key": "value"}
    status = world.status()
    assert (status["state"], status["reason"]) == ("Blocked", "PruneHeld")
    assert (status["commit"], status["applied"]) == (commit, first)
    assert set(held(world)) == refs(*(f"c{number}" for number in range(8)))
    told = note.read(world.mailbox.notes[-1].text)
    assert (told["reason"], len(told["held"]), told["objects"]["held"]) == ("PruneHeld", 8, 8)
    assert "deletes 8 objects, and limits.prune lets 3 go" in told["message"]


def test_a_trailer_of_a_later_commit_lets_go_what_was_held() -> None:
    world = World()
    world.commit(*MANY)
    world.once()
    world.commit()
    assert world.once() == (False, True)
    commit = world.commit()
    world.source.trailers[commit] = ("all",)
    assert world.once() == (True, True)
    assert world.data("c0") is None and not held(world)
    assert set(world.inventory().entries) == {ObjectRef("", "Namespace", "", "app")}


def test_a_trailer_allows_what_was_removed_up_to_its_commit_and_not_what_later_ones_remove() -> (
    None
):
    world = World()
    world.commit(*MANY)
    world.once()
    first = world.commit(*MANY[4:])
    world.source.trailers[first] = ("all",)
    world.renderer.kept[first] = world.renderer.objects
    last = world.commit()
    world.source.history[last] = [first, last]
    assert world.once() == (False, True)
    assert set(held(world)) == refs("c4", "c5", "c6", "c7")
    assert world.data("c0") is None and world.data("c4") is not None


def test_a_namespace_is_deleted_only_when_that_is_allowed() -> None:
    world = World()
    other: dict[str, Any] = manifests.namespace("other")
    world.commit(other, config_map("a", namespace="other"), config_map("b"))
    world.once()
    world.commit()
    assert world.once() == (False, True)
    assert set(held(world)) == {"Namespace/other", "ConfigMap/other/a"}
    assert world.data("b") is None, "what is not in it goes"
    commit = world.commit()
    world.source.trailers[commit] = ("Namespace/other, ConfigMap/other/a",)
    assert world.once() == (True, True)
    assert world.admin.read(NAMESPACES, "", "other") is None


def test_what_is_allowed_is_remembered_over_a_start_and_a_lost_database() -> None:
    world = World()
    world.commit(*MANY)
    world.once()
    world.client.forbid(CONFIG_MAP, "delete")
    commit = world.commit()
    world.source.trailers[commit] = ("all",)
    assert world.once() == (False, True)
    assert world.status()["reason"] == "ApplyFailed"
    assert world.inventory().allowed >= {ref("c0"), ref("c7")}
    world.client.allow(CONFIG_MAP)
    world.lose_database()
    world.source.trailers.clear()
    assert world.once() == (True, True)
    assert world.data("c0") is None and not world.inventory().allowed


def test_an_object_whose_label_was_removed_is_let_go_and_told() -> None:
    world = World()
    world.commit(config_map("a"), config_map("b"))
    world.once()
    patch = {"metadata": {"labels": {"fleet-reconciler.dev/site": None}}}
    world.cluster.edit(ref("a"), patch, manager="keeper")
    world.commit(config_map("b"))
    assert world.once() == (True, True)
    assert world.data("a") == {"key": "value"}
    (told,) = world.watcher.named("object.released")
    assert told["ref"] == str(ref("a")) and "label" in told["reason"]
    assert ref("a") not in world.inventory().entries


def test_a_deletion_that_a_finalizer_keeps_is_told_and_ends_when_a_watch_says_so() -> None:
    world = World()
    kept = config_map("kept", finalizers=["example.com/hold"])
    first = world.commit(kept, config_map("b"))
    with world.running() as engine:
        world.synced(first)
        second = world.commit(config_map("b"))
        engine.wake()
        eventually(lambda: "being deleted" in world.status().get("message", ""), "the wait")
        assert world.status()["state"] == "Progressing"
        world.clock.skip(130)
        eventually(lambda: world.status()["state"] == "Failed", "the report")
        (failed,) = world.status()["failed"]
        assert failed["reason"] == "Terminating" and "example.com/hold" in failed["message"]
        world.cluster.edit(ref("kept"), {"metadata": {"finalizers": None}}, manager="operator")
        world.synced(second)
        eventually(lambda: world.status()["state"] == "Synced", "the end")
    assert world.data("kept") is None


def test_what_is_declared_again_while_it_is_on_its_way_out_is_made_anew_as_it_is_declared() -> None:
    world = World()
    kept = config_map("kept", finalizers=["example.com/hold"])
    first = world.commit(kept)
    with world.running() as engine:
        world.synced(first)
        world.commit()
        engine.wake()
        eventually(lambda: "being deleted" in world.status().get("message", ""), "the wait")
        before = world.uid("kept")
        third = world.commit(config_map("kept", {"key": "new"}, finalizers=["example.com/hold"]))
        engine.wake()
        eventually(lambda: world.status().get("reason") == "ApplyFailed", "in the way")
        world.cluster.edit(ref("kept"), {"metadata": {"finalizers": None}}, manager="operator")
        world.synced(third)
    assert world.uid("kept") != before and world.data("kept") == {"key": "new"}
    assert not world.watcher.named("drift.corrected"), "made by a pass, and not as it was before"
