"""Deaths with a place of their own: a first start, the render child, a render that kills."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import yaml

from tests.e2e.crash.trial import left_state
from tests.e2e.crash.victim import Process, Victim
from tests.e2e.fleet import config_map
from tests.e2e.process import eventually
from tests.e2e.world import World

BOTH = pytest.mark.parametrize("alone", [False, True], ids=["with its children", "alone"])
_TRIES = 30
_DEATHS = 2


@contextmanager
def victim(world: World) -> Iterator[Victim]:
    configuration = world.folder / "config.yaml"
    configuration.write_text("status: {interval: 0s}\n")
    made = Victim(world.arguments("--interval", "1h", "--config", str(configuration)))
    try:
        yield made
    finally:
        made.discard()


def killed_amid(world: World, amid: Callable[[], bool], *, alone: bool) -> None:
    """Kill first starts until one of them was stopped while ``amid`` held.

    That is looked at twice: to stop it, and again when it stands still.
    """
    pause = threading.Event()
    for _ in range(_TRIES):
        shutil.rmtree(world.state, ignore_errors=True)
        with victim(world) as agent:
            while not agent.ended and not amid() and not agent.named("source.fetched"):
                pause.wait(0.001)  # what is waited for lasts some milliseconds
            agent.stop()
            was_amid = amid()
            agent.kill(alone=alone)
        if was_amid:
            return
    raise AssertionError(f"none of {_TRIES} agents was met there")


@BOTH
def test_an_agent_killed_while_its_database_is_made_starts_again(world: World, alone: bool) -> None:
    database = world.state / "state.db"
    draft = world.state / "state.db.new"
    for _ in range(_DEATHS):
        killed_amid(world, lambda: draft.exists() and not database.exists(), alone=alone)
        code, said = world.once()
        assert code == 0, said
        assert "state.rebuilt" not in said and not draft.exists()


@BOTH
def test_an_agent_killed_amid_its_first_clone_starts_again(world: World, alone: bool) -> None:
    for _ in range(_DEATHS):
        killed_amid(world, (world.state / "mirror.git.new").exists, alone=alone)
        code, said = world.once()
        assert code == 0, said
        assert not (world.state / "mirror.git.new").exists()


def is_renderer(process: Process) -> bool:
    return "reconciler.adapters.child.worker" in process.command


def kill_renderer(agent: Victim, but: int = 0) -> int:
    """SIGKILL to the render child, other than ``but``, as soon as there is one; its id."""

    def found() -> int:
        return next(
            (p.pid for p in agent.descendants() if is_renderer(p) and p.pid != but),
            0,
        )

    pid: int = eventually(found, "a render child")
    os.kill(pid, signal.SIGKILL)
    return pid


def test_a_render_child_that_is_killed_is_followed_by_another(world: World) -> None:
    with victim(world) as agent:
        agent.wait_for("source.verified")
        kill_renderer(agent)
        world.synced(agent)
        assert not agent.named("source.failed")


def test_render_children_that_are_killed_again_and_again_are_said_and_tried_later(
    world: World,
) -> None:
    with victim(world) as agent:
        agent.wait_for("source.verified")
        kill_renderer(agent, but=kill_renderer(agent))
        agent.wait_for("source.failed")
        assert "killed from outside" in agent.named("source.failed")[0]["error"]
        world.synced(agent)


def test_a_commit_whose_render_kills_the_agent_rests_and_the_last_good_state_stays(
    world: World,
) -> None:
    assert world.once()[0] == 0
    good = world.fleet.head
    deadly = world.fleet.extra(config_map("deadly"))
    for deaths in range(1, 4):
        with victim(world) as agent:
            assert agent.wait_for_process(is_renderer), agent.tail()
            agent.kill()
        with left_state(world.state) as state:
            assert state and state.meta("rendering") == f"{deadly} {deaths}"
    with victim(world) as agent:
        agent.wait_for("report.changed")
        (report,) = agent.named("report.changed")
        assert report["reason"] == "RenderFailed" and "ended the agent 3 times" in report["message"]
        world.edit("configmaps", "settings", {"data": {"rate": "1"}})
        eventually(lambda: (world.data("settings") or {}).get("rate") == "30", "the healed rate")
        agent.wait_for("note.pushed")
        note = yaml.safe_load(world.fleet.note())
        assert (note["commit"], note["applied"], note["sync"]) == (deadly, good, "Failed")
        assert not agent.named("render.done") and world.data("deadly") is None
        world.fleet.extra(config_map("mended"))
        world.synced(agent)
        assert world.data("mended") == {"key": "v"}
