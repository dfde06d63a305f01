"""Local overrides on the real API server: a technician, headquarters, and no link."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.fleet import SETTINGS, SITE
from tests.e2e.process import eventually, reconciler
from tests.e2e.world import World

RULES = """\
overrides:
- {kind: ConfigMap, name: settings, field: /data/rate, min: 5, max: 30}
- {kind: Deployment.apps, name: camera, field: /spec/replicas, min: 0, max: 2}
"""


def allow(world: World) -> str:
    world.fleet.files[f"{world.fleet.overlay}/site.yaml"] = SETTINGS + RULES
    return world.fleet.commit()


def put(world: World, name: str, patch: dict[str, Any]) -> None:
    """As an editor saves: beside, then over."""
    folder = world.state / "overrides"
    beside = folder / f".{name}.swp"
    beside.write_text(json.dumps(patch))
    beside.rename(folder / name)


def rate(world: World, value: str) -> dict[str, Any]:
    metadata = {"name": "settings", "namespace": world.namespace}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"rate": value},
    }


def live(world: World) -> str:
    return str((world.data("settings") or {}).get("rate"))


def test_a_technician_lowers_the_frame_rate_with_no_link_and_headquarters_sees_it(
    world: World,
) -> None:
    newest = allow(world)
    away = world.folder / "away.git"
    with world.running() as agent:
        world.synced(agent, newest)
        assert live(world) == "30"
        world.fleet.remote.folder.rename(away)  # the link goes down
        put(world, "rate.yaml", rate(world, "10"))
        eventually(lambda: live(world) == "10", "lowered")
        eventually(lambda: world.status().get("overrides"), "told at the cluster")
        assert world.status()["overrides"] == [
            {
                "file": "rate.yaml",
                "object": f"ConfigMap/{world.namespace}/settings",
                "field": "data.rate",
                "value": '"10"',
            }
        ]
        world.edit("configmaps", "settings", {"data": {"rate": "29"}})
        eventually(lambda: live(world) == "10", "drift goes back to the override")
        away.rename(world.fleet.remote.folder)
        eventually(lambda: "rate.yaml" in world.fleet.note(), "headquarters", 60)
        done = reconciler("status", SITE, "--repo", str(world.fleet.remote.folder))
        assert f'data.rate of ConfigMap/{world.namespace}/settings is "10"' in done.stdout
        assert "1 field is overridden on site by" in done.stdout
        words = reconciler("status", SITE, "--repo", str(world.fleet.remote.folder), "-o", "json")
        assert '"data.rate"' in words.stdout
        (world.state / "overrides" / "rate.yaml").unlink()
        eventually(lambda: live(world) == "30", "as committed")
        eventually(lambda: "overrides" not in world.status(), "told no more")


def test_what_is_outside_its_bounds_is_dropped_and_told_and_the_rest_goes_on(world: World) -> None:
    newest = allow(world)
    with world.running() as agent:
        world.synced(agent, newest)
        put(world, "a.yaml", rate(world, "500"))
        put(
            world,
            "b.yaml",
            {
                "target": {"kind": "Deployment"},
                "patch": json.dumps([{"op": "replace", "path": "/spec/replicas", "value": 2}]),
            },
        )
        (world.state / "overrides" / "c.yaml").symlink_to("/etc/passwd")
        (world.state / "overrides" / "d.yaml").write_bytes(b"x" * 100_000)
        eventually(
            lambda: (world.get("apps/v1/deployments", "camera") or {})["spec"]["replicas"] == 2,
            "the one within its bounds",
        )
        eventually(lambda: len(world.status().get("overrides", ())) == 4, "all told")
        told = {row["file"]: row for row in world.status()["overrides"]}
        assert told["a.yaml"]["dropped"].endswith("must be at most 30")
        assert told["b.yaml"]["field"] == "spec.replicas"
        assert "symbolic link" in told["c.yaml"]["dropped"]
        assert "at most 65536 bytes" in told["d.yaml"]["dropped"]
        assert live(world) == "30" and world.status()["sync"] == "Synced"
        agent.wait("override.dropped", file="a.yaml")
        # a commit goes on, whatever lies there
        more = world.fleet.extra("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late}\n")
        world.synced(agent, more)


def test_overrides_hold_over_a_restart_and_end_with_the_rule(world: World) -> None:
    newest = allow(world)
    with world.running() as agent:
        world.synced(agent, newest)
        put(world, "rate.yaml", rate(world, "10"))
        eventually(lambda: live(world) == "10", "lowered")
        assert agent.stop() == 0
    with world.running() as agent:
        agent.wait("render.done")
        eventually(lambda: world.status().get("overrides"), "told")
        assert live(world) == "10"
        world.fleet.files[f"{world.fleet.overlay}/site.yaml"] = SETTINGS
        world.synced(agent, world.fleet.commit())
        eventually(lambda: live(world) == "30", "as committed")
        (dropped,) = world.status()["overrides"]
        assert "is not what `overrides` allows" in dropped["dropped"]
