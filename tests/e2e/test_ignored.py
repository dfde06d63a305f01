"""Ignored fields of lists, whose items the API server tells apart by other keys than a rule may."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts import objects
from tests.e2e.test_mending import CONTAINERS, declare, deployment, live, patch, pod
from tests.e2e.world import World

WEB = "apps/v1/deployments"


def ignore(world: World, kind: str, path: str) -> None:
    rule = f'drift: [{{mode: ignore, kind: {kind}, fields: ["{path}"]}}]\n'
    world.fleet.files[f"{world.fleet.overlay}/site.yaml"] += rule


def once(world: World) -> None:
    code, said = world.once()
    assert code == 0, said


def service(world: World, **port: Any) -> dict[str, Any]:
    value = objects.service(world.namespace)
    value["spec"]["ports"] = [{"port": 80, "targetPort": 8080, **port}]
    return value


def target(world: World) -> Any:
    return live(world, "services", "web")["spec"]["ports"][0]["targetPort"]


@pytest.mark.parametrize("name", [{"name": "http"}, {}], ids=["named", "unnamed"])
def test_starting_to_ignore_a_field_of_a_services_port_never_changes_it(
    world: World, name: dict[str, str]
) -> None:
    declare(world, service(world, **name))
    once(world)
    ignore(world, "Service", "/spec/ports/*/targetPort")
    world.fleet.commit()
    once(world)
    assert target(world) == 8080, "not reset to the port"
    change = [{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 9999}]
    patch(world, "services", "web", change)
    once(world)
    assert target(world) == 9999


def test_a_mount_is_ignored_by_the_path_that_the_rule_to_paste_has(world: World) -> None:
    value = deployment(world.namespace, volumes=[{"name": "v", "emptyDir": {}}])
    mounts = [{"name": "v", "mountPath": path, "readOnly": True} for path in ("/a", "/b")]
    value["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = mounts
    path = "/spec/template/spec/containers/*/volumeMounts/[mountPath=~1a]/readOnly"
    ignore(world, "Deployment.apps", path)
    declare(world, value)
    once(world)
    at = f"{CONTAINERS}/0/volumeMounts"
    change = [{"op": "replace", "path": f"{at}/{n}/readOnly", "value": False} for n in (0, 1)]
    patch(world, WEB, "worker", change)
    once(world)
    found = pod(live(world))["containers"][0]["volumeMounts"]
    assert [mount.get("readOnly", False) for mount in found] == [False, True]


def test_an_item_added_to_a_list_is_made_with_its_ignored_fields(world: World) -> None:
    ignore(world, "Deployment.apps", "/spec/template/spec/containers/*/image")
    value = deployment(world.namespace)
    declare(world, value)
    once(world)
    value = deployment(world.namespace)
    value["spec"]["template"]["spec"]["containers"].append({"name": "added", "image": "added:1"})
    declare(world, value)
    once(world)
    assert pod(live(world))["containers"][-1]["image"] == "added:1"
    place = f"{CONTAINERS}/{len(pod(live(world))['containers']) - 1}/image"
    patch(world, WEB, "worker", [{"op": "replace", "path": place, "value": "theirs:2"}])
    once(world)
    assert pod(live(world))["containers"][-1]["image"] == "theirs:2"


def test_a_field_that_is_only_warned_of_stays_so_whatever_its_item_is_called(world: World) -> None:
    """Also over a start: what is kept of it has to be read again."""
    value = deployment(world.namespace, volumes=[{"name": "v", "emptyDir": {}}])
    mount = {"name": "v", "mountPath": "/a,b", "subPath": "ours"}
    value["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = [mount]
    rule = "drift: [{mode: warn, kind: Deployment.apps}]\n"
    world.fleet.files[f"{world.fleet.overlay}/site.yaml"] += rule
    declare(world, value)
    with world.running() as agent:
        world.synced(agent)
        place = f"{CONTAINERS}/0/volumeMounts/0/subPath"
        patch(world, WEB, "worker", [{"op": "replace", "path": place, "value": "theirs"}])
        agent.wait("drift.left")
        assert agent.stop() == 0
    code, said = world.once()
    assert code == 1 and "Traceback" not in said, said
    assert pod(live(world))["containers"][0]["volumeMounts"][0]["subPath"] == "theirs"


def test_what_is_ignored_stays_so_while_a_swapped_union_member_is_mended(world: World) -> None:
    ignore(world, "Deployment.apps", "/spec/replicas")
    declare(world, deployment(world.namespace, volumes=[{"name": "scratch", "emptyDir": {}}]))
    once(world)
    theirs = {"name": "scratch", "hostPath": {"path": "/etc", "type": ""}}
    change = [
        {"op": "replace", "path": "/spec/template/spec/volumes/0", "value": theirs},
        {"op": "replace", "path": "/spec/replicas", "value": 2},
    ]
    patch(world, WEB, "worker", change)
    code, said = world.once()
    assert code == 0 and "object.mended" in said, said
    assert "hostPath" not in pod(live(world))["volumes"][0]
    assert live(world)["spec"]["replicas"] == 2
