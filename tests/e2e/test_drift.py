"""Drift: seen from ownership, put right from the bytes in state, at no cost while all is well."""

from __future__ import annotations

from typing import Any

from tests.e2e.fleet import config_map
from tests.e2e.process import Agent, eventually
from tests.e2e.world import APPLY, World


def uid(found: dict[str, Any] | None) -> str:
    assert found is not None
    return str(found["metadata"]["uid"])


def requests(world: World, since: int) -> list[Any]:
    """What the agent asked of the API server after the first ``since`` requests."""
    return list(world.plane.audit(user="serviceaccount:fleet-system:fleet-reconciler")[since:])


def made(world: World) -> list[Any]:
    """How often the API server made a Job for the agent."""
    return [r for r in requests(world, 0) if r.resource == "jobs" and r.status == 201]


def settled(world: World, agent: Agent) -> int:
    """Wait until the agent is ready and its note is out; how many requests that took."""
    world.synced(agent)
    eventually(lambda: agent.get("/readyz")[0] == 200, "readiness")
    eventually(lambda: agent.said("note.pushed"), "the note")
    return len(requests(world, 0))


def test_edits_heal_without_a_list_and_without_a_poll(world: World) -> None:
    with world.running("--metrics-address", "127.0.0.1:0") as agent:
        before = settled(world, agent)
        world.edit("configmaps", "settings", {"data": {"rate": "1"}})
        eventually(lambda: (world.data("settings") or {}).get("rate") == "30", "the healed rate")
        image = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "x"}]}}}}
        world.edit("apps/v1/deployments", "camera", image)

        def healed() -> bool:
            found = world.get("apps/v1/deployments", "camera")
            assert found is not None
            return bool(found["spec"]["template"]["spec"]["containers"][0]["image"] == "camera:1")

        eventually(healed, "the healed image")
        eventually(lambda: len(agent.events("drift.corrected")) == 2, "two corrections")
        asked = [r for r in requests(world, before) if r.verb not in ("patch", "create")]
        assert [(r.verb, r.uri) for r in asked] == []
        patched = [
            r for r in requests(world, before) if r.resource in ("configmaps", "deployments")
        ]
        assert {(r.verb, r.name) for r in patched} == {("patch", "settings"), ("patch", "camera")}


def test_a_deleted_object_is_made_again(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        before = uid(world.get("configmaps", "settings"))
        world.delete("configmaps", "settings")
        eventually(lambda: world.get("configmaps", "settings"), "the object")
        agent.wait("drift.corrected", change="deleted")
        after = uid(world.get("configmaps", "settings"))
        assert after != before

        def inventory() -> str:
            path = "/api/v1/namespaces/fleet-system/configmaps/fleet-inventory-0"
            return str(world.plane.request("GET", path)[1]["data"]["objects"])

        eventually(lambda: after in inventory() and before not in inventory(), "the new uid")


def test_fields_that_others_own_are_left_alone(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        world.edit("configmaps", "settings", {"data": {"theirs": "x"}})
        labels = {"metadata": {"labels": {"team": "x"}, "annotations": {"note": "y"}}}
        world.edit("apps/v1/deployments", "camera", labels)
        # A correction of ours after all that shows that it was seen.
        world.edit("configmaps", "settings", {"data": {"rate": "2"}})
        eventually(lambda: (world.data("settings") or {}).get("rate") == "30", "the healed rate")
        assert world.data("settings") == {"rate": "30", "mode": "quiet", "theirs": "x"}
        found = world.get("apps/v1/deployments", "camera")
        assert found is not None and found["metadata"]["labels"]["team"] == "x"
        corrected = [event["ref"] for event in agent.events("drift.corrected")]
        assert corrected == [f"ConfigMap/{world.namespace}/settings"]


def test_a_field_that_others_took_is_pruned_once_the_commit_drops_it(world: World) -> None:
    """Edited away and back, the field has a co-owner that would keep it alive."""
    with world.running() as agent:
        world.synced(agent)
        world.edit("configmaps", "settings", {"data": {"rate": "1"}})
        agent.wait("drift.corrected")
        app = world.fleet.files["bases/app/app.yaml"]
        world.fleet.files["bases/app/app.yaml"] = app.replace('rate: "30", ', "")
        world.fleet.commit()
        world.synced(agent)
        assert world.data("settings") == {"mode": "quiet"}


def test_an_applier_that_forces_its_value_loses_it_again(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        path = f"{world.path('configmaps', 'settings')}?fieldManager=their-tool&force=true"
        wanted = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "settings"},
            "data": {"rate": "7"},
        }
        assert world.plane.request("PATCH", path, wanted, APPLY)[0] == 200
        eventually(lambda: (world.data("settings") or {}).get("rate") == "30", "the healed rate")


def test_what_was_done_while_the_agent_was_away_is_put_right_when_it_is_back(world: World) -> None:
    assert world.once()[0] == 0
    world.edit("configmaps", "settings", {"data": {"rate": "1"}})
    world.delete("apps/v1/deployments", "camera")
    with world.running() as agent:
        agent.wait("drift.corrected", change="edited")
        agent.wait("drift.corrected", change="deleted")
        assert world.data("settings") == {"rate": "30", "mode": "quiet"}
        eventually(lambda: world.get("apps/v1/deployments", "camera"), "the deployment")


def test_an_api_server_that_dies_is_followed_again(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        world.plane.kill_api_server()
        world.plane.start_api_server()
        world.edit("configmaps", "settings", {"data": {"rate": "1"}})
        eventually(lambda: (world.data("settings") or {}).get("rate") == "30", "healing", 60)
        world.fleet.extra(config_map("after"))
        eventually(lambda: world.data("after"), "the next commit", 60)
        assert agent.process.poll() is None


def test_a_finished_job_that_was_cleaned_up_is_made_again_only_when_it_changes(
    world: World,
) -> None:
    # The Job controller finishes a Job of nothing at once, and the TTL controller removes it.
    job = """\
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  completions: 0
  ttlSecondsAfterFinished: 0
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: main, image: "job:1"}
"""
    world.fleet.extra(job)
    with world.running() as agent:
        world.synced(agent)
        eventually(lambda: world.get("batch/v1/jobs", "once") is None, "the job gone", 60)
        # Later drift that is put right shows that the deletion was seen before it.
        world.delete("configmaps", "settings")
        agent.wait("drift.corrected", ref=f"ConfigMap/{world.namespace}/settings")
        assert not agent.said("drift.corrected", ref=f"Job.batch/{world.namespace}/once")
        assert world.get("batch/v1/jobs", "once") is None
        before = len(made(world))
        world.fleet.extra(job.replace("job:1", "job:2"))
        world.synced(agent)
        assert len(made(world)) == before + 1
