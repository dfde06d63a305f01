"""Break-glass against the real API server: what a technician, and headquarters, can do and see."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from tests.e2e.fleet import SETTINGS, SITE
from tests.e2e.process import Agent, eventually, reconciler
from tests.e2e.world import MERGE, World

_SITE = "/apis/fleet-reconciler.dev/v1alpha1/sites/" + SITE.replace("/", ".")
BOTH = pytest.mark.parametrize("world", ["cluster", "scoped"], indirect=True)
FOR_EVER = "9999-12-31T23:59:59Z"


def later(seconds: float) -> str:
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def command(world: World, *arguments: str) -> tuple[int, str]:
    done = reconciler(*arguments, "--kubeconfig", str(world.plane.admin))
    return done.returncode, done.stdout + done.stderr


def patch(world: World, *pauses: dict[str, Any]) -> None:
    """As docs/break-glass.md shows it for kubectl."""
    code, answer = world.plane.request("PATCH", _SITE, {"spec": {"pause": list(pauses)}}, MERGE)
    assert code == 200, answer


def state(world: World, wanted: str, agent: Agent) -> dict[str, Any]:
    try:
        eventually(lambda: world.status().get("state") == wanted, wanted)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{world.status()}\n{agent.tail()}") from None
    return world.status()


def settings(world: World, text: str) -> str:
    """This at the end of the site's site.yaml, committed; the commit's id."""
    path = f"{world.fleet.overlay}/site.yaml"
    world.fleet.files[path] = SETTINGS + text
    return world.fleet.commit()


@BOTH
def test_a_pause_holds_writes_tells_why_and_a_resume_puts_all_right(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        code, said = command(world, "pause", SITE, "--reason", "camera swap", "--for", "2h")
        assert code == 0 and "is paused until" in said, said
        (told,) = state(world, "Paused", agent)["paused"]
        assert told["reason"] == "camera swap" and told["by"] == "site"
        eventually(lambda: "camera swap" in world.fleet.note(), "the note says why")
        assert told["until"] in world.fleet.note()
        world.edit("configmaps", "settings", {"data": {"rate": "5"}})
        agent.wait("drift.left", outcome="paused")
        told = reconciler("drift", SITE, "--state", str(world.state)).stdout
        assert "paused" in told and 'data.rate: wanted "30", found "5", held by meddler' in told
        newest = world.fleet.extra("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late}\n")
        eventually(lambda: world.status().get("commit") == newest, "the newer commit is seen")
        assert world.data("settings") == {"rate": "5", "mode": "quiet"}
        assert world.get("configmaps", "late") is None
        code, said = command(world, "resume", SITE)
        assert code == 0, said
        world.synced(agent, newest)
        eventually(lambda: (world.data("settings") or {})["rate"] == "30", "put right")
        assert "paused" not in state(world, "Synced", agent)
        code, said = command(world, "resume", SITE)
        assert code == 1 and "was not paused" in said


def test_a_pause_ends_by_itself(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        patch(world, {"reason": "a look", "until": later(4)})
        agent.wait("pause.began", reason="a look")
        world.edit("configmaps", "settings", {"data": {"rate": "5"}})
        agent.wait("pause.ended")
        eventually(lambda: (world.data("settings") or {})["rate"] == "30", "put right")
        assert agent.said("drift.left", outcome="paused")


def test_a_pause_without_end_ends_after_the_limit_of_running_time(world: World) -> None:
    with world.running() as agent:
        settings(world, "limits: {pause: 4s}\n")
        world.synced(agent)
        patch(world, {"reason": "for ever", "until": FOR_EVER})
        agent.wait("pause.began", reason="for ever")
        agent.wait("pause.ended")
        world.edit("configmaps", "settings", {"data": {"rate": "5"}})
        eventually(lambda: (world.data("settings") or {})["rate"] == "30", "put right")


def test_the_api_server_refuses_what_is_no_pause(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        for wrong in ({"reason": "why"}, {"until": later(60)}, {"reason": "r", "until": "soon"}):
            change = {"spec": {"pause": [wrong]}}
            code, answer = world.plane.request("PATCH", _SITE, change, MERGE)
            assert code == 422, answer


def test_a_pause_survives_a_restart(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        patch(world, {"reason": "a visitor", "until": later(3600)})
        state(world, "Paused", agent)
        agent.kill()
    world.edit("configmaps", "settings", {"data": {"rate": "5"}})
    newest = world.fleet.extra("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late}\n")
    with world.running() as agent:
        eventually(lambda: world.status().get("commit") == newest, "the newer commit is seen")
        agent.wait("drift.left", outcome="paused")
        assert (world.data("settings") or {})["rate"] == "5"
        assert world.get("configmaps", "late") is None
        patch(world)
        world.synced(agent, newest)
        eventually(lambda: (world.data("settings") or {})["rate"] == "30", "put right")


def test_one_object_is_paused_and_the_others_go_on(world: World) -> None:
    about = f"ConfigMap/{world.namespace}/settings"
    with world.running() as agent:
        world.synced(agent)
        arguments = ["pause", SITE, "--reason", "tuning", "--for", "1h", "--object", about]
        assert command(world, *arguments)[0] == 0
        (told,) = state(world, "Paused", agent)["paused"]
        assert told["object"] == about
        world.edit("configmaps", "settings", {"data": {"rate": "5"}})
        world.edit("apps/v1/deployments", "camera", {"spec": {"replicas": 3}})
        eventually(
            lambda: (world.get("apps/v1/deployments", "camera") or {})["spec"]["replicas"] == 1,
            "the other object is put right",
        )
        agent.wait("drift.left", outcome="paused")
        assert (world.data("settings") or {})["rate"] == "5"
        asked = ["--state", str(world.state)]
        said = command(world, "explain", about, *asked)[1]
        assert f"nothing is written until {told['until']}: paused, tuning" in said, said
        told_as_json = json.loads(command(world, "explain", about, *asked, "-o", "json")[1])
        assert told_as_json["paused"] == [told]
        other = f"Deployment.apps/{world.namespace}/camera"
        assert "paused" not in command(world, "explain", other, *asked)[1]
        assert command(world, "resume", SITE, "--object", about)[0] == 0
        eventually(lambda: (world.data("settings") or {})["rate"] == "30", "put right")


def test_a_commit_suspends_the_site_and_another_lets_it_go_on(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        suspended = settings(world, "suspend: true\n")
        state(world, "Paused", agent)
        assert world.status()["commit"] == suspended
        eventually(lambda: "suspended" in world.fleet.note(), "the note says so")
        world.edit("configmaps", "settings", {"data": {"rate": "5"}})
        agent.wait("drift.left", outcome="paused")
        code, said = command(world, "resume", SITE)
        assert code == 1 and "A commit pauses the site" in said
        world.synced(agent, settings(world, ""))
        eventually(lambda: (world.data("settings") or {})["rate"] == "30", "put right")


def test_a_commit_pauses_the_site_until_a_moment(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        until = later(6)
        text = json.dumps({"reason": "harvest", "until": until})
        paused = settings(world, f"pause: {text}\n")
        agent.wait("pause.began", reason="harvest", by="commit")
        world.edit("configmaps", "settings", {"data": {"rate": "5"}})
        agent.wait("pause.ended", by="commit")
        world.synced(agent, paused)
        eventually(lambda: (world.data("settings") or {})["rate"] == "30", "put right")


def test_a_cluster_without_the_sites_object_is_told_apart(world: World) -> None:
    code, said = command(world, "pause", "north/nowhere", "--reason", "r", "--for", "1h")
    assert code == 2 and "no Site object north.nowhere" in said


def test_a_commit_pins_the_objects_of_an_older_one(world: World) -> None:
    old = world.fleet.head
    base = world.fleet.files["bases/app/app.yaml"]
    world.fleet.files["bases/app/app.yaml"] = base.replace('rate: "30"', 'rate: "60"')
    assert world.fleet.files["bases/app/app.yaml"] != base
    with world.running() as agent:
        world.synced(agent, world.fleet.commit())
        assert (world.data("settings") or {})["rate"] == "60"
        pinned = settings(world, f"pin: {old}\nlabels: {{gpu: none}}\n")
        eventually(lambda: world.status().get("applied") == old, "the old objects run")
        assert world.status()["commit"] == pinned and world.status()["sync"] == "Synced"
        assert (world.data("settings") or {})["rate"] == "30"
        assert world.status()["message"] == f"pinned by the fleet repository to {old}"
        world.edit("configmaps", "settings", {"data": {"rate": "5"}})
        eventually(lambda: (world.data("settings") or {})["rate"] == "30", "drift is put right")
        assert command(world, "diff", SITE, "--repo", str(world.fleet.remote.folder))[0] == 0
        world.synced(agent, settings(world, ""))
        assert (world.data("settings") or {})["rate"] == "60"


def test_a_fresh_site_brings_the_pinned_commit(world: World) -> None:
    old = world.fleet.head
    world.fleet.extra("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late}\n")
    settings(world, f"pin: {old}\n")
    with world.running():
        eventually(lambda: world.status().get("applied") == old, "the old objects run")
        assert world.get("configmaps", "late") is None
