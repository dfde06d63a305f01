"""One site for a test: its fleet repository, its cluster, its agent, and people who meddle."""

from __future__ import annotations

import itertools
import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from tests.controlplane.plane import ControlPlane
from tests.e2e import process
from tests.e2e.fleet import Fleet
from tests.e2e.process import eventually

MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
_SERIAL = itertools.count()
_SITES = "/apis/fleet-reconciler.dev/v1alpha1/sites"


class Told(Protocol):
    """An agent whose log can be shown."""

    def tail(self) -> str: ...


class World:
    """``kubeconfig`` is the agent's; ``request`` speaks as an administrator."""

    def __init__(self, plane: ControlPlane, kubeconfig: Path, folder: Path) -> None:
        self.plane = plane
        self.kubeconfig = kubeconfig
        self.folder = folder
        self.state = folder / "state"
        self.fleet = Fleet(folder / "fleet.git", f"app-{os.getpid()}-{next(_SERIAL)}")
        self._logs = itertools.count()

    @property
    def namespace(self) -> str:
        return self.fleet.namespace

    def arguments(self, *more: str) -> list[str]:
        """What every run of this site's agent is given."""
        return [
            "--repo",
            self.fleet.remote.url,
            "--site",
            self.fleet.site,
            "--state",
            str(self.state),
            "--kubeconfig",
            str(self.kubeconfig),
            "--log-level",
            "debug",
            *more,
        ]

    def running(self, *more: str) -> AbstractContextManager[process.Agent]:
        """The agent, until the block ends; polls rarely, and sends each note at once."""
        log = self.folder / f"agent-{next(self._logs)}.log"
        given = more if "--interval" in more else ("--interval", "1h", *more)
        return process.running(log, *self.arguments(*given))

    def once(self, *more: str) -> tuple[int, str]:
        """A single pass: its exit code, and what it said."""
        done = process.reconciler("run", "--once", *self.arguments(*more))
        return done.returncode, done.stdout + done.stderr

    def synced(self, agent: Told, commit: str = "", seconds: float = 30) -> None:
        """Wait until the commit, or else the newest one, is applied as a whole."""
        wanted = commit or self.fleet.head
        try:
            eventually(lambda: self.status().get("applied") == wanted, f"{wanted} applied", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{agent.tail()}") from None

    def status(self) -> dict[str, Any]:
        """The Site object's status; empty where there is none."""
        name = self.fleet.site.replace("/", ".")
        found = self.plane.request("GET", f"{_SITES}/{name}")[1].get("status")
        return found if isinstance(found, dict) else {}

    def path(self, plural: str, name: str = "") -> str:
        """``configmaps`` or ``apps/v1/deployments`` in the overlay's namespace."""
        group, _, resource = plural.rpartition("/")
        root = f"/apis/{group}" if group else "/api/v1"
        where = f"{root}/namespaces/{self.namespace}/{resource}"
        return f"{where}/{quote(name)}" if name else where

    def get(self, plural: str, name: str) -> dict[str, Any] | None:
        """An object of the overlay's namespace, or None."""
        code, answer = self.plane.request("GET", self.path(plural, name))
        return answer if code == 200 else None

    def data(self, name: str) -> dict[str, Any] | None:
        """A ConfigMap's data."""
        found = self.get("configmaps", name)
        return found and found.get("data")

    def edit(self, plural: str, name: str, change: object, manager: str = "meddler") -> None:
        """Somebody's merge patch."""
        path = f"{self.path(plural, name)}?fieldManager={manager}"
        code, answer = self.plane.request("PATCH", path, change, MERGE)
        assert code == 200, answer

    def delete(self, plural: str, name: str) -> None:
        code, answer = self.plane.request("DELETE", self.path(plural, name))
        assert code in (200, 202), answer

    def clear(self) -> None:
        """Take this site out of the cluster, so that the next one may have it."""
        maps = "/api/v1/namespaces/fleet-system/configmaps"
        self.plane.request("DELETE", f"{maps}?labelSelector=app.kubernetes.io/managed-by")
        self.plane.request("DELETE", _SITES)
        self.plane.request("DELETE", f"/api/v1/namespaces/{self.namespace}")
