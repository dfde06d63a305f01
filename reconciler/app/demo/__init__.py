"""``reconciler demo``: real agents on embedded clusters, or one on a real cluster, act by act.

``acts`` is the play of three sites, ``visit`` that of one on a real cluster, where ``made`` is what
is taken back. ``steps`` is what acts are made of, ``stage`` waits and tells, ``site`` is an agent
with its cluster, ``screen`` what is told, ``outcome`` how it went. Nothing is acted: all that is
told was seen in the sites' own objects and notes.
"""

from __future__ import annotations

import contextlib
import shlex
import tempfile
from pathlib import Path

from reconciler.adapters.memory import MemoryCluster
from reconciler.adapters.system import SystemClock
from reconciler.app import agent, bootstrap, init
from reconciler.app.demo import acts, hello
from reconciler.app.demo.outcome import Outcome, played
from reconciler.app.demo.screen import Kind, Line, Row, Screen
from reconciler.app.demo.site import Site, World
from reconciler.app.demo.stage import Stage
from reconciler.app.demo.steps import Play
from reconciler.app.demo.visit import Login, Visit
from reconciler.model.refs import ObjectRef, SiteName

__all__ = ["Kind", "Line", "Login", "Outcome", "Row", "Screen", "play", "play_on"]

_NAME = "demo"  # the fleet's


def play(
    folder: Path | None, screen: Screen, *, pause: float, program: str = "reconciler"
) -> Outcome:
    """The play of three sites. ``folder`` becomes its repository, None is a temporary one;
    ``program`` is how a shell calls this one.

    Raises UsageError where the folder is not empty, SourceUnavailable where git fails.
    """
    stage = Stage(screen, pause)
    with stage.listening():
        place = _place(folder)

        def go_on(scratch: Path) -> None:
            made = _repository(place, stage)
            stage.text(f"{len(made.sites)} sites: {', '.join(map(str, made.sites))}")
            for name in made.sites:
                stage.sites.append(_site(name, scratch, place.resolve(), stage))
            acts.play(Play(stage, place.resolve()), made.commit.commit)

        outcome = played(stage, go_on)
        if outcome is Outcome.DONE:
            _look_around(stage, place, acts.FIRST, program)
        return outcome


def play_on(
    login: Login,
    folder: Path | None,
    screen: Screen,
    *,
    pause: float,
    yes: bool,
    program: str = "reconciler",
) -> Outcome:
    """The play of one site on a real cluster; ``yes`` removes what it made there without asking.

    Raises UsageError also where the cluster is a site already, and ClusterUnavailable.
    """
    stage = Stage(screen, pause)
    visit = Visit(login, stage)
    with stage.listening(), contextlib.closing(login.connect()) as cluster:
        visit.check()
        place = _place(folder)

        def go_on(scratch: Path) -> None:
            _repository(place, stage)
            first = visit.declare(place.resolve())
            stage.text(f"One site more, {hello.SITE}, for the cluster.")
            visit.prepare()
            stage.sites.append(visit.site(cluster, scratch / "here", place.resolve()))
            visit.play(Play(stage, place.resolve()), first)

        try:
            outcome = played(stage, go_on)
        finally:
            is_back = visit.take_back(
                lambda: yes or stage.asked("Remove all of it from the cluster?")
            )
        if outcome is Outcome.DONE:
            _look_around(stage, place, hello.SITE, program)
        if stage.interrupted:
            return Outcome.INTERRUPTED
        return outcome if is_back else Outcome.UNTRUE


def _place(folder: Path | None) -> Path:
    return folder or Path(tempfile.mkdtemp(prefix="fleet-"))


def _repository(place: Path, stage: Stage) -> init.Made:
    """A fleet repository there. Raises UsageError where there is anything."""
    made = init.create(place, _NAME)
    stage.heading("A fleet repository, from the template")
    stage.shell(f"reconciler init {place}")
    return made


def _site(name: SiteName, scratch: Path, repository: Path, stage: Stage) -> Site:
    """A site with a cluster in memory, on which an administrator ran bootstrap."""
    cluster = MemoryCluster(SystemClock(), rolls_out=True)
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
        agent.Place(connect=lambda _: cluster.client()),
        folder=scratch / name.label,
        repository=repository,
        news=stage.news,
    )


def _look_around(stage: Stage, place: Path, site: SiteName, program: str) -> None:
    stage.heading("It is yours to look into")
    stage.shell(f"cd {shlex.quote(str(place))}")
    stage.shell(f"git log --notes=fleet/{site}")
    stage.shell(f"{program} render {site} --repo .")
    stage.shell(f"{program} status")
    stage.text(f"A site on a real cluster: {program} bootstrap --help, and README.md.")
