"""Drift: seen from ownership, put right from the bytes in state, at no cost while all is well."""

from __future__ import annotations

import itertools
import json
import shutil
from typing import Any

import pytest

from tests.e2e import process
from tests.e2e.fleet import config_map
from tests.e2e.process import Agent, eventually
from tests.e2e.world import APPLY, MERGE, World

BOTH = pytest.mark.parametrize("world", ["cluster", "scoped"], indirect=True)


def uid(found: dict[str, Any] | None) -> str:
    assert found is not None
    return str(found["metadata"]["uid"])


def requests(world: World, since: int) -> list[Any]:
    """What the agent asked of the API server after the first ``since`` requests."""
    return list(world.plane.audit(user="serviceaccount:fleet-system:fleet-reconciler")[since:])


def others_writes(world: World, name: str) -> list[Any]:
    """What others than the agent wrote of a Deployment, its status included."""
    return [
        r
        for r in world.plane.audit()
        if (r.resource, r.namespace, r.name) == ("deployments", world.namespace, name)
        and r.verb in ("patch", "update")
        and "fleet-reconciler" not in r.user
    ]


def made(world: World) -> list[Any]:
    """How often the API server made a Job for the agent."""
    return [r for r in requests(world, 0) if r.resource == "jobs" and r.status == 201]


def settled(world: World, agent: Agent) -> int:
    """Wait until the agent is ready and its note is out; how many requests that took."""
    world.synced(agent)
    eventually(lambda: agent.get("/readyz")[0] == 200, "readiness")
    eventually(lambda: agent.said("note.pushed"), "the note")
    return len(requests(world, 0))


@BOTH
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
        asked = [r for r in requests(world, before) if r.resource in ("configmaps", "deployments")]
        pairs = {(verb, name) for verb in ("get", "patch") for name in ("settings", "camera")}
        assert {(r.verb, r.name) for r in asked} == pairs
        asked = [r for r in requests(world, before) if r.verb not in ("patch", "create")]
        # A rollout that is under way has its own Pods looked at, and no others.
        pods = [r for r in asked if r.resource == "pods"]
        assert len(pods) <= 4 and all("labelSelector=" in r.uri for r in pods)
        assert {r.namespace for r in pods} <= {world.namespace}
        reads = [r.name for r in asked if r.resource != "pods"]
        assert reads.count("settings") == 1  # each drift is read once, to be explained
        # And a Deployment once more for each status that its controller writes of it.
        assert set(reads) == {"settings", "camera"}
        assert 1 <= reads.count("camera") <= 1 + len(others_writes(world, "camera"))


@BOTH
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
        eventually(lambda: agent.said("drift.corrected"), "the correction, told")
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


@pytest.mark.parametrize("mode", ["correct", "warn"])
def test_an_object_whose_label_somebody_took_off_is_explained_and_not_said_to_be_deleted(
    world: World, mode: str
) -> None:
    rule = f"drift: [{{mode: {mode}, kind: ConfigMap, fields: [/metadata]}}]\n"
    world.fleet.files[f"{world.fleet.overlay}/site.yaml"] += rule
    world.fleet.commit()
    label = "fleet-reconciler.dev/site"
    with world.running() as agent:
        world.synced(agent)
        agent.wait("watch.listed", kind="ConfigMap")
        before = uid(world.get("configmaps", "settings"))
        theirs = {"metadata": {"labels": {label: "north.two"}}, "data": {"rate": "7"}}
        world.edit("configmaps", "settings", theirs)
        agent.wait("drift.corrected", change="edited")
        assert not agent.said("drift.corrected", change="deleted")
        assert world.data("settings") == {"rate": "30", "mode": "quiet"}
        found = world.get("configmaps", "settings")
        assert found and found["metadata"]["labels"][label] == "north.one"
        assert uid(found) == before
    done = process.reconciler("drift", "--state", str(world.state), "-o", "json")
    rows = {row["field"]: row for row in json.loads(done.stdout)["changes"]}
    assert rows["data.rate"]["manager"] == "meddler"
    assert rows[f'metadata.labels["{label}"]']["found"] == '"north.two"'


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


def test_a_deleted_site_object_comes_back(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        agent.wait("watch.listed", kind="Site.fleet-reconciler.dev")
        world.plane.request("DELETE", "/apis/fleet-reconciler.dev/v1alpha1/sites/north.one")
        eventually(lambda: world.status().get("state") == "Synced", "the site")


def test_an_inventory_that_is_deleted_or_edited_comes_back(world: World) -> None:
    path = "/api/v1/namespaces/fleet-system/configmaps/fleet-inventory-0"

    def objects() -> str:
        return str(world.plane.request("GET", path)[1].get("data", {}).get("objects", ""))

    with world.running() as agent:
        world.synced(agent)
        agent.wait("watch.listed", kind="ConfigMap")
        whole = objects()
        assert world.plane.request("DELETE", path)[0] == 200
        eventually(lambda: objects() == whole, "the inventory")
        world.plane.request("PATCH", path, {"data": {"objects": ""}}, MERGE)
        eventually(lambda: objects() == whole, "the inventory again")


def test_what_kubectl_made_is_taken_over_without_co_owners(world: World) -> None:
    """Controllers write status all the while, which makes many an eviction a conflict."""
    app = world.fleet.files["bases/app/app.yaml"]
    world.plane.kubectl("create", "namespace", world.namespace)
    names = [f"camera{number}" for number in range(20)]
    text = "".join(
        "---\n" + app.partition("---\n")[2].replace("name: camera}", f"name: {name}}}")
        for name in names
    )
    world.plane.kubectl("create", "-n", world.namespace, "-f", "-", stdin=text)
    world.fleet.extra(text)
    code, said = world.once()
    assert code == 0, said
    for name in names:
        found = world.get("apps/v1/deployments", name)
        assert found is not None
        owners = {
            entry["manager"]
            for entry in found["metadata"]["managedFields"]
            if '"f:image": {}' in json.dumps(entry)
        }
        assert owners == {"fleet-reconciler"}


def test_drift_that_cannot_be_put_right_is_told(world: World) -> None:
    assert world.once()[0] == 0
    world.edit("configmaps", "settings", {"data": {"rate": "1"}})
    name, root = f"frozen-{world.namespace}", "/apis/admissionregistration.k8s.io/v1"
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["UPDATE"],
        "resources": ["configmaps"],
    }
    here = {"matchLabels": {"kubernetes.io/metadata.name": world.namespace}}
    policy = {
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [rule], "namespaceSelector": here},
            "validations": [{"expression": "false", "message": "frozen"}],
        },
    }
    binding = {
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }
    policies, bindings = (
        f"{root}/validatingadmissionpolicies",
        f"{root}/validatingadmissionpolicybindings",
    )
    assert world.plane.request("POST", policies, policy)[0] == 201
    assert world.plane.request("POST", bindings, binding)[0] == 201
    serial = itertools.count()

    def is_frozen() -> bool:
        change = {"data": {"probe": str(next(serial))}}
        return (
            world.plane.request("PATCH", world.path("configmaps", "settings"), change, MERGE)[0]
            != 200
        )

    try:
        eventually(is_frozen, "the policy at work")
        code, said = world.once()
        assert code == 1, said
        assert world.status()["drift"]["open"] == 1
        assert world.status()["state"] == "Drifted"
    finally:
        world.plane.request("DELETE", f"{bindings}/{name}")
        world.plane.request("DELETE", f"{policies}/{name}")


def test_what_a_restore_of_etcd_took_back_is_put_right(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        agent.wait("note.pushed")
        backup = world.folder / "backup"
        with world.plane.stopped() as etcd:
            shutil.copytree(etcd, backup)
        app = world.fleet.files["bases/app/app.yaml"]
        world.fleet.files["bases/app/app.yaml"] = app.replace('"30"', '"15"')
        world.fleet.commit()
        world.synced(agent, seconds=90)
        for number in range(50):  # revisions that the backup does not have
            world.edit("configmaps", "settings", {"data": {"other": str(number)}})
        with world.plane.stopped() as etcd:
            shutil.rmtree(etcd)
            shutil.copytree(backup, etcd)
        eventually(lambda: (world.data("settings") or {}).get("rate") == "15", "the rate", 120)
