"""What goes wrong is said, with its place, and what runs goes on running."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.fleet import config_map
from tests.e2e.process import RECONCILER, eventually, running
from tests.e2e.world import World

BROKEN = {
    "fleet.yaml with an unknown key": (
        "fleet.yaml",
        "apiVersion: fleet-reconciler.dev/v1alpha1\nkind: Fleet\nname: test\nsource: {}\n",
        "SettingsInvalid",
        "fleet.yaml:4:",
    ),
    "site.yaml with an unknown key": (
        "sites/north/one/site.yaml",
        "apiVersion: fleet-reconciler.dev/v1alpha1\nkind: SiteSettings\nrink: a\n",
        "SettingsInvalid",
        "sites/north/one/site.yaml:3:",
    ),
    "a kustomization with an unknown field": (
        "bases/app/kustomization.yaml",
        "resources: [app.yaml]\nresauces: []\n",
        "RenderFailed",
        "bases/app/kustomization.yaml:2:",
    ),
    "a kustomization that names what is not there": (
        "bases/app/kustomization.yaml",
        "resources:\n- app.yaml\n- nowhere.yaml\n",
        "RenderFailed",
        "bases/app/kustomization.yaml:3:",
    ),
    "a manifest that is no YAML": (
        "bases/app/app.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x\n",
        "RenderFailed",
        "bases/app/app.yaml:",
    ),
    "an object that belongs to the agent": (
        "bases/app/app.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: fleet-system}\n",
        "RenderFailed",
        "bases/app/app.yaml:1",
    ),
}


@pytest.mark.parametrize(("path", "text", "reason", "place"), BROKEN.values(), ids=BROKEN)
def test_a_broken_commit_is_explained_and_the_last_good_state_stays(
    world: World, path: str, text: str, reason: str, place: str
) -> None:
    assert world.once()[0] == 0
    good, before = world.fleet.head, world.fleet.files[path]
    world.fleet.files[path] = text
    bad = world.fleet.commit()
    code, said = world.once()
    assert code == 1, said
    note = yaml.safe_load(world.fleet.note())
    assert (note["commit"], note["applied"], note["reason"]) == (bad, good, reason)
    assert place in note["message"]
    assert world.data("settings") == {"rate": "30", "mode": "quiet"}
    assert world.get("apps/v1/deployments", "camera") is not None
    world.fleet.files[path] = before
    mended = world.fleet.commit()
    assert world.once()[0] == 0
    assert yaml.safe_load(world.fleet.note())["applied"] == mended


def test_drift_is_put_right_while_the_newest_commit_is_broken(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        world.fleet.files["fleet.yaml"] = "nonsense"
        world.fleet.commit()
        agent.wait("render.failed")
        world.edit("configmaps", "settings", {"data": {"rate": "1"}})
        eventually(lambda: (world.data("settings") or {}).get("rate") == "30", "the healed rate")


def test_a_site_that_is_not_in_the_repository_is_named(world: World) -> None:
    world.fleet.files = {
        path.replace("sites/north/one", "sites/north/oney"): text
        for path, text in world.fleet.files.items()
    }
    world.fleet.commit()
    code, said = world.once()
    assert code == 1, said
    note = yaml.safe_load(world.fleet.note())
    assert note["reason"] == "SettingsInvalid"
    assert "north/one" in note["message"] and "north/oney" in note["message"]


def test_a_repository_that_comes_later_is_waited_for(world: World) -> None:
    elsewhere = world.folder / "elsewhere"
    world.fleet.remote.folder.rename(elsewhere)
    with world.running("--metrics-address", "127.0.0.1:0") as agent:
        agent.wait("source.failed")
        assert agent.get("/readyz")[0] == 503
        assert agent.get("/healthz")[0] == 200
        eventually(lambda: world.status().get("reason") == "FetchFailed", "the reason in status")
        elsewhere.rename(world.fleet.remote.folder)
        world.synced(agent, seconds=60)
        eventually(lambda: agent.get("/readyz")[0] == 200, "readiness")


def test_a_rewritten_history_is_blocked_and_its_mending_goes_on(world: World) -> None:
    world.fleet.extra(config_map("second"))
    with world.running() as agent:
        world.synced(agent)
        good = world.fleet.head
        world.fleet.files["rewritten"] = "yes"
        rewritten = world.fleet.commit(parent=None)
        agent.wait("source.refused")
        eventually(lambda: world.status().get("state") == "Blocked", "the state")
        assert world.status()["reason"] == "HistoryRefused"
        eventually(lambda: "HistoryRefused" in world.fleet.note(), "the note")
        note = yaml.safe_load(world.fleet.note())
        assert (note["commit"], note["applied"], note["sync"]) == (rewritten, good, "Blocked")
        del world.fleet.files["rewritten"]
        mended = world.fleet.commit(parent=good)
        world.synced(agent, mended)
        assert world.status()["state"] == "Synced"


def test_a_token_that_is_refused_is_said_and_its_renewal_is_noticed(world: World) -> None:
    token = world.folder / "token"
    good = world.plane.token("fleet-system", "fleet-reconciler")
    token.write_text("nonsense")
    login: Path = world.folder / "login.kubeconfig"
    world.plane.kubeconfig(login, token_file=str(token))
    world.kubeconfig = login
    with world.running() as agent:
        agent.wait("cluster.unavailable")
        assert any("401" in event["error"] for event in agent.events("cluster.unavailable"))
        token.write_text(good)
        world.synced(agent, seconds=60)


def test_a_link_that_is_gone_holds_up_nothing_on_site(world: World) -> None:
    elsewhere = world.folder / "elsewhere"
    with world.running("--interval", "1s", "--metrics-address", "127.0.0.1:0") as agent:
        world.synced(agent)
        eventually(lambda: agent.get("/readyz")[0] == 200, "readiness")
        world.fleet.remote.folder.rename(elsewhere)
        agent.wait("source.failed")
        world.edit("configmaps", "settings", {"data": {"rate": "1"}})
        eventually(lambda: (world.data("settings") or {}).get("rate") == "30", "the healed rate")
        assert agent.get("/readyz")[0] == 200
        eventually(
            lambda: (
                {c["type"]: c["status"] for c in world.status()["conditions"]}["Fetched"] == "False"
            ),
            "the condition",
        )
        elsewhere.rename(world.fleet.remote.folder)
        world.fleet.extra(config_map("late"))
        eventually(lambda: world.data("late"), "catching up", 60)


def test_an_agent_that_starts_without_a_link_goes_on_from_its_mirror(world: World) -> None:
    assert world.once()[0] == 0
    world.fleet.remote.folder.rename(world.folder / "elsewhere")
    world.delete("configmaps", "settings")
    with world.running("--metrics-address", "127.0.0.1:0") as agent:
        agent.wait("source.failed")
        eventually(lambda: world.data("settings"), "the object")
        agent.wait("render.done")
        eventually(lambda: agent.get("/readyz")[0] == 200, "readiness")


def test_a_lost_database_is_rebuilt_and_nothing_is_written_for_it(world: World) -> None:
    assert world.once()[0] == 0
    before = world.get("configmaps", "settings")
    for path in world.state.glob("state.db*"):
        path.unlink()
    assert world.once()[0] == 0
    assert world.get("configmaps", "settings") == before
    world.fleet.extra(config_map("next"))
    assert world.once()[0] == 0
    assert world.data("next") == {"key": "v"}


def test_a_damaged_database_is_set_aside(world: World) -> None:
    assert world.once()[0] == 0
    (world.state / "state.db").write_bytes(b"no database" * 100)
    for path in world.state.glob("state.db-*"):
        path.unlink()
    code, said = world.once()
    assert code == 0, said
    assert "state.rebuilt" in said
    assert list(world.state.glob("state.db.damaged*"))


def test_with_state_and_mirror_lost_and_no_link_nothing_is_written_or_pruned(world: World) -> None:
    assert world.once()[0] == 0
    before = {name: world.get("configmaps", name) for name in ("settings",)}
    world.fleet.remote.folder.rename(world.folder / "elsewhere")
    world.state = world.folder / "fresh"
    code, said = world.once()
    assert code == 2, said
    assert {name: world.get("configmaps", name) for name in before} == before
    assert world.status()["objects"]["total"] == 3
    assert world.status()["reason"] == "FetchFailed"


def test_a_floor_survives_the_loss_of_the_database(world: World) -> None:
    world.fleet.extra(config_map("second"))
    assert world.once()[0] == 0
    for path in world.state.glob("*"):
        if path.is_file():
            path.unlink()
    world.fleet.files["rewritten"] = "yes"
    world.fleet.commit(parent=None)
    assert world.once()[0] == 1
    assert yaml.safe_load(world.fleet.note())["reason"] == "HistoryRefused"


def test_a_configuration_that_changes_is_taken_up(world: World) -> None:
    file = world.folder / "config.yaml"
    file.write_text("source: {branch: other}\n")
    with world.running("--config", str(file)) as agent:
        agent.wait("source.failed")
        file.write_text("source: {brunch: main}\n")
        agent.wait("configuration.refused")
        refused = agent.events("configuration.refused")[0]
        assert "config.yaml:1" in refused["error"] and "did you mean" in refused["error"]
        file.write_text(json.dumps({"source": {"branch": "main"}}))
        agent.wait("configuration.changed")
        world.synced(agent)


def damage(database: Path) -> None:
    """Spoil all pages but the first, of a database that somebody has open and cached."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("insert into meta values ('test', 'so that the cache is dropped')")
        connection.commit()
        assert connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0] == 0
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))


def test_a_database_that_is_damaged_while_the_agent_runs_is_rebuilt(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        damage(world.state / "state.db")
        world.fleet.extra(config_map("next"))
        agent.wait("state.rebuilt", seconds=60)
        world.synced(agent, seconds=60)
        assert world.data("settings") == {"rate": "30", "mode": "quiet"}


def test_a_configuration_that_cannot_be_used_leaves_the_one_before(world: World) -> None:
    file = world.folder / "config.yaml"
    file.write_text("status: {interval: 1m}\n")
    with world.running("--config", str(file)) as agent:
        world.synced(agent)
        file.write_text("status: {interval: 1m, remote: 'ftp://x'}\n")
        agent.wait("configuration.refused")
        assert "ftp://" in agent.events("configuration.refused")[0]["error"]
        eventually(lambda: len(agent.events("agent.started")) == 2, "the one before again")
        world.edit("configmaps", "settings", {"data": {"rate": "1"}})
        eventually(lambda: (world.data("settings") or {}).get("rate") == "30", "the healed rate")


def test_the_rest_of_the_last_good_commit_goes_on_though_the_newest_is_broken(world: World) -> None:
    assert world.once()[0] == 0
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "q"},
        "spec": {"hard": {"count/configmaps": "1"}},
    }
    assert world.plane.request("POST", world.path("resourcequotas"), quota)[0] == 201
    eventually(
        lambda: (world.get("resourcequotas", "q") or {}).get("status", {}).get("used"), "the quota"
    )
    good = world.fleet.extra(config_map("late"))
    with world.running() as agent:
        agent.wait("object.failed")
        world.fleet.files["fleet.yaml"] = "nonsense"
        world.fleet.commit()
        agent.wait("render.failed")
        world.plane.request("DELETE", world.path("resourcequotas", "q"))
        eventually(lambda: world.data("late"), "the rest of the last good commit", 60)
        eventually(lambda: world.status().get("applied") == good, "the commit that is running")
        assert world.status()["reason"] == "SettingsInvalid"


@contextlib.contextmanager
def hanging_remote() -> Iterator[str]:
    """Takes connections, and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/fleet.git"


def helpers(url: str) -> list[str]:
    """Processes that were started for this remote."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if url in line and "git" in line.split(" ")[0]:
                found.append(line)
    return found


@pytest.mark.parametrize(
    ("number", "more", "code"),
    [(signal.SIGTERM, (), 0), (signal.SIGINT, (), 130), (signal.SIGINT, ("--once",), 130)],
)
def test_a_signal_ends_it_and_its_helpers_while_the_remote_hangs(
    world: World, number: int, more: tuple[str, ...], code: int
) -> None:
    with hanging_remote() as url:
        arguments = world.arguments("--interval", "1h", *more)
        arguments[arguments.index("--repo") + 1] = url
        with running(world.folder / "hang.log", *arguments) as agent:
            eventually(lambda: helpers(url), "git at work")
            agent.process.send_signal(number)
            assert agent.process.wait(20) == code
            eventually(lambda: not helpers(url), "git gone")


def test_ctrl_c_ends_every_command_with_130() -> None:
    with hanging_remote() as url:
        command = [RECONCILER, "status", "--repo", url]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as started:
            eventually(lambda: helpers(url), "git at work")
            started.send_signal(signal.SIGINT)
            _, said = started.communicate(timeout=20)
            assert (started.returncode, said) == (130, "reconciler: interrupted\n")


POISON = {
    "objects that depend on each other": """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: a, annotations: {{fleet-reconciler.dev/depends-on: ConfigMap/{here}/b}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: b, annotations: {{fleet-reconciler.dev/depends-on: ConfigMap/{here}/a}}}}
""",
    "a definition without sense": """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: widgets.example.com}}
spec: {{names: widget}}
""",
}


@pytest.mark.parametrize("text", POISON.values(), ids=POISON)
def test_a_poisonous_commit_does_not_end_the_agent(world: World, text: str) -> None:
    with world.running() as agent:
        world.synced(agent)
        world.fleet.extra(text.format(here=world.namespace))
        eventually(lambda: world.status().get("sync") == "Failed", "the refusal")
        world.edit("configmaps", "settings", {"data": {"rate": "1"}})
        eventually(lambda: (world.data("settings") or {}).get("rate") == "30", "the healed rate")
        assert agent.process.poll() is None, agent.tail()
