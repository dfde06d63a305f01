"""Who took which field, from the books that the cluster keeps."""

from __future__ import annotations

from reconciler.adapters.memory import MemoryCluster
from reconciler.adapters.system import SystemClock
from reconciler.app.demo import blame
from reconciler.model.refs import ObjectRef
from reconciler.model.values import Live
from tests import manifests

REF = ObjectRef("apps", "Deployment", "app", "web")


def edited(change: dict[str, object]) -> tuple[frozenset[tuple[str, ...]], Live]:
    """Our fields before somebody's merge patch, and the object after it."""
    cluster = MemoryCluster(SystemClock())
    agent = cluster.client()
    agent.apply(manifests.manifest(manifests.namespace("app")), force=False)
    before = agent.apply(manifests.manifest(manifests.deployment("web")), force=False)
    return blame.owned(before), cluster.edit(REF, change, manager="kubectl-edit")


def test_the_field_is_named_as_in_the_manifest_and_its_manager_too() -> None:
    containers = [{"name": "main", "image": "other"}]
    before, after = edited({"spec": {"template": {"spec": {"containers": containers}}}})
    field = "spec.template.spec.containers[name=main].image"
    assert blame.taken(before, after) == (field, "kubectl-edit")


def test_a_field_that_was_never_ours_is_nobodys_business() -> None:
    before, after = edited({"spec": {"paused": True}})
    assert blame.taken(before, after) is None
