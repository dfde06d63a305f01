"""The API server as it really is: webhooks, dead extensions, kinds that come and go, restarts."""

from __future__ import annotations

import signal
from typing import Any

from tests.contracts import objects
from tests.controlplane import flow
from tests.controlplane.webhook import Webhook
from tests.e2e.fleet import config_map
from tests.e2e.process import eventually
from tests.e2e.test_mending import declare, patch
from tests.e2e.world import MERGE, World

ACCOUNT = "fleet-system/fleet-reconciler"


def failures(world: World) -> dict[str, dict[str, Any]]:
    """What the Site object says of objects that failed, by their last names."""
    return {f["object"].rpartition("/")[2]: f for f in world.status().get("failed") or []}


def test_a_webhook_that_is_down_holds_up_only_what_it_guards(world: World) -> None:
    assert world.once()[0] == 0
    with Webhook(world.plane, f"down-{world.namespace}", world.namespace, "configmaps") as hook:
        world.fleet.extra(config_map("guarded"))
        with world.running() as agent:
            agent.wait("object.failed", ref=f"ConfigMap/{world.namespace}/guarded")
            eventually(lambda: "guarded" in failures(world), "the failure is told")
            assert "failed calling webhook" in failures(world)["guarded"]["message"]
            assert hook.asked == 0
            hook.start()
            world.synced(agent, seconds=60)
            assert hook.asked > 0


def test_a_webhook_that_denies_is_quoted(world: World) -> None:
    assert world.once()[0] == 0
    with Webhook(world.plane, f"deny-{world.namespace}", world.namespace, "configmaps") as hook:
        hook.denies = "not on a Wednesday"
        hook.start()
        world.fleet.extra(config_map("guarded"))
        assert world.once()[0] == 1
        assert hook.asked > 0
        assert "not on a Wednesday" in failures(world)["guarded"]["message"]
        assert world.get("apps/v1/deployments", "camera")


def test_a_dead_aggregated_api_makes_nothing_else_look_deleted(world: World) -> None:
    group = f"g{world.namespace.replace('-', '')}.dead.test"
    path = "/apis/apiregistration.k8s.io/v1/apiservices"
    spec = {
        "group": group,
        "version": "v1",
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
        "insecureSkipTLSVerify": True,
        "service": {"namespace": "default", "name": "nobody"},
    }
    body = {"metadata": {"name": f"v1.{group}"}, "spec": spec}
    assert world.plane.request("POST", path, body)[0] == 201
    try:
        eventually(lambda: world.plane.request("GET", f"/apis/{group}/v1")[0] == 503, "it is dead")
        thing = objects.obj(f"{group}/v1", "Thing", "one", world.namespace)
        declare(world, thing)
        with world.running() as agent:
            eventually(lambda: "one" in failures(world), "the failure is told", 60)
            world.edit("configmaps", "settings", {"data": {"rate": "1"}})
            agent.wait("drift.corrected", ref=f"ConfigMap/{world.namespace}/settings")
            assert not agent.events("object.pruned")
        assert world.get("apps/v1/deployments", "camera")
    finally:
        world.plane.request("DELETE", f"{path}/v1.{group}")


def test_a_kind_and_its_objects_go_in_one_commit(world: World) -> None:
    definition = objects.definition(f"Gone{world.namespace.rpartition('-')[2]}")
    kind, plural = definition["spec"]["names"]["kind"], definition["spec"]["names"]["plural"]
    one = objects.obj(f"{objects.GROUP}/v1", kind, "one", world.namespace, spec={"size": 1})
    declare(world, definition, one)
    with world.running() as agent:
        world.synced(agent)
        assert world.get(f"{objects.GROUP}/v1/{plural}", "one")
        world.fleet.extra(config_map("instead"))
        eventually(lambda: world.data("instead"), "the commit is applied")

        def settled() -> bool:
            return agent.said("object.pruned") or world.status().get("state") == "Blocked"

        eventually(settled, "it is pruned, or held until somebody allows it", 60)
        assert not agent.events("object.failed")


def test_a_version_that_is_no_longer_served_is_said_and_the_next_one_taken(world: World) -> None:
    name = f"Old{world.namespace.rpartition('-')[2]}"
    definition = objects.definition(name)
    (version,) = definition["spec"]["versions"]
    old = {**version, "name": "v1beta1", "storage": False}
    definition["spec"]["versions"] = [version, old]
    plural = definition["spec"]["names"]["plural"]
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert world.plane.request("POST", path, definition)[0] == 201
    served = f"/apis/{objects.GROUP}/v1beta1/{plural}"
    eventually(lambda: world.plane.request("GET", served)[0] == 200, "the old version")
    one = objects.obj(f"{objects.GROUP}/v1beta1", name, "one", world.namespace, spec={"size": 1})
    declare(world, one)
    try:
        with world.running() as agent:
            world.synced(agent)
            where = f"{path}/{plural}.{objects.GROUP}"
            definition["spec"]["versions"] = [version, {**old, "served": False}]
            change = {"spec": {"versions": definition["spec"]["versions"]}}
            assert world.plane.request("PATCH", where, change, MERGE)[0] == 200
            eventually(lambda: world.plane.request("GET", served)[0] == 404, "it is gone")
            one["spec"]["size"] = 2
            declare(world, one)
            agent.wait("object.failed", reason="KindUnknown")
            assert not agent.events("object.pruned")
            declare(world, {**one, "apiVersion": f"{objects.GROUP}/v1"})
            world.synced(agent)
            found = world.get(f"{objects.GROUP}/v1/{plural}", "one")
            assert found is not None and found["spec"]["size"] == 2
    finally:
        world.plane.request("DELETE", f"{path}/{plural}.{objects.GROUP}")


def test_an_api_server_that_dies_in_the_middle_of_a_wave_is_waited_for(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        world.fleet.extra("---\n".join(config_map(f"many-{n}") for n in range(400)))
        eventually(lambda: world.data("many-0") or world.data("many-9"), "the wave has begun")
        world.plane.kill_api_server()
        assert not agent.said("apply.done", applied=400)
        world.plane.start_api_server()
        world.synced(agent, seconds=120)
        assert agent.said("cluster.unavailable")
        assert world.data("many-399")


def test_what_was_deleted_while_nobody_watched_is_noticed_though_the_history_is_gone(
    world: World,
) -> None:
    plane, maps = world.plane, world.path("configmaps")
    with world.running() as agent:
        world.synced(agent)
        agent.wait("watch.listed", kind="ConfigMap")
        before = plane.request("GET", maps)[1]["metadata"]["resourceVersion"]
        agent.process.send_signal(signal.SIGSTOP)
        try:
            plane.kill_api_server()  # or else the news would wait in the agent's socket
            plane.start_api_server()
            gone = world.get("configmaps", "settings")
            assert gone is not None
            world.delete("configmaps", "settings")
            plane.compact()
            plane.restart_api_server()  # it keeps some history itself
        finally:
            agent.process.send_signal(signal.SIGCONT)
        eventually(lambda: world.get("configmaps", "settings"), "the object, made again", 60)
        agent.wait("drift.corrected", change="deleted")
        found = world.get("configmaps", "settings")
        assert found is not None and found["metadata"]["uid"] != gone["metadata"]["uid"]
        asked = f"{maps}?watch=true&timeoutSeconds=1&resourceVersion={before}"
        assert plane.request("GET", asked)[1]["object"]["code"] == 410
        watches = [
            request.uri
            for request in plane.audit(agent="fleet-reconciler/", verb="watch")
            if request.resource == "configmaps" and request.status == 200
        ]
    began = [uri for uri in watches if "sendInitialEvents=true" in uri]
    assert len(began) > 1 and len(watches) > len(began), "it tried to go on, and began again"


def test_a_group_that_answers_503_for_a_while_fails_alone_and_nothing_of_it_is_lost(
    world: World,
) -> None:
    name = f"Away{world.namespace.rpartition('-')[2]}"
    definition = objects.definition(name)
    group = definition["spec"]["group"] = f"{name.lower()}.example.com"
    plural = definition["spec"]["names"]["plural"]
    definition["metadata"]["name"] = f"{plural}.{group}"
    one = objects.obj(f"{group}/v1", name, "one", world.namespace, spec={"size": 1})
    declare(world, definition, one)
    service = f"/apis/apiregistration.k8s.io/v1/apiservices/v1.{group}"
    mark = {"kube-aggregator.kubernetes.io/automanaged": None}
    nobody = {"namespace": "default", "name": "nobody"}
    with world.running() as agent:
        world.synced(agent)
        spec = {"service": nobody, "insecureSkipTLSVerify": True}
        away = {"metadata": {"labels": mark}, "spec": spec}
        assert world.plane.request("PATCH", service, away, MERGE)[0] == 200
        served = world.path(f"{group}/v1/{plural}", "one")
        eventually(lambda: world.plane.request("GET", served)[0] == 503, "it answers 503")
        changed = objects.obj(f"{group}/v1", name, "one", world.namespace, spec={"size": 2})
        declare(world, definition, changed, objects.config_map(world.namespace, "beside"))
        eventually(lambda: "one" in failures(world), "the failure is told", 60)
        assert list(failures(world)) == ["one"] and world.data("beside")
        asked = world.plane.audit(user="fleet-reconciler", verb="patch")
        assert any(r.status == 503 and r.resource == plural for r in asked)
        assert not agent.events("object.pruned") and not agent.events("drift.corrected")
        back = {"spec": {"service": None, "insecureSkipTLSVerify": None}}
        assert world.plane.request("PATCH", service, back, MERGE)[0] == 200
        world.synced(agent, seconds=90)
        found = world.get(f"{group}/v1/{plural}", "one")
        assert found is not None and found["spec"]["size"] == 2
    world.plane.request(
        "DELETE",
        f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{group}",
    )
    # Nobody else takes it away any more; with it left there no namespace ever ends, as what may be
    # in one cannot be discovered.
    world.plane.request("DELETE", service)


def test_a_namespace_that_ends_with_all_it_holds_is_made_again_once_it_has_ended(
    world: World,
) -> None:
    declare(world, objects.config_map(world.namespace, "held"))
    with world.running() as agent:
        world.synced(agent)
        hold = {"metadata": {"finalizers": ["test.invalid/hold"]}}
        patch(world, "configmaps", "held", hold, MERGE)
        path = f"/api/v1/namespaces/{world.namespace}"
        before = world.plane.request("GET", path)[1]["metadata"]["uid"]
        assert world.plane.request("DELETE", path)[0] == 200
        # What is made in it while it ends is refused, and tried again.
        agent.wait("drift.failed", reason="NamespaceTerminating")
        patch(world, "configmaps", "held", {"metadata": {"finalizers": None}}, MERGE)

        def back() -> bool:
            found = world.plane.request("GET", path)[1].get("metadata", {})
            return found.get("uid") not in (None, before) and bool(world.data("settings"))

        eventually(back, "the namespace and what was in it", 120)


def test_a_busy_api_server_delays_a_commit_and_loses_nothing(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        with flow.busy(
            world.plane, "patch", "configmaps", account=ACCOUNT, namespace=world.namespace
        ):
            world.fleet.extra(config_map("later"))

            def refused() -> bool:
                asked = world.plane.audit(user="fleet-reconciler", verb="patch")
                return any(r.status == 429 and r.resource == "configmaps" for r in asked)

            eventually(refused, "it was refused")
            assert world.data("later") is None
        world.synced(agent, seconds=120)
        assert world.data("later")


def test_every_watch_is_asked_for_at_least_half_an_hour_with_bookmarks(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        eventually(
            lambda: world.plane.audit(user="fleet-reconciler", verb="watch"), "watches are open"
        )
    asked = world.plane.audit(user="fleet-reconciler", agent="fleet-reconciler/", verb="watch")
    for request in asked:
        words = dict(word.partition("=")[::2] for word in request.uri.split("?")[1].split("&"))
        assert int(words["timeoutSeconds"]) >= 1800
        assert words["allowWatchBookmarks"] == "true"
