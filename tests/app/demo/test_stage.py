"""What does not come true is said, and nothing is taken for true before it is."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.adapters import git
from reconciler.adapters.memory import MemoryCluster
from reconciler.adapters.system import SystemClock
from reconciler.app import agent, init
from reconciler.app.demo.outcome import Outcome, played
from reconciler.app.demo.screen import Kind, Line, Row
from reconciler.app.demo.site import Site, World
from reconciler.app.demo.stage import Stage, Untrue
from reconciler.app.demo.steps import Play, unchanged
from reconciler.model import refs
from reconciler.model.values import Live

NAME = refs.SiteName("north", "barn-7")


class Screen:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def tell(self, line: Line) -> None:
        self.lines.append(line)

    def board(self, rows: Sequence[Row]) -> None:
        """Not kept."""

    def ask(self, question: str) -> bool:
        return False


def site(folder: Path, cluster: MemoryCluster, stage: Stage) -> Site:
    def edit(*_: object) -> Live:
        raise AssertionError("nobody edits here")

    return Site(
        NAME,
        World(client=cluster.client("kubectl"), edit=edit),
        agent.Place(connect=lambda _: cluster.client()),
        folder=folder,
        repository=folder / "nowhere",
        news=stage.news,
    )


def test_an_agent_that_dies_ends_the_play_with_its_reason(tmp_path: Path) -> None:
    screen = Screen()
    stage = Stage(screen, 0)

    def go_on(scratch: Path) -> None:
        stage.sites.append(site(scratch / "one", MemoryCluster(SystemClock()), stage))
        (scratch / "one" / "state").write_text("no folder")
        stage.sites[0].start()
        stage.wait(lambda: None, "never")

    assert played(stage, go_on) is Outcome.UNTRUE
    (failed,) = (line.text for line in screen.lines if line.kind is Kind.FAILED)
    assert failed.startswith(f"the agent of {NAME} ended: ")
    logs = Path(failed.rpartition(" ")[2])
    assert (logs / "one" / "agent.log").is_file()
    assert [each.name for each in threading.enumerate() if each.name.startswith("site-")] == []


def test_a_template_that_changed_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    first = init.create(folder, "demo").commit.commit
    play = Play(Stage(Screen(), 0), folder)
    with pytest.raises(Untrue, match="does not hold 'newTag: 1' once"):
        play.change("bases/broker/kustomization.yaml", "newTag: 1", "newTag: 2", "Up")
    assert git.Desk(folder).log("none", "HEAD").startswith(first[:7])


def test_a_changed_object_is_seen(tmp_path: Path) -> None:
    cluster = MemoryCluster(SystemClock())
    stage = Stage(Screen(), 0)
    here = site(tmp_path / "one", cluster, stage)
    here.join()
    namespace, config_map = refs.Kind("", "v1", "Namespace"), refs.Kind("", "v1", "ConfigMap")
    labels = f'"labels": {{"{refs.SITE_LABEL}": "{NAME.label}"}}'
    body = f'{{"metadata": {{"name": "a", {labels}}}}}'.encode()
    client = cluster.client("kubectl")
    client.create(namespace, "", body)
    before = here.world.declared(NAME)
    assert before == {}
    client.create(config_map, "a", body)
    with pytest.raises(Untrue, match="north/barn-7 changed ConfigMap/a/a"):
        unchanged(here, before)
    unchanged(here, here.world.declared(NAME))
