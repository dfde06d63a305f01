"""What a commit dropped, on a real API server: held, allowed, deleted in order, or left alone."""

from __future__ import annotations

from typing import Any

from tests.e2e.fleet import config_map
from tests.e2e.process import Agent, eventually
from tests.e2e.world import World

ALLOW = "Let them go\n\nFleet-Allow-Prune: all\n"
FIVE = "---\n".join(config_map(f"c{number}") for number in range(5))
MERGE = "application/merge-patch+json"


def held(world: World) -> set[str]:
    return {row["object"] for row in world.status().get("held", ())}


def blocked(world: World, agent: Agent) -> None:
    try:
        eventually(lambda: world.status().get("reason") == "PruneHeld", "a held commit")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{agent.tail()}") from None
    assert world.status()["state"] == "Blocked"


def terminating(world: World) -> bool:
    return "being deleted" in world.status().get("message", "")


def test_a_renamed_overlay_is_applied_beside_the_old_objects_until_their_deletion_is_allowed(
    world: World,
) -> None:
    world.fleet.extra(FIVE)
    overlay = f"{world.fleet.overlay}/kustomization.yaml"
    with world.running() as agent:
        world.synced(agent)
        world.fleet.files[overlay] += "nameSuffix: -v2\n"
        world.fleet.commit()
        blocked(world, agent)
        assert world.get("configmaps", "c0-v2") and world.get("configmaps", "c0")
        assert world.get("apps/v1/deployments", "camera")
        assert len(held(world)) == 7
        world.fleet.commit(ALLOW)
        world.synced(agent)
        assert world.get("configmaps", "c0") is None and world.get("configmaps", "c0-v2")
        assert world.status()["state"] == "Synced" and not held(world)


def test_a_changed_namespace_deletes_nothing_unasked(world: World) -> None:
    old, new = world.namespace, f"{world.namespace}-new"
    files = [f"{world.fleet.overlay}/{name}" for name in ("kustomization.yaml", "extra.yaml")]
    try:
        with world.running() as agent:
            world.synced(agent)
            for name in files:
                world.fleet.files[name] = world.fleet.files[name].replace(old, new)
            world.fleet.commit()
            blocked(world, agent)
            assert held(world) == {
                f"Namespace/{old}",
                f"ConfigMap/{old}/settings",
                f"Deployment.apps/{old}/camera",
            }
            assert world.get("configmaps", "settings")
            path = f"/api/v1/namespaces/{new}/configmaps/settings"
            assert world.plane.request("GET", path)[0] == 200
    finally:
        world.plane.request("DELETE", f"/api/v1/namespaces/{new}")


def test_a_base_that_was_lost_deletes_nothing_unasked(world: World) -> None:
    world.fleet.files["bases/app/app.yaml"] += f"---\n{FIVE}"
    world.fleet.commit()
    with world.running() as agent:
        world.synced(agent)
        world.fleet.files["bases/app/kustomization.yaml"] = (
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n"
        )
        world.fleet.commit()
        eventually(lambda: world.status().get("commit") == world.fleet.head, "a look at it")
        eventually(lambda: world.status()["state"] in ("Blocked", "Failed"), "a report")
        assert all(world.get("configmaps", f"c{number}") for number in range(5))
        assert world.get("apps/v1/deployments", "camera")


def test_a_site_that_was_emptied_keeps_what_it_has_whatever_is_allowed(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        world.fleet.files[f"{world.fleet.overlay}/kustomization.yaml"] = (
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n"
        )
        world.fleet.commit(ALLOW)
        eventually(lambda: world.status().get("commit") == world.fleet.head, "a look at it")
        eventually(lambda: world.status()["state"] in ("Blocked", "Failed"), "a report")
        assert world.get("configmaps", "settings") and world.get("apps/v1/deployments", "camera")


def test_a_finalizer_that_is_stuck_is_told_and_its_end_is_seen(world: World) -> None:
    first = config_map("kept").replace("{name: kept}", "{name: kept, finalizers: [example.com/x]}")
    world.fleet.extra(first)
    with world.running() as agent:
        world.synced(agent)
        before = world.fleet.head
        commit = world.fleet.extra(config_map("other"))
        eventually(lambda: terminating(world), "the wait")
        assert (world.status()["state"], world.status()["applied"]) == ("Progressing", before)
        world.edit("configmaps", "kept", {"metadata": {"finalizers": None}})
        world.synced(agent, commit)
        assert world.get("configmaps", "kept") is None


def test_an_object_whose_label_was_removed_or_that_is_another_one_is_left_alone(
    world: World,
) -> None:
    world.fleet.extra(f"{config_map('mine')}---\n{config_map('theirs')}")
    assert world.once()[0] == 0
    label = {"metadata": {"labels": {"fleet-reconciler.dev/site": None}}}
    world.edit("configmaps", "mine", label)
    world.delete("configmaps", "theirs")
    made = {"metadata": {"name": "theirs"}, "data": {"key": "another"}}
    assert world.plane.request("POST", world.path("configmaps"), made)[0] == 201
    world.fleet.extra(config_map("other"))
    code, said = world.once()
    assert code == 0, said
    assert world.data("mine") == {"key": "v"} and world.data("theirs") == {"key": "another"}
    assert said.count('"name":"object.released"') == 2 or said.count("object.released") == 2


def test_an_object_goes_after_what_it_owns_and_before_what_it_needs(world: World) -> None:
    """The Pods of a Deployment hold up the ConfigMap that they read."""
    app = world.fleet.files["bases/app/app.yaml"]
    with world.running() as agent:
        world.synced(agent)
        pods = eventually(lambda: _pods(world), "a pod")
        hold = {"metadata": {"finalizers": ["example.com/hold"]}}
        world.edit("pods", pods[0], hold)
        world.fleet.files["bases/app/app.yaml"] = config_map("left")
        world.fleet.commit()
        eventually(lambda: terminating(world), "the wait")
        camera = world.get("apps/v1/deployments", "camera")
        assert camera is not None and camera["metadata"]["deletionTimestamp"]
        settings = world.get("configmaps", "settings")
        assert settings is not None and "deletionTimestamp" not in settings["metadata"]
        world.edit("pods", pods[0], {"metadata": {"finalizers": None}})
        world.synced(agent)
        assert world.get("configmaps", "settings") is None
        assert world.get("apps/v1/deployments", "camera") is None
    assert "camera" in app


def _pods(world: World) -> list[str]:
    _, answer = world.plane.request("GET", world.path("pods"))
    return [item["metadata"]["name"] for item in answer.get("items", ())]


DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.GROUP}
spec:
  group: GROUP
  scope: Namespaced
  names: {kind: Lamp, plural: lamps, singular: lamp}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
LAMP = "---\napiVersion: GROUP/v1\nkind: Lamp\nmetadata: {name: hall}\nspec: {lit: true}\n"


def test_a_definition_and_its_objects_go_in_one_commit_once_that_is_allowed(world: World) -> None:
    group = f"{world.namespace}.example.com"
    world.fleet.extra((DEFINITION + LAMP).replace("GROUP", group))
    with world.running() as agent:
        world.synced(agent)
        world.fleet.extra(config_map("other"))
        blocked(world, agent)
        assert held(world) == {
            f"CustomResourceDefinition.apiextensions.k8s.io/lamps.{group}",
            f"Lamp.{group}/{world.namespace}/hall",
        }
        world.fleet.commit(ALLOW)
        world.synced(agent)
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/lamps.{group}"
        assert world.plane.request("GET", path)[0] == 404


def test_a_namespace_that_takes_its_time_is_waited_for(world: World) -> None:
    other = f"{world.namespace}-other"
    # An object of somebody else's, which its finalizer keeps.
    theirs: dict[str, Any] = {"metadata": {"name": "theirs", "finalizers": ["example.com/x"]}}
    maps = f"/api/v1/namespaces/{other}/configmaps"
    files, overlay = world.fleet.files, world.fleet.overlay
    files["bases/north-one/kustomization.yaml"] = files[f"{overlay}/kustomization.yaml"].replace(
        "../../../bases/app", "../app"
    )
    files["bases/north-one/extra.yaml"] = files.pop(f"{overlay}/extra.yaml")
    without = "resources: [../../../bases/north-one]\n"
    files[f"{overlay}/kustomization.yaml"] = without.replace("]", ", other.yaml]")
    files[f"{overlay}/other.yaml"] = (
        f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {other}}}\n"
    )
    world.fleet.commit()
    with world.running() as agent:
        world.synced(agent)
        assert world.plane.request("POST", maps, theirs)[0] == 201
        files[f"{overlay}/kustomization.yaml"] = without
        world.fleet.commit(ALLOW)
        eventually(lambda: terminating(world), "the wait")
        world.plane.request("PATCH", f"{maps}/theirs", {"metadata": {"finalizers": None}}, MERGE)
        world.synced(agent)
        assert world.plane.request("GET", f"/api/v1/namespaces/{other}")[0] == 404


def test_a_generated_object_goes_when_nobody_who_is_rolled_out_needs_it(world: World) -> None:
    overlay = f"{world.fleet.overlay}/kustomization.yaml"
    before = world.fleet.files[overlay]
    app = world.fleet.files["bases/app/app.yaml"]
    world.fleet.files["bases/app/app.yaml"] = app.replace(
        'image: "camera:1"}', 'image: "camera:1", envFrom: [{configMapRef: {name: env}}]}'
    )

    def generated(value: str) -> str:
        made = f"configMapGenerator: [{{name: env, literals: [key={value}]}}]\n"
        world.fleet.files[overlay] = before + made
        return world.fleet.commit()

    def maps() -> list[str]:
        _, answer = world.plane.request("GET", world.path("configmaps"))
        names = (item["metadata"]["name"] for item in answer["items"])
        return [name for name in names if name.startswith("env-")]

    generated("one")
    with world.running() as agent:
        world.synced(agent)
        (first,) = maps()
        generated("two")
        world.synced(agent)
        assert len(maps()) == 2, "Pods of the old ReplicaSet may still start"
        _roll_out(world)
        eventually(lambda: first not in maps(), "the old one gone")
        assert len(maps()) == 1


def _roll_out(world: World) -> None:
    """What kubelets and controllers would bring about: Pods of the new template, and no others."""

    def done() -> bool:
        for name in _pods(world):
            status = {
                "status": {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}
            }
            world.plane.request("PATCH", world.path("pods", name) + "/status", status, MERGE)
        found = world.get("apps/v1/deployments", "camera")
        status = (found or {}).get("status", {})
        return bool(status.get("availableReplicas") == 1 and status.get("replicas") == 1)

    eventually(done, "the rollout")
