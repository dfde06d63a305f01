"""Symbolic links in commits, on the real API server, under an agent that goes on running."""

from __future__ import annotations

from tests.e2e.process import eventually
from tests.e2e.world import World

BASE = "kind: Kustomization\nresources: [app.yaml]\n"


def test_an_agent_sees_what_changes_behind_a_link_and_no_commit_leads_it_out(world: World) -> None:
    fleet = world.fleet
    link = f"{fleet.overlay}/base"
    fleet.files[f"{fleet.overlay}/kustomization.yaml"] = (
        f"namespace: {world.namespace}\nresources: [base, extra.yaml]\n"
    )
    fleet.links[link] = "../../../bases/app"
    first = fleet.commit()
    with world.running() as agent:
        world.synced(agent, first)
        assert rate(world) == "30"
        app = fleet.files["bases/app/app.yaml"]
        fleet.files["bases/app/app.yaml"] = app.replace("30", "10")  # behind the link alone
        world.synced(agent, fleet.commit())
        assert rate(world) == "10"
        fleet.files |= {
            "bases/other/kustomization.yaml": BASE,
            "bases/other/app.yaml": app.replace("30", "5"),
        }
        world.synced(agent, fleet.commit())
        fleet.links[link] = "../../../bases/other"  # the link alone
        good = fleet.commit()
        world.synced(agent, good)
        assert rate(world) == "5"
        fleet.links[link] = "../../../../bases/other"
        bad = fleet.commit()
        eventually(lambda: world.status().get("commit") == bad, "refused")
        assert world.status()["applied"] == good
        assert "leads out of the repository" in str(world.status())
        assert rate(world) == "5"


def rate(world: World) -> str:
    return str((world.data("settings") or {}).get("rate"))
