"""Health on a real API server with its controllers; what a kubelet or an operator would write of
status, the tests write."""

from __future__ import annotations

from typing import Any

from tests.controlplane.audit import Request
from tests.e2e.fleet import config_map
from tests.e2e.process import Agent, eventually
from tests.e2e.world import MERGE, World

CAMERA = "Deployment.apps/{}/camera"
SLOW = "  replicas: 1\n"
WIDGETS = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: gauges.{group}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{kind: Gauge, plural: gauges, singular: gauge, listKind: GaugeList}}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {{status: {{}}}}
    schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
---
apiVersion: {group}/v1
kind: Gauge
metadata: {{name: one}}
spec: {{size: 1}}
"""


def told(world: World, agent: Agent, **words: str) -> None:
    """Wait until the Site object says so."""

    def look() -> bool:
        status = world.status()
        return all(status.get(key) == word for key, word in words.items())

    try:
        eventually(look, str(words), 40)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{world.status()}\n{agent.tail()}") from None


def set_status(world: World, plural: str, name: str, status: dict[str, Any]) -> None:
    path = f"{world.path(plural, name)}/status?fieldManager=kubelet"
    code, answer = world.plane.request("PATCH", path, {"status": status}, MERGE)
    assert code == 200, answer


def pod_of(world: World) -> str:
    """The name of the Deployment's Pod, once the controllers have made it."""

    def look() -> str:
        _, answer = world.plane.request("GET", world.path("pods"))
        live = (item["metadata"] for item in answer["items"])
        return next((str(each["name"]) for each in live if "deletionTimestamp" not in each), "")

    return str(eventually(look, "a Pod"))


def run_pod(world: World) -> None:
    """As a kubelet that has started it."""
    ready = {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}
    set_status(world, "pods", pod_of(world), {**ready, "containerStatuses": None})


def container(**more: Any) -> dict[str, Any]:
    shown = {"name": "main", "image": "camera:1", "imageID": "", "ready": False, "restartCount": 0}
    return {"containerStatuses": [{**shown, **more}]}


def unhealthy(world: World) -> list[tuple[str, str, str]]:
    rows = world.status().get("unhealthy", [])
    return [(row["object"], row["health"], row["reason"]) for row in rows]


def marked(world: World) -> str:
    """The last healthy commit, as the inventory says."""
    path = "/api/v1/namespaces/fleet-system/configmaps/fleet-inventory-0"
    return str(world.plane.request("GET", path)[1].get("data", {}).get("healthy", ""))


def impatient(world: World, seconds: int = 1) -> None:
    """A deadline that the Deployment's controller itself keeps."""
    app = world.fleet.files["bases/app/app.yaml"]
    late = f"{SLOW}  progressDeadlineSeconds: {seconds}\n"
    world.fleet.files["bases/app/app.yaml"] = app.replace(SLOW, late)


def behind(world: World, name: str = "behind") -> str:
    """A ConfigMap that depends on the Deployment."""
    notes = f"annotations: {{fleet-reconciler.dev/depends-on: {CAMERA.format(world.namespace)}}}"
    return config_map(name).replace(f"{{name: {name}}}", f"{{name: {name}, {notes}}}")


def test_a_deployment_goes_from_progressing_to_healthy(world: World) -> None:
    camera = CAMERA.format(world.namespace)
    configuration = world.folder / "config.yaml"
    configuration.write_text("status: {interval: 0s}\n")
    with world.running("--interval", "1h", "--config", str(configuration)) as agent:
        world.synced(agent)
        told(world, agent, sync="Synced", state="Synced", health="Progressing")
        assert [(name, health) for name, health, _ in unhealthy(world)] == [(camera, "Progressing")]
        assert marked(world) == ""
        run_pod(world)
        told(world, agent, health="Healthy")
        eventually(lambda: marked(world) == world.fleet.head, "the mark")
        assert not unhealthy(world)
        conditions = {each["type"]: each["status"] for each in world.status()["conditions"]}
        assert conditions["Healthy"] == "True"
        eventually(lambda: "health: Healthy" in world.fleet.note(), "the note")


def asked(world: World) -> list[Request]:
    """The agent's requests so far, but watches."""
    found = world.plane.audit(user="serviceaccount:fleet-system:fleet-reconciler")
    return [each for each in found if each.verb != "watch"]


def test_one_read_for_a_status_and_none_at_rest(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        run_pod(world)
        told(world, agent, health="Healthy")
        eventually(lambda: marked(world) == world.fleet.head, "the mark")
        eventually(lambda: agent.said("note.pushed"), "the note")
        before = {each.id for each in asked(world)}
        label = {"metadata": {"labels": {"theirs": "1"}}}  # no drift, and no status either
        world.edit("apps/v1/deployments", "camera", label)

        def since() -> list[Request]:
            return [each for each in asked(world) if each.id not in before]

        eventually(since, "a look")
        set_status(world, "pods", pod_of(world), {"reason": "Same"})  # nobody watches Pods by now
        world.edit("apps/v1/deployments", "camera", {"metadata": {"labels": {"theirs": "2"}}})
        eventually(lambda: len(since()) >= 2, "another look")
        looks = [(each.verb, each.resource, each.name) for each in since()]
        assert looks == [("get", "deployments", "camera")] * 2


def test_an_image_that_cannot_be_pulled_is_named(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        waiting = {"waiting": {"reason": "ErrImagePull", "message": "manifest unknown"}}
        set_status(world, "pods", pod_of(world), container(state=waiting))
        told(world, agent, sync="Synced", state="Degraded", health="Degraded", reason="Stalled")
        assert unhealthy(world) == [
            (CAMERA.format(world.namespace), "Degraded", "ImagePullBackOff")
        ]
        assert 'cannot pull image "camera:1": manifest unknown' in world.status()["message"]
        eventually(lambda: "ImagePullBackOff" in world.fleet.note(), "the note")
        run_pod(world)
        told(world, agent, state="Synced", health="Healthy")


def test_a_pod_that_no_node_takes_is_told_in_the_schedulers_words(world: World) -> None:
    words = "0/1 nodes are available: 1 Insufficient memory."
    unplaced = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": words,
    }
    with world.running() as agent:
        world.synced(agent)
        set_status(world, "pods", pod_of(world), {"conditions": [unplaced]})
        told(world, agent, health="Degraded", reason="Stalled")
        assert words in world.status()["message"]
        slow = agent.events("object.health")
        assert any(
            (each["health"], each["reason"]) == ("Progressing", "Unschedulable") for each in slow
        )


def test_a_crash_loop_is_told_with_the_last_exit(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        crashed = container(
            restartCount=4,
            state={"waiting": {"reason": "CrashLoopBackOff"}},
            lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
        )
        set_status(world, "pods", pod_of(world), crashed)
        told(world, agent, health="Degraded", reason="Stalled")
        assert "crashes again and again: exit 137 (OOMKilled)" in world.status()["message"]


def test_a_rollout_beyond_its_deadline_is_stalled(world: World) -> None:
    impatient(world)
    world.fleet.commit()
    with world.running() as agent:
        world.synced(agent)
        told(world, agent, sync="Synced", health="Degraded", reason="Stalled")
        assert unhealthy(world)[0][2] == "ProgressDeadlineExceeded"
        run_pod(world)
        told(world, agent, health="Healthy", state="Synced")


def test_a_wave_waits_for_what_it_depends_on_and_goes_on(world: World) -> None:
    commit = world.fleet.extra(f"{behind(world)}---\n{config_map('beside')}")
    with world.running() as agent:
        told(world, agent, sync="Progressing", reason="Waiting")
        (row,) = world.status()["waiting"]
        assert (row["object"], row["objects"]) == (CAMERA.format(world.namespace), 1)
        assert world.get("configmaps", "beside") and world.get("configmaps", "behind") is None
        eventually(lambda: "reason: Waiting" in world.fleet.note(), "the note")
        run_pod(world)
        world.synced(agent, commit)
        told(world, agent, sync="Synced", health="Healthy")
        assert world.get("configmaps", "behind")


def test_what_asks_to_wait_holds_later_waves(world: World) -> None:
    app = world.fleet.files["bases/app/app.yaml"]
    notes = '{name: camera, annotations: {fleet-reconciler.dev/wait: "true"}}'
    world.fleet.files["bases/app/app.yaml"] = app.replace("{name: camera}", notes, 1)
    wave = '{name: later, annotations: {fleet-reconciler.dev/wave: "1"}}'
    commit = world.fleet.extra(config_map("later").replace("{name: later}", wave))
    with world.running() as agent:
        told(world, agent, reason="Waiting")
        assert world.get("configmaps", "later") is None
        run_pod(world)
        world.synced(agent, commit)
        assert world.get("configmaps", "later")


def test_a_wave_whose_deadline_passes_is_stalled_and_goes_on_once_it_can(world: World) -> None:
    impatient(world)
    commit = world.fleet.extra(behind(world))
    with world.running() as agent:
        told(world, agent, state="Failed", sync="Failed", reason="Stalled")
        assert "1 object waits for" in world.status()["message"]
        assert world.get("configmaps", "behind") is None
        run_pod(world)
        world.synced(agent, commit)
        told(world, agent, state="Synced", health="Healthy")


def test_a_custom_resource_is_judged_by_its_conditions_and_generation(world: World) -> None:
    group = f"{world.namespace}.example.org"
    gauges = f"{group}/v1/gauges"
    world.fleet.extra(WIDGETS.format(group=group))
    try:
        with world.running() as agent:
            world.synced(agent)
            run_pod(world)
            told(world, agent, health="Healthy")
            broken = {"type": "Stalled", "status": "True", "reason": "NoDisk", "message": "no disk"}
            set_status(world, gauges, "one", {"conditions": [broken]})
            told(world, agent, health="Degraded", reason="Stalled")
            assert "no disk" in world.status()["message"]
            ready = {"type": "Ready", "status": "True", "reason": "Fine", "message": ""}
            set_status(world, gauges, "one", {"conditions": [ready], "observedGeneration": 0})
            told(world, agent, health="Progressing")
            assert unhealthy(world)[0][2] == "NotObserved"
            set_status(world, gauges, "one", {"observedGeneration": 1})
            told(world, agent, health="Healthy")
    finally:
        definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        world.plane.request("DELETE", f"{definitions}/gauges.{group}")
