"""The API server's word on what the judge is not sure of: asked without writing, and bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.adapters.memory import MemoryClient
from reconciler.adapters.memory.server import Server
from reconciler.engine import confirm
from reconciler.engine.confirm import Confirmer
from reconciler.model import errors
from reconciler.model.origins import Origin
from reconciler.model.refs import FIELD_MANAGER, Kind, ObjectRef, SiteName
from reconciler.model.rendered import Manifest
from reconciler.model.values import Preview
from reconciler.render.manifest import manifest
from tests.clock import StoppedClock


def thing(kind: str = "Service", namespace: str = "serving", **fields: Any) -> Manifest:
    metadata = {"name": "web", "namespace": namespace}
    value = {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}
    return manifest(value, Origin("web.yaml", 1), SiteName("north", "one"))


class Asked(MemoryClient):
    """Counts dry-runs; ``broken`` is what each raises."""

    def __init__(self) -> None:
        super().__init__(Server(StoppedClock()), FIELD_MANAGER)
        self.asked: list[ObjectRef] = []
        self.broken: errors.ReconcilerError | None = None
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "serving"}}
        made = manifest(space, Origin("space.yaml", 1), SiteName("north", "one"))
        self.apply(made, force=True)

    def dry_run(self, manifest: Manifest, *, force: bool) -> Mapping[str, Any]:
        self.asked.append(manifest.ref)
        if self.broken:
            raise self.broken
        return super().dry_run(manifest, force=force)


@pytest.fixture
def cluster() -> Asked:
    return Asked()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


def test_what_would_be_is_shown_and_nothing_is_written(cluster: Asked, clock: StoppedClock) -> None:
    found = Confirmer(cluster, clock).ask(thing(spec={"selector": {"app": "web"}}))
    assert found.value is not None and found.value["spec"]["selector"] == {"app": "web"}
    assert (found.old, found.denied, found.failed) == (None, "", "")
    assert found.space is not None and found.space["metadata"]["name"] == "serving"
    assert cluster.read(Kind("", "v1", "Service"), "serving", "web") is None


def test_the_live_object_is_the_old_one(cluster: Asked, clock: StoppedClock) -> None:
    cluster.apply(thing(spec={"selector": {"app": "old"}}), force=True)
    found = Confirmer(cluster, clock).ask(thing(spec={"selector": {"app": "web"}}))
    assert found.old is not None and found.old["spec"]["selector"] == {"app": "old"}


@pytest.mark.parametrize(
    "absent", [thing(namespace="elsewhere"), thing(kind="Thing")], ids=["namespace", "kind"]
)
def test_what_cannot_be_there_yet_is_not_asked_for(
    cluster: Asked, clock: StoppedClock, absent: Manifest
) -> None:
    assert Confirmer(cluster, clock).ask(absent) == Preview()
    assert cluster.asked == []


def test_secrets_are_never_asked_for(cluster: Asked, clock: StoppedClock) -> None:
    assert Confirmer(cluster, clock).ask(thing(kind="Secret")) == Preview()
    assert cluster.asked == []


def test_a_refusal_by_the_clusters_own_policy_is_a_denial(
    cluster: Asked, clock: StoppedClock
) -> None:
    words = "services \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied"
    cluster.broken = errors.ClusterRefused(f"{words} request: no", reason="Invalid", status=422)
    found = Confirmer(cluster, clock).ask(thing())
    assert found.denied.endswith("denied request: no") and not found.failed


@pytest.mark.parametrize("reason", ["Invalid", "Forbidden", "InternalError"])
def test_any_other_refusal_is_no_answer(cluster: Asked, clock: StoppedClock, reason: str) -> None:
    cluster.broken = errors.ClusterRefused("a webhook says no", reason=reason)
    found = Confirmer(cluster, clock).ask(thing())
    assert (found.failed, found.denied) == ("a webhook says no", "")


def test_a_server_that_is_not_reached_is_not_asked_again(
    cluster: Asked, clock: StoppedClock
) -> None:
    cluster.broken = errors.ClusterUnavailable("no route")
    confirmer = Confirmer(cluster, clock)
    assert [confirmer.ask(thing()).failed for _ in range(3)] == ["no route"] * 3
    assert len(cluster.asked) == 1


def test_no_more_than_so_many_are_asked_for(cluster: Asked, clock: StoppedClock) -> None:
    confirmer = Confirmer(cluster, clock)
    for _ in range(confirm.MOST):
        assert confirmer.ask(thing()).value is not None
    assert "more than 500 objects" in confirmer.ask(thing()).failed
    assert len(cluster.asked) == confirm.MOST


def test_a_slow_server_holds_up_no_render(cluster: Asked, clock: StoppedClock) -> None:
    confirmer = Confirmer(cluster, clock)
    assert confirmer.ask(thing()).value is not None
    clock.advance(confirm.SECONDS + 1)
    assert "more than 60 s" in confirmer.ask(thing()).failed
    assert len(cluster.asked) == 1
