"""A site that another tool has applied so far is taken over: nothing restarts, nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests.e2e.process import eventually
from tests.e2e.world import APPLY, World

AGENT = "serviceaccount:fleet-system:fleet-reconciler"
ADOPT = "adopt: [{managers: [kustomize-controller]}]\n"
PLURALS = {
    "ConfigMap": "configmaps",
    "ServiceAccount": "serviceaccounts",
    "Service": "services",
    "Deployment": "apps/v1/deployments",
}


def declared(namespace: str) -> list[dict[str, Any]]:
    """43 objects: a namespace, 20 ConfigMaps, 2 ServiceAccounts, 10 Services, 10 Deployments."""
    listed = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}]
    for number in range(20):
        data = {"rate": "30", "extra": str(number)}
        listed.append(_named("v1", "ConfigMap", f"settings-{number}", data=data))
    listed += [_named("v1", "ServiceAccount", name) for name in ("reader", "writer")]
    for number in range(10):
        name, labels = f"web-{number}", {"app": f"web-{number}"}
        ports = [{"port": 80, "targetPort": 8080}]
        listed.append(_named("v1", "Service", name, spec={"selector": labels, "ports": ports}))
        template = {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "main", "image": "web:1"}]},
        }
        spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
        listed.append(_named("apps/v1", "Deployment", name, spec=spec))
    return listed


def _named(version: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **more}


def path(world: World, value: Mapping[str, Any]) -> str:
    name = value["metadata"]["name"]
    if value["kind"] == "Namespace":
        return f"/api/v1/namespaces/{name}"
    return world.path(PLURALS[value["kind"]], name)


def apply(world: World, value: Mapping[str, Any], manager: str = "kustomize-controller") -> None:
    """As the other tool does it, with its own labels."""
    labels = {"kustomize.toolkit.fluxcd.io/name": "apps"}
    body = {**value, "metadata": {**value["metadata"], "labels": labels}}
    where = f"{path(world, value)}?fieldManager={manager}&force=true"
    code, answer = world.plane.request("PATCH", where, body, APPLY)
    assert code in (200, 201), answer


def pods(world: World) -> dict[str, tuple[str, ...]]:
    """uid and owner of each Pod, by its name."""
    _, answer = world.plane.request("GET", world.path("pods"))
    return {
        pod["metadata"]["name"]: (
            pod["metadata"]["uid"],
            *(owner["uid"] for owner in pod["metadata"].get("ownerReferences", ())),
        )
        for pod in answer["items"]
        if not pod["metadata"].get("deletionTimestamp")
    }


def uids(world: World, values: list[dict[str, Any]]) -> dict[str, str]:
    found = {}
    for value in values:
        code, answer = world.plane.request("GET", path(world, value))
        assert code == 200, answer
        found[path(world, value)] = answer["metadata"]["uid"]
    return found


def generations(world: World) -> dict[str, int]:
    _, answer = world.plane.request("GET", world.path("apps/v1/deployments"))
    return {each["metadata"]["name"]: each["metadata"]["generation"] for each in answer["items"]}


def write(world: World, values: list[dict[str, Any]], settings: str = "") -> str:
    """Declare these objects, and these settings, in a commit."""
    files = world.fleet.files
    files["bases/app/kustomization.yaml"] = "resources: []\n"
    files[f"{world.fleet.overlay}/extra.yaml"] = yaml.safe_dump_all(values)
    path = f"{world.fleet.overlay}/site.yaml"
    files[path] = files[path].split("adopt:")[0] + settings
    return world.fleet.commit()


@pytest.fixture
def values(world: World) -> list[dict[str, Any]]:
    """All of them made by the other tool, and their Pods there."""
    listed = declared(world.namespace)
    for value in listed:
        apply(world, value)
    eventually(lambda: len(pods(world)) == 10, "ten Pods")
    return listed


def test_43_objects_move_from_kustomize_controller_with_no_pod_restarted_and_nothing_deleted(
    world: World, values: list[dict[str, Any]]
) -> None:
    before, running, generation = uids(world, values), pods(world), generations(world)
    values[1]["data"]["rate"] = "25"  # one that differs, which only the adoption may take
    commit = write(world, values, ADOPT)
    with world.running() as agent:
        world.synced(agent, commit)
        assert len(values) == 43
        assert uids(world, values) == before
        assert (pods(world), generations(world)) == (running, generation)
        assert (world.data("settings-0") or {})["rate"] == "25"
        deleted = world.plane.audit(user=AGENT, verb="delete")
        assert not [each for each in deleted if each.namespace == world.namespace]
        del values[2]["data"]["extra"]
        world.synced(agent, write(world, values, ADOPT))
        assert world.data("settings-1") == {"rate": "30"}, "a dropped key goes, nobody keeps it"
        (first,) = (each for each in _entries(world) if each["manager"] == "kustomize-controller")
    assert "f:data" not in first["fieldsV1"], "of our fields it holds none"
    assert "f:labels" in first["fieldsV1"]["f:metadata"], "and its own are still its own"


def _entries(world: World) -> list[dict[str, Any]]:
    found = world.get("configmaps", "settings-3")
    assert found is not None
    return list(found["metadata"]["managedFields"])


def test_without_a_rule_what_differs_is_a_conflict_that_names_the_other_tool(
    world: World, values: list[dict[str, Any]]
) -> None:
    values[1]["data"]["rate"] = "25"
    write(world, values)
    code, said = world.once()
    assert code == 1
    assert (world.data("settings-0") or {})["rate"] == "30"
    assert "kustomize-controller" in said and "data.rate" in said.replace(".data", "data")
