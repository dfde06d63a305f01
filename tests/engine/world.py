"""The whole engine over the embedded cluster, with a source, a renderer and a mailbox by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reconciler.adapters.memory import MemoryCluster
from reconciler.engine import assembly
from reconciler.engine.loop import Engine
from reconciler.model.refs import Kind, ObjectRef
from reconciler.plan import inventory
from tests import manifests
from tests.clock import SkippingClock
from tests.engine.fakes import Commits, Mailbox, Renders, Watcher
from tests.fakes.state import MemoryState

NAMESPACE = "fleet-system"
CONFIG_MAP = Kind("", "v1", "ConfigMap")
SITE_KIND = Kind("fleet-reconciler.dev", "v1alpha1", "Site")


def eventually(condition: Callable[[], Any], what: str, seconds: float = 20.0) -> None:
    """Look every 2 ms."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.002)):
        if condition():
            return
        pause.wait(0.002)
    raise AssertionError(f"not within {seconds:g} s: {what}")


class World:
    """``objects`` is what the next commit renders; ``commit`` makes one."""

    def __init__(self) -> None:
        self.clock = SkippingClock()
        self.cluster = MemoryCluster(self.clock)
        self.client = self.cluster.client()
        self.admin = self.cluster.client("admin")  # whoever looks, or deletes by hand
        self.source, self.renderer = Commits(), Renders()
        self.mailbox, self.watcher, self.state = Mailbox(), Watcher(), MemoryState()
        self.given_back: list[str] = []  # memory, with the commit applied then
        self._serial = 0
        for value in (manifests.namespace(NAMESPACE), _site_definition()):
            self.admin.apply(manifests.manifest(value), force=True)

    def commit(self, *values: Mapping[str, Any]) -> str:
        """A new tip that renders the namespace ``app`` and these objects."""
        self._serial += 1
        self.source.tip = f"{self._serial:040x}"
        wanted = [manifests.namespace("app"), *(dict(value) for value in values)]
        self.renderer.objects = [manifests.manifest(value) for value in wanted]
        return self.source.tip

    def lose_database(self) -> None:
        """What is on disk is gone; the cluster keeps what it has."""
        self.state = MemoryState()

    def parts(self) -> assembly.Parts:
        """What the next engine is made of."""
        return assembly.Parts(
            source=self.source,
            renderer=self.renderer,
            cluster=self.client,
            state=self.state,
            notes=self.mailbox,
            clock=self.clock,
            observer=self.watcher,
            give_back=lambda: self.given_back.append(self.state.meta("applied")),
        )

    def assemble(self, stop: threading.Event) -> Engine:
        options = assembly.Options(
            site=manifests.SITE, namespace=NAMESPACE, agent="test 0", poll=3600, interval=0
        )
        return assembly.assemble(self.parts(), options, stop)

    @contextmanager
    def running(self) -> Iterator[Engine]:
        """The engine in a thread; what it dies of fails the test."""
        died: list[BaseException] = []
        engine = self.assemble(threading.Event())

        def run() -> None:
            try:
                engine.run()
            except BaseException as error:  # shown below
                died.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield engine
        finally:
            engine.end()
            thread.join(20)
        assert not thread.is_alive() and not died, died

    def once(self) -> tuple[bool, bool]:
        """A single pass: whether it is synced, and reached the remote."""
        outcome = self.assemble(threading.Event()).run_once()
        return outcome.synced, outcome.reached

    def synced(self, commit: str) -> None:
        eventually(lambda: self.state.meta("applied") == commit, f"{commit} applied")

    def data(self, name: str, namespace: str = "app") -> Mapping[str, Any] | None:
        found = self.admin.read(CONFIG_MAP, namespace, name)
        return found and found.get("data")

    def uid(self, name: str) -> str:
        found = self.admin.read(CONFIG_MAP, "app", name)
        assert found is not None
        return str(found["metadata"]["uid"])

    def inventory(self) -> inventory.Inventory:
        first = self.admin.read(CONFIG_MAP, NAMESPACE, inventory.name(0))
        return inventory.unpack([first] if first else [])

    def site(self) -> Mapping[str, Any]:
        """The Site object."""
        found = self.admin.read(SITE_KIND, "", manifests.SITE.label)
        assert found is not None
        return found

    def status(self) -> Mapping[str, Any]:
        found = self.admin.read(SITE_KIND, "", manifests.SITE.label) or {}
        status: Mapping[str, Any] = found.get("status") or {}
        return status

    def edit(self, name: str, **data: str) -> None:
        """Somebody's merge patch of a ConfigMap."""
        self.cluster.edit(ref(name), {"data": data}, manager="meddler")

    def synced_first(self) -> str:
        """ConfigMaps ``a`` and ``b`` are applied, by a single pass."""
        commit = self.commit(manifests.config_map("a"), manifests.config_map("b"))
        assert self.once() == (True, True)
        return commit

    def delete_map(self, name: str) -> None:
        self.delete(CONFIG_MAP, name)

    def delete(self, kind: Kind, name: str, namespace: str = "app") -> None:
        found = self.admin.read(kind, namespace, name)
        assert found is not None
        assert self.admin.delete(kind, namespace, name, found["metadata"]["uid"])

    def writes(self) -> int:
        """Requests of the agent that may write, events apart."""
        asked = self.client.requests
        return sum(
            count
            for (verb, kind), count in asked.items()
            if verb in ("patch", "create", "delete") and kind.kind not in ("Event", "Site")
        )


def _site_definition() -> dict[str, Any]:
    value = manifests.definition("fleet-reconciler.dev", "Site", scope="Cluster")
    (version,) = value["spec"]["versions"]
    version |= {"name": "v1alpha1", "subresources": {"status": {}}}
    return value


def ref(name: str, namespace: str = "app") -> ObjectRef:
    return ObjectRef("", "ConfigMap", namespace, name)
