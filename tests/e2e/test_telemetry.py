"""What a monitoring system sees."""

from __future__ import annotations

from tests.e2e.process import eventually
from tests.e2e.world import World


def test_metrics_tell_what_the_log_tells(world: World) -> None:
    with world.running("--metrics-address", "127.0.0.1:0") as agent:
        world.synced(agent)
        world.delete("configmaps", "settings")
        agent.wait("drift.corrected")
        eventually(lambda: agent.said("report.changed", state="Synced"), "the report")
        status, text = agent.get("/metrics")
        lines = text.splitlines()
        assert status == 200
        assert "fleet_reconciler_objects_applied_total 3.0" in lines
        assert any(line.startswith("fleet_reconciler_drift_corrections_total") for line in lines)
        assert agent.get("/nowhere")[0] == 404


def test_no_secret_reaches_log_note_or_event(world: World) -> None:
    secret = "hunter2hunter2"
    world.fleet.extra(
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{password: {secret}}}\n"
        f"---\napiVersion: v1\nkind: Secret\nmetadata: {{name: bad}}\ntype: {{}}\n"
        f"stringData: {{password: {secret}}}\n"
    )
    with world.running() as agent:
        agent.wait("object.failed")
        world.edit("secrets", "s", {"stringData": {"password": "changed"}})
        agent.wait("drift.corrected")
        eventually(world.fleet.note, "a note")
        told = agent.log.read_text() + world.fleet.note()
        told += world.plane.kubectl("get", "events", "-A", "-o", "yaml")
        told += world.plane.kubectl("get", "sites", "-o", "yaml")
    assert "Secret" in told
    for form in (secret, "aHVudGVyMmh1bnRlcjI"):
        assert form not in told
