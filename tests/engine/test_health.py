"""Health over the embedded cluster: what is read for it, what waits for it, and what is told.

Nothing rolls out there by itself: each test writes the status that a controller would.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import orjson

from reconciler.engine import vitals
from reconciler.model.refs import Kind, ObjectRef
from reconciler.model.rendered import SiteSettings
from reconciler.model.rules import HealthRule
from reconciler.model.vital import PATIENCE
from tests import manifests
from tests.engine.world import World, eventually
from tests.manifests import config_map, deployment

DEPLOYMENT = Kind("apps", "v1", "Deployment")
POD = Kind("", "v1", "Pod")
WIDGET = Kind("example.org", "v1", "Widget")
KUBELET = "kubelet"


def gated(value: dict[str, Any], **notes: str) -> dict[str, Any]:
    """``value`` with annotations of ours; ``_`` stands for ``-``."""
    found = {f"fleet-reconciler.dev/{key.replace('_', '-')}": text for key, text in notes.items()}
    return {**value, "metadata": {**value["metadata"], "annotations": found}}


def set_status(world: World, ref: ObjectRef, status: Mapping[str, Any]) -> None:
    world.cluster.edit(ref, {"status": status}, manager="controller", subresource="status")


def roll_out(world: World, name: str, ready: int = 1, **status: Any) -> None:
    """What the controller writes."""
    found = world.admin.read(DEPLOYMENT, "app", name)
    assert found is not None
    seen = found["metadata"]["generation"]
    counts = dict.fromkeys(("replicas", "updatedReplicas"), 1)
    counts |= dict.fromkeys(("availableReplicas", "readyReplicas"), ready)
    set_status(
        world,
        ObjectRef("apps", "Deployment", "app", name),
        {"observedGeneration": seen, **counts, **status},
    )


def make_pod(world: World, name: str, status: Mapping[str, Any]) -> None:
    """A Pod of the Deployment ``web``, as the kubelet leaves it."""
    value = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "app", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "main", "image": "app:1"}]},
    }
    world.admin.apply(
        dataclasses.replace(manifests.manifest(value), body=orjson.dumps(value)), force=True
    )
    set_status(world, ObjectRef("", "Pod", "app", name), status)


def reads(world: World) -> int:
    """Single objects, workloads or custom ones, that the agent has read."""
    kinds = ("Deployment", "Widget")
    asked = world.client.requests
    return sum(n for (verb, kind), n in asked.items() if verb == "get" and kind.kind in kinds)


def unhealthy(world: World) -> list[tuple[str, str, str]]:
    rows = world.status().get("unhealthy", [])
    return [(row["object"], row["health"], row["reason"]) for row in rows]


def marked(world: World, commit: str) -> None:
    """Wait until the inventory has it as the last healthy commit."""
    told(world, commit=commit, health="Healthy")
    world.clock.skip(10)
    eventually(lambda: world.inventory().healthy == commit, "the mark")


def told(world: World, **words: str) -> None:
    def look() -> bool:
        return all(world.status().get(key) == word for key, word in words.items())

    eventually(look, f"{words} in {world.status()}")


def test_a_deployment_goes_from_progressing_to_healthy_and_the_commit_is_marked() -> None:
    world = World()
    commit = world.commit(deployment("web"))
    with world.running():
        world.synced(commit)
        told(world, sync="Synced", state="Synced", health="Progressing")
        assert unhealthy(world) == [("Deployment.apps/app/web", "Progressing", "RolloutInProgress")]
        assert world.inventory().healthy == ""
        roll_out(world, "web", ready=0)
        eventually(lambda: "0 of 1 replicas are available" in str(world.status()), "the reason")
        roll_out(world, "web")
        marked(world, commit)
        assert not unhealthy(world)
        assert world.state.commits[commit].keys() >= {"synced", "healthy"}
        assert world.state.meta("healthy") == commit


def test_a_site_of_objects_without_health_is_healthy_and_nothing_is_read_for_it() -> None:
    world = World()
    commit = world.commit(config_map("a"))
    with world.running():
        told(world, sync="Synced", health="Healthy")
        marked(world, commit)
    assert reads(world) == 0


def test_one_status_is_read_once_and_a_site_at_rest_reads_nothing() -> None:
    world = World()
    commit = world.commit(deployment("web"))
    with world.running():
        told(world, health="Progressing")
        before = reads(world)
        roll_out(world, "web")
        told(world, health="Healthy")
        assert reads(world) - before == 1
        marked(world, commit)
        at_rest = asked(world)
        world.clock.skip(7200)  # the reporter's hourly look included
        roll_out(world, "web")  # which changes nothing, so that no event comes of it
        world.cluster.edit(
            ref("web"), {"metadata": {"labels": {"theirs": "1"}}}, manager="somebody"
        )
        eventually(lambda: reads(world) - before == 2, "the look at what changed")
        assert asked(world) == at_rest


def ref(name: str) -> ObjectRef:
    return ObjectRef("apps", "Deployment", "app", name)


def asked(world: World) -> dict[tuple[str, Kind], int]:
    """Requests, without watches, looks at a Deployment, and events, which have a thread."""
    return {
        key: n
        for key, n in world.client.requests.items()
        if key[0] != "watch" and key[1].kind not in ("Event", "Deployment")
    }


def test_a_restart_looks_at_everything_and_tells_nothing_new() -> None:
    world = World()
    world.commit(deployment("web"))
    with world.running():
        told(world, health="Progressing")
        roll_out(world, "web", conditions=[_deadline()])
        told(world, health="Degraded", state="Degraded", reason="Stalled")
    before = world.site(), world.state.meta("note-queued")
    world.clock.skip(100)
    assert world.once() == (True, True)
    assert (world.site(), world.state.meta("note-queued")) == before


def _deadline() -> dict[str, str]:
    return {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}


def test_a_deadline_that_the_controller_tells_is_stalled_and_ends_with_the_next_rollout() -> None:
    world = World()
    commit = world.commit(deployment("web"))
    with world.running():
        world.synced(commit)
        roll_out(world, "web", ready=0, conditions=[_deadline()])
        told(world, sync="Synced", health="Degraded", state="Degraded", reason="Stalled")
        assert unhealthy(world) == [
            ("Deployment.apps/app/web", "Degraded", "ProgressDeadlineExceeded")
        ]
        (ready, _, synced, healthy) = world.status()["conditions"]
        assert (ready["status"], synced["status"], healthy["status"]) == ("False", "True", "False")
        assert "progressDeadlineSeconds" in healthy["message"]
        roll_out(world, "web", conditions=[])
        told(world, health="Healthy", state="Synced")


def test_what_does_not_get_on_is_stalled_after_its_patience_though_nothing_says_so() -> None:
    world = World()
    world.commit(deployment("web"))
    with world.running():
        told(world, health="Progressing")
        before = reads(world)
        world.clock.skip(PATIENCE + 1)
        told(world, health="Degraded", reason="Stalled")
        assert reads(world) == before
        assert "no progress for 15m" in world.status()["message"]


def test_pods_say_why_a_workload_is_not_getting_on() -> None:
    world = World()
    world.commit(deployment("web"))
    image = {"waiting": {"reason": "ErrImagePull", "message": "manifest unknown"}}
    with world.running():
        told(world, health="Progressing")
        roll_out(world, "web", ready=0)
        container = {"name": "main", "image": "app:1", "ready": False, "restartCount": 0}
        make_pod(world, "web-1", {"phase": "Pending", "containerStatuses": [container]})
        set_status(
            world,
            ObjectRef("", "Pod", "app", "web-1"),
            {"containerStatuses": [{**container, "state": image}]},
        )
        told(world, health="Degraded", reason="Stalled")
        assert 'pod web-1: container main cannot pull image "app:1"' in world.status()["message"]
        world.delete(POD, "web-1")
        told(world, health="Progressing")
        roll_out(world, "web")
        told(world, health="Healthy")


def test_what_no_node_takes_is_slow_at_first_and_then_stalled() -> None:
    world = World()
    world.commit(deployment("web"))
    unplaced = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/1 nodes are available: 1 Insufficient cpu.",
    }
    with world.running():
        told(world, health="Progressing")
        roll_out(world, "web", ready=0)
        make_pod(world, "web-1", {"phase": "Pending", "conditions": [unplaced]})
        eventually(lambda: "Unschedulable" in str(unhealthy(world)), "the scheduler's word")
        world.clock.skip(16)
        told(world, health="Degraded", reason="Stalled")
        assert "1 Insufficient cpu." in world.status()["message"]


def test_what_depends_on_an_object_waits_until_that_is_healthy() -> None:
    world = World()
    behind = gated(config_map("behind"), depends_on="Deployment.apps/app/web")
    commit = world.commit(deployment("web"), behind, config_map("beside"))
    with world.running():
        told(world, sync="Progressing", reason="Waiting")
        assert world.data("beside") and world.data("behind") is None
        (row,) = world.status()["waiting"]
        assert (row["object"], row["objects"]) == ("Deployment.apps/app/web", 1)
        assert world.status()["message"].startswith("1 object waits for Deployment.apps/app/web: ")
        assert world.status()["objects"]["held"] == 1
        roll_out(world, "web", ready=0)
        assert world.data("behind") is None
        roll_out(world, "web")
        world.synced(commit)
        told(world, sync="Synced", health="Healthy")
        assert world.data("behind") and "waiting" not in world.status()


def test_wait_holds_all_later_waves_and_nothing_of_its_own() -> None:
    world = World()
    later = gated(config_map("later"), wave="1")
    late = gated(config_map("late"), wave="2", depends_on="ConfigMap/app/later")
    commit = world.commit(gated(deployment("web"), wait="true"), deployment("peer"), later, late)
    with world.running():
        told(world, reason="Waiting")
        (row,) = world.status()["waiting"]
        assert (row["object"], row["objects"]) == ("Deployment.apps/app/web", 2)
        assert world.admin.read(DEPLOYMENT, "app", "peer") and world.data("later") is None
        roll_out(world, "web")
        world.synced(commit)
        assert world.data("later") and world.data("late")


def test_an_update_waits_for_the_new_rollout_and_not_for_the_old_one() -> None:
    world = World()
    behind = gated(config_map("behind"), depends_on="Deployment.apps/app/web")
    first = world.commit(deployment("web"), behind)
    with world.running() as engine:
        told(world, reason="Waiting")
        roll_out(world, "web")
        world.synced(first)
        new = gated(config_map("behind", {"key": "new"}), depends_on="Deployment.apps/app/web")
        second = world.commit(deployment("web", image="app:2"), new)
        engine.wake()
        told(world, commit=second, reason="Waiting")
        assert world.data("behind") == {"key": "value"}
        roll_out(world, "web")
        world.synced(second)
        assert world.data("behind") == {"key": "new"}


def test_a_wave_whose_deadline_passes_is_stalled_and_goes_on_all_the_same_later() -> None:
    world = World()
    behind = gated(config_map("behind"), depends_on="Deployment.apps/app/web")
    commit = world.commit(deployment("web"), behind)
    with world.running():
        told(world, reason="Waiting")
        writes = world.writes()
        world.clock.skip(vitals.DEADLINE + 1)
        told(world, state="Failed", sync="Failed", reason="Stalled")
        assert world.writes() == writes and world.data("behind") is None
        roll_out(world, "web")
        world.synced(commit)
        told(world, state="Synced", health="Healthy")


def test_what_stalls_before_the_deadline_is_told_at_once() -> None:
    world = World()
    behind = gated(config_map("behind"), depends_on="Deployment.apps/app/web")
    world.commit(deployment("web"), behind)
    with world.running():
        told(world, reason="Waiting")
        roll_out(world, "web", ready=0, conditions=[_deadline()])
        told(world, sync="Failed", reason="Stalled")


def test_a_commit_that_needs_no_waiting_ends_the_wait() -> None:
    world = World()
    behind = gated(config_map("behind"), depends_on="Deployment.apps/app/web")
    world.commit(deployment("web"), behind)
    with world.running() as engine:
        told(world, reason="Waiting")
        second = world.commit(deployment("web"), config_map("behind"))
        engine.wake()
        world.synced(second)
        told(world, sync="Synced", health="Progressing")


def _widgets() -> dict[str, Any]:
    value = manifests.definition("example.org", "Widget")
    value["spec"]["versions"][0]["subresources"] = {"status": {}}
    return value


def _widget(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "example.org/v1",
        "kind": "Widget",
        "metadata": {"name": name, "namespace": "app"},
        "spec": {"size": 1, **spec},
    }


def test_custom_resources_are_judged_by_their_conditions_and_generation() -> None:
    world = World()
    commit = world.commit(_widgets(), _widget("w"))
    ref = ObjectRef("example.org", "Widget", "app", "w")
    with world.running():
        world.synced(commit)
        ready = {"type": "Ready", "status": "False", "reason": "NoDisk", "message": "no disk"}
        set_status(world, ref, {"conditions": [ready]})
        told(world, health="Progressing")
        assert unhealthy(world) == [("Widget.example.org/app/w", "Progressing", "NoDisk")]
        stalled = {"type": "Stalled", "status": "True", "reason": "Broken", "message": "broken"}
        set_status(world, ref, {"conditions": [stalled]})
        told(world, health="Degraded", reason="Stalled")
        set_status(world, ref, {"conditions": [{**ready, "status": "True"}]})
        told(world, health="Healthy")


def test_the_fleets_own_rule_for_a_kind_comes_before_the_general_one() -> None:
    world = World()
    rule = HealthRule(
        api_version="example.org/v1",
        kind="Widget",
        current="status.phase == 'Done'",
        failed="status.phase == 'Broken'",
    )
    world.renderer.settings = SiteSettings(fleet="test", labels={}, health=(rule,))
    commit = world.commit(_widgets(), _widget("w"))
    ref = ObjectRef("example.org", "Widget", "app", "w")
    with world.running():
        world.synced(commit)
        told(world, health="Progressing")
        set_status(world, ref, {"phase": "Broken"})
        told(world, health="Degraded")
        set_status(world, ref, {"phase": "Done"})
        told(world, health="Healthy")


def test_an_object_that_was_deleted_and_made_again_is_looked_at_anew() -> None:
    world = World()
    commit = world.commit(deployment("web"))
    with world.running():
        world.synced(commit)
        roll_out(world, "web")
        told(world, health="Healthy")
        world.delete(DEPLOYMENT, "web")
        told(world, health="Progressing")
        roll_out(world, "web")
        told(world, health="Healthy")


def test_what_was_pruned_is_of_no_more_interest() -> None:
    world = World()
    world.commit(deployment("web"), config_map("a"))
    with world.running() as engine:
        told(world, health="Progressing")
        commit = world.commit(config_map("a"))
        engine.wake()
        world.synced(commit)
        told(world, health="Healthy")
        assert not unhealthy(world)
