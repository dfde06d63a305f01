"""What would change."""

from __future__ import annotations

from reconciler.model.values import Manifest, Record
from reconciler.plan import inventory, planner
from tests import manifests

MANIFEST = manifests.manifest(manifests.config_map("a"))


def record(manifest: Manifest) -> Record:
    return Record(
        ref=manifest.ref,
        api_version=manifest.api_version,
        uid="u",
        digest=manifest.digest,
        body=manifest.body,
        signature="u - -",
        origin=manifest.origin,
        applied_at=0,
    )


def entry(manifest: Manifest, uid: str = "u") -> inventory.Entry:
    return inventory.Entry(ref=manifest.ref, version="v1", uid=uid)


def test_what_was_applied_as_it_is_costs_nothing() -> None:
    ref = MANIFEST.ref
    plan = planner.plan([MANIFEST], {ref: record(MANIFEST)}, {ref: entry(MANIFEST)})
    assert plan.empty and plan.unchanged == 1


def test_a_first_contact_is_unforced_and_later_ones_are_forced() -> None:
    first = planner.plan([MANIFEST], {}, {})
    announced = planner.plan([MANIFEST], {}, {MANIFEST.ref: entry(MANIFEST, uid="")})
    known = planner.plan([MANIFEST], {}, {MANIFEST.ref: entry(MANIFEST)})
    steps = [plan.waves[0][0] for plan in (first, announced, known)]
    assert [step.force for step in steps] == [False, False, True]
    assert [step.announced for step in steps] == [False, True, False]


def test_only_what_the_inventory_lists_is_pruned() -> None:
    other = manifests.manifest(manifests.config_map("b"))
    unlisted = planner.plan([], {other.ref: record(other)}, {})
    listed = planner.plan([], {}, {MANIFEST.ref: entry(MANIFEST)})
    assert unlisted.prunes == ()
    assert [(prune.ref, prune.uid) for prune in listed.prunes] == [(MANIFEST.ref, "u")]


def test_prunes_go_in_the_reverse_order_of_applies() -> None:
    values = [manifests.namespace("app"), manifests.config_map("c"), manifests.deployment("d")]
    listed = [manifests.manifest(value) for value in values]
    plan = planner.plan([], {}, {manifest.ref: entry(manifest) for manifest in listed})
    assert [prune.ref.kind for prune in plan.prunes] == ["Deployment", "ConfigMap", "Namespace"]
