"""What would change."""

from __future__ import annotations

import functools

from reconciler.model.rendered import Manifest
from reconciler.model.values import Record
from reconciler.plan import inventory, planner
from tests import manifests

plan = functools.partial(planner.plan, agent_namespace="fleet-system")
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
    found = plan([MANIFEST], {ref: record(MANIFEST)}, {ref: entry(MANIFEST)})
    assert found.empty and found.unchanged == 1


def test_a_first_contact_is_unforced_and_later_ones_are_forced() -> None:
    first = plan([MANIFEST], {}, {})
    announced = plan([MANIFEST], {}, {MANIFEST.ref: entry(MANIFEST, uid="")})
    known = plan([MANIFEST], {}, {MANIFEST.ref: entry(MANIFEST)})
    forces = [each.waves[0][0].force for each in (first, announced, known)]
    assert forces == [False, False, True]


def test_only_what_the_inventory_lists_is_pruned() -> None:
    other = manifests.manifest(manifests.config_map("b"))
    unlisted = plan([], {other.ref: record(other)}, {})
    listed = plan([], {}, {MANIFEST.ref: entry(MANIFEST)})
    assert unlisted.prunes == ()
    assert [(prune.ref, prune.uid) for prune in listed.prunes] == [(MANIFEST.ref, "u")]


def test_prunes_go_in_the_reverse_order_of_applies() -> None:
    values = [manifests.namespace("app"), manifests.config_map("c"), manifests.deployment("d")]
    listed = [manifests.manifest(value) for value in values]
    found = plan([], {}, {manifest.ref: entry(manifest) for manifest in listed})
    assert [prune.ref.kind for prune in found.prunes] == ["Deployment", "ConfigMap", "Namespace"]


def test_what_is_uncertain_is_written_again_though_its_record_is_the_same() -> None:
    ref = MANIFEST.ref
    found = plan([MANIFEST], {ref: record(MANIFEST)}, {ref: entry(MANIFEST)}, uncertain={ref})
    assert [step.manifest for step in found.waves[0]] == [MANIFEST]


def test_a_namespace_and_a_definition_that_still_hold_something_wanted_are_not_pruned() -> None:
    definition = manifests.manifest(manifests.definition("example.com", "Widget"))
    space = manifests.manifest(manifests.namespace("app"))
    widget = manifests.config_map("w") | {"apiVersion": "example.com/v1", "kind": "Widget"}
    listed = {each.ref: entry(each) for each in (definition, space)}
    assert plan([manifests.manifest(widget)], {}, listed).prunes == ()
    assert len(plan([], {}, listed).prunes) == 2


def test_the_agents_own_objects_are_never_pruned() -> None:
    own = (
        manifests.namespace("fleet-system"),
        manifests.config_map("c", namespace="fleet-system"),
        manifests.definition("fleet-reconciler.dev", "Site", scope="Cluster"),
    )
    listed = {each.ref: entry(each) for each in map(manifests.manifest, own)}
    assert plan([], {}, listed).prunes == ()


def test_a_job_that_has_run_does_not_run_again_because_its_record_is_lost() -> None:
    job = manifests.config_map("j") | {"apiVersion": "batch/v1", "kind": "Job"}
    wanted = manifests.manifest(job)
    listed = inventory.Entry(ref=wanted.ref, version="v1", uid="u", digest=wanted.digest[:16])
    assert plan([wanted], {}, {wanted.ref: listed}).empty
    changed = manifests.manifest(job | {"data": {"key": "other"}})
    assert not plan([changed], {}, {wanted.ref: listed}).empty


def test_prunes_follow_waves_and_dependencies_backwards() -> None:
    depends = {"fleet-reconciler.dev/depends-on": "ConfigMap/app/b"}
    values = [
        manifests.config_map("a", annotations=depends),
        manifests.config_map("b"),
        manifests.config_map("c", annotations={"fleet-reconciler.dev/wave": "1"}),
        manifests.config_map("d", annotations={"fleet-reconciler.dev/wave": "-1"}),
    ]
    listed = [manifests.manifest(value) for value in values]
    records = {each.ref: record(each) for each in listed}
    found = plan([], records, {each.ref: entry(each) for each in listed})
    assert [prune.ref.name for prune in found.prunes] == ["c", "a", "b", "d"]


def test_each_step_knows_what_must_be_healthy_before_it() -> None:
    prefix = "fleet-reconciler.dev/"
    values = [
        manifests.config_map("gate", annotations={f"{prefix}wait": "true"}),
        manifests.config_map("beside"),
        manifests.config_map(
            "behind",
            annotations={f"{prefix}depends-on": "ConfigMap/app/beside,ConfigMap/app/elsewhere"},
        ),
        manifests.config_map("later", annotations={f"{prefix}wave": "1"}),
    ]
    listed = [manifests.manifest(value) for value in values]
    found = plan([*listed], {}, {})
    after = {
        step.manifest.ref.name: {ref.name for ref in step.after}
        for wave in found.waves
        for step in wave
    }
    assert after == {
        "gate": set(),
        "beside": set(),
        "behind": {"gate", "beside"},
        "later": {"gate"},
    }
