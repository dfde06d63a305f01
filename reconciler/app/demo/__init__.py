"""``reconciler demo``: real agents on embedded clusters, or one on a real cluster, act by act.

``acts`` is the play of three sites; ``steps`` is what acts are made of, ``stage`` waits and tells,
``site`` is an agent with its cluster, ``screen`` what is told. Nothing is acted: what is told was
seen in the sites' own objects and notes.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

from reconciler.adapters import git
from reconciler.adapters.memory import MemoryCluster
from reconciler.adapters.system import SystemClock
from reconciler.app import agent, bootstrap, init
from reconciler.app.demo import acts
from reconciler.app.demo.screen import Kind, Line, Row, Screen
from reconciler.app.demo.site import Site, World
from reconciler.app.demo.stage import Interrupted, Stage, Untrue
from reconciler.app.demo.steps import Play
from reconciler.model.refs import ObjectRef, SiteName

__all__ = ["Kind", "Line", "Outcome", "Row", "Screen", "play"]

_NAME = "demo"  # the fleet's


class Outcome(Enum):
    DONE = "done"
    UNTRUE = "untrue"
    INTERRUPTED = "interrupted"


def play(folder: Path | None, screen: Screen, *, pause: float) -> Outcome:
    """The play of three sites. ``folder`` becomes its repository, None is a temporary one.

    Raises UsageError where the folder is not empty, SourceUnavailable where git fails.
    """
    stage = Stage(screen, pause)
    with stage.listening():
        place = folder or Path(tempfile.mkdtemp(prefix="fleet-"))
        made = init.create(place, _NAME)
        stage.heading("A fleet repository, from the template")
        stage.shell(f"reconciler init {place}")
        stage.text(f"{len(made.sites)} sites: {', '.join(map(str, made.sites))}")

        def go_on(scratch: Path) -> None:
            for name in made.sites:
                stage.sites.append(_site(name, scratch, place.resolve(), stage))
            acts.play(Play(stage, place.resolve()), made.commit.commit)

        outcome = played(stage, go_on)
        if outcome is Outcome.DONE:
            _look_around(stage, place, made.sites[0])
        return outcome


def played(stage: Stage, go_on: Callable[[Path], None]) -> Outcome:
    """What became of it. Its agents are ended, and their folder is removed if all went well."""
    scratch = Path(tempfile.mkdtemp(prefix="fleet-agents-"))
    outcome = Outcome.DONE
    try:
        with _ended(stage):
            go_on(scratch)
    except Interrupted:
        outcome = Outcome.INTERRUPTED
    except Untrue as error:
        outcome = Outcome.UNTRUE
        stage.failed(f"{error}. The agents' logs are in {scratch}")
    finally:
        if outcome is not Outcome.UNTRUE:
            shutil.rmtree(scratch, ignore_errors=True)
    return outcome


@contextlib.contextmanager
def _ended(stage: Stage) -> Iterator[None]:
    """Whatever happens in the block, no agent and none of their processes outlives it."""
    try:
        yield
    finally:
        for site in stage.sites:
            site.end()
        for site in stage.sites:
            site.join()
        git.allow_calls()  # the agents' ends refuse them to the whole process


def _site(name: SiteName, scratch: Path, repository: Path, stage: Stage) -> Site:
    """A site with a cluster in memory, on which an administrator ran bootstrap."""
    cluster = MemoryCluster(SystemClock())
    options = bootstrap.wanted.Options(site=str(name), repo=str(repository), outside=True)
    wanted = bootstrap.wanted.read(options, None)
    administrator = cluster.client(bootstrap.MANAGER)
    for manifest in bootstrap.manifests.objects(wanted, needs_image=False):
        administrator.apply(manifest, force=False)
    return Site(
        name,
        World(
            client=cluster.client("kubectl"),
            edit=lambda kind, namespace, called, patch, manager: cluster.edit(
                ObjectRef(kind.group, kind.kind, namespace, called), patch, manager=manager
            ),
        ),
        agent.Place(connect=cluster.client),
        folder=scratch / name.label,
        repository=repository,
        news=stage.news,
    )


def _look_around(stage: Stage, place: Path, site: SiteName) -> None:
    stage.heading("It is yours to look into")
    stage.shell(f"cd {place}")
    stage.shell(f"git log --notes=fleet/{site}")
    stage.shell(f"reconciler render {site} --repo .")
    stage.shell("reconciler status")
    stage.text("A site on a real cluster: reconciler bootstrap --help, and README.md.")
