"""Drift explained, and what the fleet's rules make of it; over the embedded cluster."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import Any

from reconciler.model.journal import JournalRow, Outcome
from reconciler.model.objects import live_of
from reconciler.model.refs import Kind, ObjectRef
from reconciler.model.rules import AdoptRule, DriftMode, DriftRule
from reconciler.plan import fieldtrees, ownership
from reconciler.status import open_drift
from tests import manifests
from tests.engine.fakes import Watcher
from tests.engine.world import World, eventually, ref
from tests.manifests import config_map, deployment

DEPLOYMENT = Kind("apps", "v1", "Deployment")
WEB = ObjectRef("apps", "Deployment", "app", "web")
REPLICAS = DriftRule(mode=DriftMode.IGNORE, kind="Deployment.apps", fields=("/spec/replicas",))
WARN = DriftRule(mode=DriftMode.WARN, kind="ConfigMap", name="a", fields=("/data/key",))


def rules(world: World, *drift: DriftRule, adopt: tuple[AdoptRule, ...] = ()) -> None:
    world.renderer.settings = dataclasses.replace(world.renderer.settings, drift=drift, adopt=adopt)


def rows(world: World, outcome: Outcome) -> list[JournalRow]:
    return [row for row in world.state.journal() if row.outcome is outcome]


def web(replicas: int = 3) -> dict[str, Any]:
    value = deployment("web")
    value["spec"]["replicas"] = replicas
    return value


def replicas(world: World) -> int:
    found = world.admin.read(DEPLOYMENT, "app", "web")
    assert found is not None
    return int(found["spec"]["replicas"])


def scale(world: World, count: int, manager: str = "meddler", subresource: str = "") -> None:
    change = {"spec": {"replicas": count}}
    world.cluster.edit(WEB, change, manager=manager, subresource=subresource)


def owns(world: World, path: tuple[str, ...], of: ObjectRef = WEB) -> bool:
    found = world.admin.read(Kind(of.group, "v1", of.kind), of.namespace, of.name)
    assert found is not None
    entries = [entry for entry in live_of(found).managed if ownership.is_ours(entry)]
    import orjson

    return any(fieldtrees.owns(orjson.loads(entry.fields), path) for entry in entries)


def test_a_correction_is_explained_in_the_journal() -> None:
    world = World()
    commit = world.commit(config_map("a"), web())
    with world.running():
        world.synced(commit)
        scale(world, 5)
        eventually(lambda: rows(world, Outcome.CORRECTED) != [], "the row")
        assert replicas(world) == 3
    (row,) = rows(world, Outcome.CORRECTED)
    change = row.change
    assert (row.ref, row.kind) == (WEB, "edited")
    assert (change.path, change.wanted, change.found) == ("spec.replicas", "3", "5")
    assert (change.manager, change.operation, change.rule) == (
        "meddler",
        "Update",
        "/spec/replicas",
    )
    assert change.since
    assert row.seconds > 0


def test_a_correction_costs_one_read_and_one_write() -> None:
    world = World()
    commit = world.commit(config_map("a"))
    with world.running():
        world.synced(commit)
        before = dict(world.client.requests)
        world.edit("a", key="evil")
        eventually(lambda: rows(world, Outcome.CORRECTED) != [], "the row")
        kind = Kind("", "v1", "ConfigMap")
        asked = {
            verb: world.client.requests[verb, kind] - before.get((verb, kind), 0)
            for verb in ("get", "patch", "list", "create", "delete")
        }
    assert asked["patch"] in (1, 2)  # and one that takes the field from its co-owner
    assert asked["get"] == 1
    assert asked["list"] == asked["create"] == asked["delete"] == 0


class Reader(Watcher):
    """Looks into the journal at each correction that it is told of."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.kept: list[int] = []
        self._world = world

    def event(self, name: str, /, **fields: object) -> None:
        if name == "drift.corrected":
            self.kept.append(len(rows(self._world, Outcome.CORRECTED)))
        super().event(name, **fields)


def test_a_correction_is_told_once_it_is_kept() -> None:
    """Whoever reads of it may kill the agent at once, and ask for the journal."""
    world = World()
    world.watcher = reader = Reader(world)
    commit = world.commit(config_map("a"))
    with world.running():
        world.synced(commit)
        world.edit("a", key="evil")
        eventually(lambda: reader.kept, "the event")
    assert reader.kept == [1]


def test_a_deletion_is_journaled() -> None:
    world = World()
    commit = world.commit(config_map("a"))
    with world.running():
        world.synced(commit)
        world.delete(Kind("", "v1", "ConfigMap"), "a")
        eventually(lambda: rows(world, Outcome.CORRECTED) != [], "the row")
    (row,) = rows(world, Outcome.CORRECTED)
    assert (row.ref, row.kind, row.change.found) == (ref("a"), "deleted", "absent")


def test_a_secret_s_values_are_never_told() -> None:
    world = World()
    secret = {**config_map("s"), "kind": "Secret", "data": {"key": "c2VjcmV0"}}
    commit = world.commit(secret)
    target = ObjectRef("", "Secret", "app", "s")
    with world.running():
        world.synced(commit)
        world.cluster.edit(target, {"data": {"key": "aHVzaA=="}}, manager="meddler")
        eventually(lambda: rows(world, Outcome.CORRECTED) != [], "the row")
    told = repr(world.state.journal()) + repr(world.watcher.events)
    assert "***" in told
    assert "c2VjcmV0" not in told
    assert "aHVzaA" not in told


def test_a_field_that_is_only_warned_of_stays_and_is_told() -> None:
    world = World()
    rules(world, WARN)
    commit = world.commit(config_map("a", {"key": "value", "other": "x"}))
    with world.running():
        world.synced(commit)
        world.edit("a", key="evil", other="evil")
        eventually(lambda: (world.data("a") or {})["other"] == "x", "the other field")
        eventually(lambda: rows(world, Outcome.WARNED) != [], "the row")
        eventually(lambda: world.status()["state"] == "Drifted", "the state")
        assert (world.data("a") or {})["key"] == "evil"
    (row,) = rows(world, Outcome.WARNED)
    assert (row.change.path, row.change.manager) == ("data.key", "meddler")
    kept = open_drift.unpack(world.state.meta(open_drift.KEY))
    assert (kept.total, kept.objects) == (1, {ref("a"): Outcome.WARNED})
    with world.running():  # and so after another start
        eventually(lambda: world.status()["drift"]["open"] == 1, "the report")
        assert (world.data("a") or {})["key"] == "evil"
        world.edit("a", key="value")  # whoever did it takes it back
        eventually(lambda: world.status()["state"] == "Synced", "the state")
        assert owns(world, ("data", "key"), ref("a"))
    assert open_drift.unpack(world.state.meta(open_drift.KEY)).total == 0


def is_told(world: World, wanted: tuple[str, str]) -> bool:
    status = world.status()
    return (status.get("applied"), status.get("state")) == wanted


def test_what_is_open_follows_the_rules_of_the_newest_commit() -> None:
    world = World()
    rules(world, WARN)
    first = world.commit(config_map("a"))
    with world.running() as engine:
        world.synced(first)
        world.edit("a", key="evil")
        eventually(partial(is_told, world, (first, "Drifted")), "what is told")
        ignore = dataclasses.replace(WARN, mode=DriftMode.IGNORE)
        for rule, state, value in (
            (ignore, "Synced", "evil"),  # what is ignored is nobody's worry
            (WARN, "Drifted", "evil"),
            (dataclasses.replace(WARN, mode=DriftMode.CORRECT), "Synced", "value"),
        ):
            rules(world, rule)
            commit = world.commit(config_map("a"))
            engine.wake()
            told = (commit, state)
            eventually(partial(is_told, world, told), f"{rule.mode}: {state}")
            assert (world.data("a") or {})["key"] == value


def test_the_subresource_that_wrote_a_field_is_named() -> None:
    world = World()
    commit = world.commit(web())
    with world.running():
        world.synced(commit)
        scale(world, 5, "kubectl", subresource="scale")
        eventually(lambda: rows(world, Outcome.CORRECTED) != [], "the row")
    (row,) = rows(world, Outcome.CORRECTED)
    assert (row.change.manager, row.change.subresource) == ("kubectl", "scale")


def test_a_warned_field_is_corrected_once_its_mode_is_or_git_wants_another_value() -> None:
    world = World()
    rules(world, WARN)
    commit = world.commit(config_map("a"), config_map("b"))
    with world.running() as engine:
        world.synced(commit)
        world.edit("a", key="evil")
        eventually(lambda: rows(world, Outcome.WARNED) != [], "the row")
        changed = world.commit(config_map("a", labels={"x": "y"}), config_map("b"))
        engine.wake()
        world.synced(changed)
        assert world.data("a") == {"key": "evil"}
        wanted = world.commit(config_map("a", {"key": "newer"}), config_map("b"))
        engine.wake()
        world.synced(wanted)
        assert world.data("a") == {"key": "newer"}
        world.edit("a", key="evil")
        eventually(lambda: len(rows(world, Outcome.WARNED)) == 2, "the second row")
        rules(world)
        last = world.commit(config_map("a", {"key": "newer"}), config_map("b"))
        engine.wake()
        world.synced(last)
        assert world.data("a") == {"key": "newer"}
        eventually(lambda: world.status()["state"] == "Synced", "the state")


def test_an_ignored_field_is_set_at_creation_and_then_left_alone() -> None:
    world = World()
    rules(world, REPLICAS)
    commit = world.commit(web(3))
    with world.running() as engine:
        world.synced(commit)
        assert replicas(world) == 3
        assert not owns(world, ("spec", "replicas"))
        scale(world, 7)
        changed = web(4)
        changed["spec"]["template"]["spec"]["containers"][0]["image"] = "app:2"
        after = world.commit(changed)
        engine.wake()
        world.synced(after)
        assert replicas(world) == 7
        world.delete(DEPLOYMENT, "web")
        eventually(lambda: rows(world, Outcome.CORRECTED) != [], "its return")
        assert replicas(world) == 4
        assert not owns(world, ("spec", "replicas"))


def test_starting_to_ignore_a_field_of_one_owner_changes_nothing() -> None:
    world = World()
    first = world.commit(web(3))
    with world.running() as engine:
        world.synced(first)
        rules(world, REPLICAS)
        second = world.commit(web(3))
        engine.wake()
        world.synced(second)
        assert replicas(world) == 3  # dropped from an apply, it would be 1
        assert not owns(world, ("spec", "replicas"))
        scale(world, 6)
        rules(world)  # and back: Git's word counts again
        third = world.commit(web(3))
        engine.wake()
        world.synced(third)
        assert replicas(world) == 3
        assert owns(world, ("spec", "replicas"))


def test_starting_to_ignore_a_field_of_two_owners_changes_nothing() -> None:
    world = World()
    first = world.commit(web(3))
    with world.running() as engine:
        world.synced(first)
        other = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "app"},
            "spec": {"replicas": 3},
        }
        world.cluster.client("autoscaler").apply(manifests.manifest(other), force=False)
        rules(world, REPLICAS)
        second = world.commit(web(3))
        engine.wake()
        world.synced(second)
        assert replicas(world) == 3
        assert not owns(world, ("spec", "replicas"))


def _conflict(world: World) -> Mapping[str, Any] | None:
    failed = world.status().get("failed") or []
    return failed[0] if failed else None


def test_first_contact_takes_over_only_from_managers_that_hand_over() -> None:
    world = World()
    theirs = config_map("a", {"key": "theirs"})
    world.admin.apply(manifests.manifest(manifests.namespace("app")), force=True)
    world.cluster.client("kustomize-controller").apply(manifests.manifest(theirs), force=True)
    world.commit(config_map("a"))
    with world.running() as engine:
        eventually(lambda: _conflict(world) is not None, "the conflict")
        assert world.data("a") == {"key": "theirs"}
        rules(world, adopt=(AdoptRule(managers=("helm-controller",)),))
        world.commit(config_map("a"))
        engine.wake()
        eventually(lambda: world.status()["commit"] == world.source.tip, "the second")
        assert world.data("a") == {"key": "theirs"}
        rules(world, adopt=(AdoptRule(managers=("kustomize-controller",), kind="ConfigMap"),))
        third = world.commit(config_map("a"))
        engine.wake()
        world.synced(third)
        assert world.data("a") == {"key": "value"}
        dropped = world.commit(config_map("a", {}))
        engine.wake()
        world.synced(dropped)
        assert not world.data("a")  # nobody keeps the key alive
