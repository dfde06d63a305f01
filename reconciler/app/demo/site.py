"""One site of the demo: a real agent in a thread, its cluster, and its link to the repository.

The link is a name for the repository's folder, which only this site uses: without it git finds
no remote, as it would without a network.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from reconciler import ports
from reconciler.adapters import git, telemetry
from reconciler.app import AGENT_NAMESPACE, agent
from reconciler.app.demo.screen import Row
from reconciler.model import errors
from reconciler.model.refs import SITE_LABEL, Kind, SiteName
from reconciler.model.values import Live
from reconciler.settings import Settings
from reconciler.status import site_object

POLL = 2.0  # seconds between two looks at the remote, commits that are noticed at once apart

# The kinds that the demo's fleets declare, but for namespaces, whose metadata is everybody's.
_KINDS = (
    Kind("", "v1", "ConfigMap"),
    Kind("", "v1", "Service"),
    Kind("networking.k8s.io", "v1", "NetworkPolicy"),
    Kind("apps", "v1", "Deployment"),
    Kind("apps", "v1", "StatefulSet"),
    Kind("apps", "v1", "DaemonSet"),
)

# What the agents' events are in a few words.
_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "agent.started": lambda _: "started",
    "source.failed": lambda _: "cannot fetch",
    "render.done": lambda given: f"rendered {given['objects']} objects",
    "render.failed": lambda _: "refused a commit",
    "apply.done": lambda given: f"applied {given['applied']}, pruned {given['pruned']}",
    "drift.corrected": lambda given: f"healed {given['ref']}",
    "note.pushed": lambda given: f"noted {given['commit'][:7]}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A site's cluster as everybody but its agent sees it."""

    client: ports.Cluster
    edit: Callable[[Kind, str, str, Mapping[str, Any], str], Live]  # a merge patch, by a manager

    def read(self, kind: Kind, namespace: str, name: str) -> Mapping[str, Any]:
        """The whole object, empty where there is none."""
        return self.client.read(kind, namespace, name) or {}

    def declared(self, site: SiteName) -> Mapping[str, str]:
        """What the site declares, and a version of each, which a write of its status leaves."""
        selector = f"{SITE_LABEL}={site.label}"
        return {
            f"{kind}/{meta['namespace']}/{meta['name']}": _version(meta)
            for kind in _KINDS
            for meta in (found["metadata"] for found in self.client.select(kind, "", selector))
            if meta["namespace"] != AGENT_NAMESPACE
        }


def _version(metadata: Mapping[str, Any]) -> str:
    return f"{metadata['uid']} {metadata.get('generation') or metadata['resourceVersion']}"


class _Heard(telemetry.Telemetry):
    """Logs, and passes each event on."""

    def __init__(self, stream: TextIO, listen: Callable[[str, Mapping[str, Any]], None]) -> None:
        super().__init__(level="debug", stream=stream)
        self._listen = listen

    def event(self, name: str, /, **fields: object) -> None:
        super().event(name, **fields)
        self._listen(name, fields)


class Site:
    """Not started before ``start``. ``news`` is called, from any thread, when something happened.

    ``folder`` becomes the site's own: its state, its agent's log, its link.
    """

    def __init__(
        self,
        name: SiteName,
        world: World,
        place: agent.Place,
        *,
        folder: Path,
        repository: Path,
        news: Callable[[], None],
    ) -> None:
        self.name = name
        self.world = world
        self._news = news
        self._repository = repository
        self._link = folder / "fleet"
        self._last = ""
        self._healed: dict[str, float] = {}
        self.trouble: BaseException | None = None
        folder.mkdir(parents=True)
        self.reach()
        self._log = (folder / "agent.log").open("w")
        settings = Settings(
            site=name,
            url=git.normalise(str(self._link)),
            state=folder / "state",
            poll=POLL,
            status_interval=0.0,
        )
        self._agent = agent.Agent(lambda: settings, place, _Heard(self._log, self._hear))
        self._thread = threading.Thread(target=self._run, name=f"site-{name.label}")

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Ask the agent to end; ``join`` waits for that."""
        self._agent.end()

    def join(self) -> None:
        if self._thread.is_alive():
            self._thread.join()
        self._log.close()

    @property
    def linked(self) -> bool:
        return self._link.is_symlink()

    def cut(self) -> None:
        """Without a link from now on."""
        self._link.unlink()

    def reach(self) -> None:
        """The link is back."""
        self._link.symlink_to(self._repository)

    def words(self) -> Mapping[str, Any]:
        """What the Site object says; empty where there is none yet."""
        try:
            found = self.world.read(site_object.KIND, "", self.name.label)
        except (errors.ClusterUnavailable, errors.ClusterRefused):
            return {}  # or its kind is not served yet
        return found.get("status") or {}

    def healed(self, ref: str) -> float | None:
        """Seconds from a watch's event to the correction of ``ref``, None where none was heard."""
        return self._healed.get(ref)

    def row(self) -> Row:
        words = self.words()
        objects, drift = words.get("objects") or {}, words.get("drift") or {}
        return Row(
            site=str(self.name),
            state=str(words.get("state", "")),
            revision=str(words.get("applied", ""))[:7],
            objects=str(objects.get("applied", "")),
            healed=str(drift.get("corrected", "")),
            link=self.linked,
            last=self._last,
        )

    def _hear(self, name: str, fields: Mapping[str, Any]) -> None:
        if name == "drift.corrected":
            self._healed[fields["ref"]] = fields["seconds"]
        if name in _WORDS:
            self._last = _WORDS[name](fields)
            self._news()

    def _run(self) -> None:
        try:
            self._agent.run()
        except BaseException as error:  # told by whoever waits for this site
            self.trouble = error
            self._news()
