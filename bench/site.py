"""A real control plane, a fleet repository and an agent, as the benchmarks need them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.link import Server
from tests.adapters.git.build import Remote
from tests.controlplane import assets
from tests.controlplane.plane import ControlPlane
from tests.e2e.process import Agent, running

ROOT = Path(__file__).resolve().parent.parent
SITE = "north/one"
AGENT = "system:serviceaccount:fleet-system:fleet-reconciler"
_FLEET = "apiVersion: fleet-reconciler.dev/v1alpha1\nkind: Fleet\nname: bench\n"
_SETTINGS = "apiVersion: fleet-reconciler.dev/v1alpha1\nkind: SiteSettings\n"


class Bench:
    """One control plane, with deploy/ applied."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self.plane = plane
        self.folder = folder
        plane.kubectl("apply", "--server-side", "-k", str(ROOT / "deploy"))
        self.token = plane.token("fleet-system", "fleet-reconciler", 24 * 3600)
        self.kubeconfig = plane.kubeconfig(folder / "agent.kubeconfig", token=self.token)

    @property
    def server(self) -> Server:
        return Server(self.plane.url, self.plane.ca, self.token)

    def fleet(self, namespace: str, objects: str) -> Remote:
        """A repository whose one site holds these manifests in a namespace of their own."""
        remote = Remote(self.folder / f"{namespace}.git")
        remote.commit(self.files(namespace, objects), parent=None)
        return remote

    def files(self, namespace: str, objects: str) -> dict[str, str]:
        """What the repository holds for that."""
        overlay = f"sites/{SITE}"
        own = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n---\n"
        return {
            "fleet.yaml": _FLEET,
            f"{overlay}/site.yaml": _SETTINGS,
            f"{overlay}/kustomization.yaml": f"namespace: {namespace}\nresources: [all.yaml]\n",
            f"{overlay}/all.yaml": own + objects,
        }

    def applied(self) -> str:
        """The commit that the Site object shows as applied."""
        path = f"/apis/fleet-reconciler.dev/v1alpha1/sites/{SITE.replace('/', '.')}"
        return str(self.plane.request("GET", path)[1].get("status", {}).get("applied", ""))

    @contextmanager
    def agent(self, remote: Remote, name: str) -> Iterator[Agent]:
        """An agent that has applied the repository and whose watches run."""
        with self.start(remote, name) as agent:
            wait(lambda: is_ready(agent), "the agent")
            yield agent

    def start(self, remote: Remote, name: str) -> AbstractContextManager[Agent]:
        """An agent that has just been started."""
        log = self.folder / f"{name}.log"
        arguments = ["--repo", remote.url, "--site", SITE, "--kubeconfig", str(self.kubeconfig)]
        arguments += ["--state", str(self.folder / name), "--interval", "1h"]
        return running(log, *arguments, "--metrics-address", "127.0.0.1:0")

    def clear(self, namespace: str) -> None:
        """Take the site and what it holds out of the cluster."""
        maps = "/api/v1/namespaces/fleet-system/configmaps"
        self.plane.request("DELETE", f"{maps}?labelSelector=app.kubernetes.io/managed-by")
        path = f"/api/v1/namespaces/{namespace}"
        self.plane.request("DELETE", path)
        wait(lambda: self.plane.request("GET", path)[0] == 404, "the namespace's end", 300)


@contextmanager
def bench() -> Iterator[Bench]:
    """Start the control plane, and end it and all that it made."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        (folder / "plane").mkdir()
        binaries = assets.prepare(lambda line: print(line, flush=True))
        yield Bench(stack.enter_context(ControlPlane(folder / "plane", binaries)), folder)


def is_ready(agent: Agent) -> bool:
    """Whether its first note is out and its watches run."""
    return agent.said("note.pushed") and agent.get("/readyz")[0] == 200


def wait(condition: Callable[[], Any], what: str, seconds: float = 120) -> None:
    """Look every 10 ms. Raises RuntimeError."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    raise RuntimeError(f"not within {seconds:g} s: {what}")


@contextmanager
def beside(*arguments: str) -> Iterator[None]:
    """A Python module that runs until the block ends; it says ``ready`` when it is."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{arguments[0]} ended")
        yield
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def config_maps(count: int, prefix: str = "object") -> str:
    """That many ConfigMaps with ``data: {key: value}``, and no namespace."""
    return "---\n".join(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {prefix}-{number}}}\n"
        "data: {key: value}\n"
        for number in range(count)
    )


def json_text(value: object) -> str:
    """A manifest as a line of JSON, which is YAML too."""
    return json.dumps(value)


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
