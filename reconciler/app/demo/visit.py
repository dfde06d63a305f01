"""The demo of one site on a real cluster: played in a namespace of its own, then taken back."""

from __future__ import annotations

import contextlib
import functools
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.adapters import git, kube
from reconciler.app import AGENT_NAMESPACE, agent, bootstrap
from reconciler.app.demo import hello, made
from reconciler.app.demo.acts import LAST
from reconciler.app.demo.site import Site, World
from reconciler.app.demo.stage import Stage
from reconciler.app.demo.steps import Play, Thing
from reconciler.model.errors import ClusterRefused, ClusterUnavailable
from reconciler.model.refs import Kind
from reconciler.model.values import Live

_ENDING = 120.0  # seconds for a namespace and its Pods to end
_MAPS = Kind("", "v1", "ConfigMap")
_DEPLOYMENT = Kind("apps", "v1", "Deployment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The cluster, as kubectl's flags name it."""

    kubeconfig: str
    context: str = ""

    def connect(self) -> kube.KubeCluster:
        return kube.connect(self.kubeconfig, self.context)

    def set_up(self, manager: str) -> kube.Setup:
        return kube.set_up(self.kubeconfig, self.context, manager)


class Visit:
    """One play on a cluster. ``take_back`` comes after its agent has ended, however it went."""

    def __init__(self, login: Login, stage: Stage) -> None:
        self._login = login
        self._stage = stage
        self.namespace = f"fleet-demo-{secrets.token_hex(3)}"
        self._prepared: list[made.Made] = []
        self._begun = False

    def check(self) -> None:
        """Raises UsageError where the cluster is a site already; nothing is written."""
        with contextlib.closing(self._login.set_up(bootstrap.MANAGER)) as setup:
            made.check_free(setup)

    def declare(self, folder: Path) -> str:
        """Add the site to the fleet repository; the commit."""
        for path, text in hello.files(self.namespace).items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return git.Desk(folder).commit(f"Add {hello.SITE}")

    def prepare(self) -> None:
        """What the agent needs and the cluster lacks."""
        self._begun = True
        with contextlib.closing(self._login.set_up(bootstrap.MANAGER)) as setup:
            for each in made.prepare(setup, hello.SITE):
                self._prepared.append(each)
                self._stage.text(f"made {each.ref}")

    def site(self, cluster: kube.KubeCluster, folder: Path, repository: Path) -> Site:
        """The one site; ``cluster`` is what others see it through."""
        return Site(
            hello.SITE,
            World(client=cluster, edit=self._edit),
            agent.Place(connect=lambda _: self._login.connect()),
            folder=folder,
            repository=repository,
            news=self._stage.news,
        )

    def play(self, on: Play, first: str) -> None:
        """All acts. Raises Interrupted and Untrue."""
        (site,) = on.stage.sites
        thing = Thing(kind=_DEPLOYMENT, namespace=self.namespace, name="hello")
        on.stage.act("First sync", f"The site lives in the namespace {self.namespace}.")
        site.start()
        said = f"Synced at {first[:7]}"
        on.synced([site], first, lambda _: said if thing.of(site) else None, noted=True)
        on.stage.act("A commit to a base reaches the site")
        greeting = ("greeting=hello", "greeting=good-morning")
        commit = on.change(hello.BASE, *greeting, "Be polite")
        on.synced([site], commit, self._greets, noted=True)
        on.stage.act("Somebody edits an object by hand")
        on.edited(site, thing, "nginx:latest", "kubectl-edit")
        on.stage.act("A broken commit is refused, and everything keeps running")
        refused = on.broken(hello.BASE, "- hello.yaml", "- helo.yaml")
        on.stage.act(LAST)
        on.look(site, refused)

    def take_back(self, agreed: Callable[[], bool]) -> bool:
        """Remove what was made, or say how; False where something stays that was to go."""
        if not self._begun:
            return True
        try:
            with contextlib.closing(self._login.connect()) as cluster:
                return self._take_back(cluster, agreed)
        except (ClusterRefused, ClusterUnavailable) as error:
            self._stage.failed(
                f"{error}. What was made stays: the namespace {self.namespace},"
                f" Site/{hello.SITE.label}, ConfigMaps fleet-inventory-* in {AGENT_NAMESPACE}"
                + "".join(f", {each.ref}" for each in self._prepared)
            )
            return False

    def _take_back(self, cluster: kube.KubeCluster, agreed: Callable[[], bool]) -> bool:
        found = (*made.of_agent(cluster, hello.SITE, self.namespace), *self._prepared)
        if not found:
            return True
        self._stage.heading("What was made on the cluster")
        for each in found:
            self._stage.text(each.ref)
        if agreed():
            return self._remove(cluster, found)
        self._stage.text("It stays. To remove it:")
        for each in found:
            self._stage.shell(each.command)
        return True

    def _remove(self, cluster: kube.KubeCluster, found: Sequence[made.Made]) -> bool:
        gone = []
        for each in found:
            if kept := made.why_kept(cluster, each):
                self._stage.text(f"{each.ref} is kept: {kept}")
            else:
                cluster.delete(each.kind, each.namespace, each.name, each.uid)
                gone.append(each)
        for each in gone:
            look = functools.partial(made.is_gone, cluster, each)
            if not self._stage.wait_for_end(look, _ENDING):
                self._stage.failed(f"{each.ref} is not gone after {_ENDING:.0f} s")
                return False
        self._stage.done(None, f"{len(gone)} removed and gone")
        return True

    def _edit(
        self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any], manager: str
    ) -> Live:
        with contextlib.closing(self._login.set_up(manager)) as setup:
            return setup.edit(kind, namespace, name, patch)

    def _greets(self, site: Site) -> str | None:
        """The ConfigMap with the new greeting, which has a name of its own."""
        for each in site.world.client.select(_MAPS, self.namespace, ""):
            if (each.get("data") or {}).get("greeting") == "good-morning":
                return f"has {each['metadata']['name']}"
        return None
