"""The whole agent on an API server that refuses ``sendInitialEvents``, as k3s 1.30 to 1.33 do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.plane import ControlPlane
from tests.e2e.bootstrap import Bootstrap
from tests.e2e.fleet import config_map
from tests.e2e.process import eventually
from tests.e2e.world import World
from tests.rights import ACCOUNT, Rights


@pytest.fixture
def older(
    older_plane: ControlPlane, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    Bootstrap(older_plane, tmp_path).clear()
    rights = Rights(older_plane, tmp_path_factory.mktemp("rights"))
    made = World(older_plane, rights.kubeconfig("cluster"), tmp_path)
    yield made
    made.clear()


def test_the_site_is_synced_drift_is_healed_and_what_went_is_pruned(older: World) -> None:
    older.fleet.extra(config_map("extra"))
    with older.running() as agent:
        older.synced(agent)
        older.edit("configmaps", "settings", {"data": {"rate": "1"}})
        eventually(lambda: (older.data("settings") or {}).get("rate") == "30", "the healed rate")
        older.delete("apps/v1/deployments", "camera")
        eventually(lambda: older.get("apps/v1/deployments", "camera"), "the deployment, again")
        older.fleet.extra(config_map("other"))
        older.synced(agent)
        eventually(lambda: older.get("configmaps", "extra") is None, "the pruned one")
        assert agent.stop() == 0
    asked = [r for r in older.plane.audit(user=ACCOUNT) if r.resource == "deployments"]
    refused = [r for r in asked if "sendInitialEvents=true" in r.uri]
    assert refused and all(r.status == 422 for r in refused), "the server has no watch lists"
    listed = [r for r in asked if r.verb == "list"]
    watched = [r for r in asked if r.verb == "watch" and r not in refused]
    assert listed and all("limit=500" in r.uri for r in listed)
    assert watched and all("resourceVersion=" in r.uri for r in watched)
    assert all(r.status == 200 for r in [*listed, *watched])
    assert len(refused) <= len(listed), "what it has refused once is not asked for again"


def test_a_watch_that_is_cut_misses_nothing(older: World) -> None:
    with older.running() as agent:
        older.synced(agent)
        older.plane.kill_api_server()
        older.plane.start_api_server()
        older.edit("configmaps", "settings", {"data": {"rate": "1"}})
        eventually(
            lambda: (older.data("settings") or {}).get("rate") == "30", "the healed rate", 60
        )
        assert agent.stop() == 0
