"""What a forced apply cannot put right by itself, against the real API server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts import objects
from tests.e2e.process import eventually
from tests.e2e.world import APPLY, MERGE, World

JSON = "application/json-patch+json"
MENDED = f"{objects.GROUP}/v1/mendeds"
CONTAINERS = "/spec/template/spec/containers"


def deployment(namespace: str, **pod: Any) -> dict[str, Any]:
    """A Deployment whose pod has these fields besides its container's."""
    value = objects.deployment(namespace, "worker")
    value["spec"]["replicas"] = 0
    value["spec"]["template"]["spec"] |= pod
    return value


def declare(world: World, *values: dict[str, Any]) -> str:
    """Commit these objects beside the fleet's own."""
    for value in values:
        value["metadata"].pop("labels", None)
    return world.fleet.extra("---\n".join(json.dumps(value) + "\n" for value in values))


def live(world: World, plural: str = "apps/v1/deployments", name: str = "worker") -> Any:
    found = world.get(plural, name)
    assert found is not None
    return found


def patch(world: World, plural: str, name: str, change: object, kind: str = JSON) -> None:
    path = f"{world.path(plural, name)}?fieldManager=meddler"
    status, answer = world.plane.request("PATCH", path, change, kind)
    assert status == 200, answer


def pod(found: Any) -> Any:
    return found["spec"]["template"]["spec"]


Swap = tuple[dict[str, Any], dict[str, Any], str, Callable[[Any], bool]]

# What we want of the pod, what somebody puts there, where, and whether that is gone again.
SWAPS: dict[str, Swap] = {
    "emptyDir for hostPath": (
        {"volumes": [{"name": "scratch", "emptyDir": {}}]},
        {"name": "scratch", "hostPath": {"path": "/etc", "type": ""}},
        "/spec/template/spec/volumes/0",
        lambda found: "hostPath" not in pod(found)["volumes"][0],
    ),
    "hostPath for emptyDir": (
        {"volumes": [{"name": "scratch", "hostPath": {"path": "/srv", "type": ""}}]},
        {"name": "scratch", "emptyDir": {}},
        "/spec/template/spec/volumes/0",
        lambda found: "emptyDir" not in pod(found)["volumes"][0],
    ),
    "configMap for secret": (
        {"volumes": [{"name": "scratch", "configMap": {"name": "settings"}}]},
        {"name": "scratch", "secret": {"secretName": "theirs"}},
        "/spec/template/spec/volumes/0",
        lambda found: "secret" not in pod(found)["volumes"][0],
    ),
    "value for valueFrom": (
        {},
        {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        f"{CONTAINERS}/0/env/0",
        lambda found: pod(found)["containers"][0]["env"][0] == {"name": "A", "value": "1"},
    ),
}


@pytest.mark.parametrize("case", SWAPS)
def test_a_member_of_a_union_that_somebody_swapped_is_put_back(world: World, case: str) -> None:
    wanted, theirs, place, is_healed = SWAPS[case]
    declare(world, deployment(world.namespace, **wanted))
    with world.running() as agent:
        world.synced(agent)
        agent.wait("watch.listed", kind="Deployment.apps")
        patch(
            world,
            "apps/v1/deployments",
            "worker",
            [{"op": "replace", "path": place, "value": theirs}],
        )
        agent.wait("object.mended")  # so a plain apply was refused
        eventually(lambda: is_healed(live(world)), "the healed member")
        agent.wait("drift.corrected", ref=f"Deployment.apps/{world.namespace}/worker")
        (told,) = agent.events("drift.corrected")
        assert told["field"].startswith("spec.template.spec."), told
        assert not agent.events("drift.failed")


def test_a_swapped_member_that_is_only_warned_of_stays(world: World) -> None:
    wanted, theirs, place, is_healed = SWAPS["emptyDir for hostPath"]
    rule = "drift: [{mode: warn, kind: Deployment.apps}]\n"
    world.fleet.files[f"{world.fleet.overlay}/site.yaml"] += rule
    declare(world, deployment(world.namespace, **wanted))
    assert world.once()[0] == 0
    change = [{"op": "replace", "path": place, "value": theirs}]
    patch(world, "apps/v1/deployments", "worker", change)
    code, said = world.once()
    assert code == 1 and "object.mended" not in said, said
    assert not is_healed(live(world))


def test_a_strategy_is_changed_though_the_server_filled_in_the_other_ones_fields(
    world: World,
) -> None:
    declare(world, deployment(world.namespace))
    assert world.once()[0] == 0
    assert "rollingUpdate" in live(world)["spec"]["strategy"]
    changed = deployment(world.namespace)
    changed["spec"]["strategy"] = {"type": "Recreate"}
    declare(world, changed)
    code, said = world.once()
    assert code == 0, said
    assert "object.mended" in said
    assert live(world)["spec"]["strategy"] == {"type": "Recreate"}


def test_the_port_of_a_service_that_another_keeps_alive_makes_room_for_its_successor(
    world: World,
) -> None:
    service = objects.service(world.namespace)
    declare(world, service)
    assert world.once()[0] == 0
    patch(world, "services", "web", {"metadata": {"managedFields": [{}]}}, MERGE)
    # Whoever owns it now, by an update, is not us.
    theirs = {"spec": {"ports": [{"port": 80, "name": "http", "targetPort": 80}]}}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, **theirs}
    path = f"{world.path('services', 'web')}?fieldManager=their-tool&force=true"
    assert world.plane.request("PATCH", path, body, APPLY)[0] == 200
    service = objects.service(world.namespace)
    service["spec"]["ports"][0]["port"] = 8080
    declare(world, service)
    code, said = world.once()
    assert code == 0, said
    assert "object.mended" in said
    ports = {
        (port["port"], port["name"]) for port in live(world, "services", "web")["spec"]["ports"]
    }
    assert ports == {(8080, "http"), (53, "dns")}


def test_the_last_item_of_a_list_that_another_owns_can_be_dropped(world: World) -> None:
    definition = objects.definition("Mended")
    one = objects.obj(f"{objects.GROUP}/v1", "Mended", "one", world.namespace)
    one["spec"] = {"size": 1, "cameras": [{"name": "a", "rate": 1}]}
    declare(world, definition, one)
    assert world.once()[0] == 0
    theirs = {
        "manager": "their-tool",
        "operation": "Update",
        "apiVersion": f"{objects.GROUP}/v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:cameras": {}}},
    }
    books = [*live(world, MENDED, "one")["metadata"]["managedFields"], theirs]
    patch(world, MENDED, "one", {"metadata": {"managedFields": books}}, MERGE)
    del one["spec"]["cameras"]
    declare(world, definition, one)
    code, said = world.once()
    assert code == 0, said
    assert "object.mended" in said
    assert live(world, MENDED, "one")["spec"] == {"size": 1, "cameras": []}


def test_an_immutable_field_is_said_and_nothing_is_deleted(world: World) -> None:
    declare(world, deployment(world.namespace))
    assert world.once()[0] == 0
    before = live(world)["metadata"]["uid"]
    changed = deployment(world.namespace)
    for labels in (
        changed["spec"]["selector"]["matchLabels"],
        changed["spec"]["template"]["metadata"]["labels"],
    ):
        labels["app"] = "other"
    declare(world, changed)
    assert world.once()[0] == 1
    (failed,) = world.status()["failed"]
    assert failed["reason"] == "Immutable"
    assert "spec.selector" in failed["message"]
    assert "fleet-reconciler.dev/replace: allow" in failed["message"]
    assert live(world)["metadata"]["uid"] == before


def test_an_object_is_made_anew_where_its_annotation_allows_it(world: World) -> None:
    declare(world, deployment(world.namespace))
    assert world.once()[0] == 0
    before = live(world)["metadata"]["uid"]
    changed = deployment(world.namespace)
    changed["metadata"]["annotations"] = {"fleet-reconciler.dev/replace": "allow"}
    changed["spec"]["selector"]["matchLabels"]["app"] = "other"
    changed["spec"]["template"]["metadata"]["labels"]["app"] = "other"
    declare(world, changed)
    code, said = world.once()
    assert code == 0, said
    assert "object.replaced" in said
    assert live(world)["metadata"]["uid"] != before
    assert live(world)["spec"]["selector"]["matchLabels"] == {"app": "other"}
    deleted = [
        r
        for r in world.plane.audit(user="serviceaccount:fleet-system:fleet-reconciler")
        if r.verb == "delete" and r.name == "worker" and r.namespace == world.namespace
    ]
    assert len(deleted) == 1


def test_a_job_whose_template_changes_is_said_to_be_immutable_and_made_anew_where_that_is_allowed(
    world: World,
) -> None:
    """The API server quotes the whole template before it says so."""

    def job(image: str, **annotations: str) -> dict[str, Any]:
        pod = objects.deployment(world.namespace, "once")["spec"]["template"]["spec"]
        pod["containers"][0]["image"] = image
        spec = {"template": {"spec": {**pod, "restartPolicy": "Never"}}}
        made = objects.obj("batch/v1", "Job", "once", world.namespace, spec=spec)
        made["metadata"]["annotations"] = annotations
        return made

    declare(world, job("app:1"))
    code, said = world.once()
    assert code == 0, said
    before = live(world, "batch/v1/jobs", "once")["metadata"]["uid"]
    declare(world, job("app:2"))
    assert world.once()[0] == 1
    (failed,) = world.status()["failed"]
    assert failed["reason"] == "Immutable"
    assert "field is immutable" in failed["message"]
    assert live(world, "batch/v1/jobs", "once")["metadata"]["uid"] == before
    declare(world, job("app:2", **{"fleet-reconciler.dev/replace": "allow"}))
    code, said = world.once()
    assert code == 0, said
    after = live(world, "batch/v1/jobs", "once")
    assert after["metadata"]["uid"] != before
    assert pod(after)["containers"][0]["image"] == "app:2"


def test_an_object_that_is_made_anew_gets_the_fields_that_are_left_to_others(
    world: World,
) -> None:
    """As every new object does: without that it would start with the API server's default."""
    rule = "drift: [{mode: ignore, kind: Deployment.apps, fields: [/spec/replicas]}]\n"
    world.fleet.files[f"{world.fleet.overlay}/site.yaml"] += rule
    declare(world, deployment(world.namespace))
    code, said = world.once()
    assert code == 0, said
    before = live(world)["metadata"]["uid"]
    changed = deployment(world.namespace)
    changed["metadata"]["annotations"] = {"fleet-reconciler.dev/replace": "allow"}
    changed["spec"]["selector"]["matchLabels"]["app"] = "other"
    changed["spec"]["template"]["metadata"]["labels"]["app"] = "other"
    declare(world, changed)
    code, said = world.once()
    assert code == 0, said
    anew = live(world)
    assert anew["metadata"]["uid"] != before
    assert anew["spec"]["replicas"] == 0, "as it is declared"
    ours = [e for e in anew["metadata"]["managedFields"] if e["manager"] == "fleet-reconciler"]
    assert all("f:replicas" not in entry["fieldsV1"].get("f:spec", {}) for entry in ours)
    patch(world, "apps/v1/deployments", "worker", {"spec": {"replicas": 2}}, MERGE)
    assert world.once()[0] == 0
    assert live(world)["spec"]["replicas"] == 2, "and then left alone"


def test_an_object_that_is_being_deleted_is_made_again_once_it_has_ended(world: World) -> None:
    held = objects.config_map(world.namespace, "held", key="one")
    declare(world, held)
    with world.running() as agent:
        world.synced(agent)
        patch(
            world, "configmaps", "held", {"metadata": {"finalizers": ["test.invalid/hold"]}}, MERGE
        )
        world.delete("configmaps", "held")
        before = live(world, "configmaps", "held")["metadata"]
        assert before["deletionTimestamp"]
        declare(world, objects.config_map(world.namespace, "held", key="two"))
        agent.wait("object.failed", reason="BeingDeleted")
        patch(world, "configmaps", "held", {"metadata": {"finalizers": None}}, MERGE)
        eventually(lambda: (world.data("held") or {}).get("key") == "two", "the object")
        world.synced(agent)
        assert live(world, "configmaps", "held")["metadata"]["uid"] != before["uid"]
