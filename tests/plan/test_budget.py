"""What of a commit's deletions is held, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.model.refs import ObjectRef
from reconciler.model.rules import PruneLimits
from reconciler.model.values import HeldPrune, Prune
from reconciler.plan import budget
from tests import manifests
from tests.plan.test_planner import record

NAMESPACE = ObjectRef("", "Namespace", "", "app")
CLAIM = ObjectRef("", "PersistentVolumeClaim", "app", "data")
DEFINITION = ObjectRef("apiextensions.k8s.io", "CustomResourceDefinition", "", "lamps.example.com")
LAMP = ObjectRef("example.com", "Lamp", "app", "hall")


def maps(count: int, namespace: str = "other") -> list[ObjectRef]:
    return [ObjectRef("", "ConfigMap", namespace, f"c{number}") for number in range(count)]


def hold(
    *refs: ObjectRef,
    rendered: int = 20,
    records: Mapping[ObjectRef, Any] | None = None,
    **terms: Any,
) -> dict[ObjectRef, str]:
    prunes = [Prune(ref=ref, api_version="v1", uid="u") for ref in refs]
    terms = {"limits": PruneLimits(), **terms}
    found = budget.hold(prunes, records or {}, budget.Terms(rendered=rendered, **terms))
    return {each.ref: each.why for each in found}


@pytest.mark.parametrize(
    ("objects", "most"),
    [(1, 3), (15, 3), (19, 3), (20, 4), (43, 8), (50, 10), (1_000, 10)],
)
def test_the_limit_is_a_share_between_a_least_and_a_most(objects: int, most: int) -> None:
    assert budget.limit(PruneLimits(), objects) == most


def test_the_fleet_may_choose_other_limits() -> None:
    assert budget.limit(PruneLimits(percent=100, least=0, most=500), 300) == 300
    assert budget.limit(PruneLimits(percent=0, least=0, most=0), 300) == 0


@pytest.mark.parametrize(("count", "held"), [(5, 0), (6, 6), (30, 30)])
def test_all_of_them_are_held_or_none(count: int, held: int) -> None:
    assert len(hold(*maps(count), rendered=24 - count + 1)) == held


def test_what_is_allowed_does_not_count() -> None:
    refs = maps(13)
    assert set(hold(*refs, allowed=refs[:8], rendered=15)) == set()
    assert set(hold(*refs, allowed=refs[:7], rendered=15)) == set(refs[7:])


@pytest.mark.parametrize(
    "ref",
    [
        NAMESPACE,
        CLAIM,
        DEFINITION,
        ObjectRef("", "PersistentVolume", "", "disk"),
    ],
)
def test_some_kinds_are_always_held_until_they_are_allowed(ref: ObjectRef) -> None:
    (other,) = maps(1)
    assert set(hold(ref, other)) == {ref}
    assert not hold(ref, other, allowed={ref})


@pytest.mark.parametrize("where", ["live", "applied"])
def test_an_annotation_asks_for_confirmation(where: str) -> None:
    note = {"fleet-reconciler.dev/prune": "confirm"}
    manifest = manifests.manifest(manifests.config_map("c0", namespace="other", annotations=note))
    marked = {manifest.ref} if where == "live" else ()
    records = {manifest.ref: record(manifest)} if where == "applied" else {}
    found = hold(*maps(2), marked=marked, records=records)
    assert found == {manifest.ref: "it is annotated fleet-reconciler.dev/prune: confirm"}


def test_what_is_in_a_held_namespace_or_of_a_held_definition_is_held_with_it() -> None:
    (inside,) = maps(1, "app")
    (outside,) = maps(1, "other")
    found = hold(inside, outside, NAMESPACE)
    assert found[inside] == "it goes with Namespace/app, which is held"
    assert set(found) == {inside, NAMESPACE}
    elsewhere = ObjectRef("example.com", "Lamp", "other", "hall")
    assert set(hold(elsewhere, outside, DEFINITION)) == {elsewhere, DEFINITION}


def test_a_definition_is_known_by_what_was_applied_where_that_is_known() -> None:
    applied = manifests.manifest(manifests.definition("example.com", "Lamp"))
    fan = ObjectRef("example.com", "Fan", "other", "f")
    found = hold(LAMP, fan, applied.ref, records={applied.ref: record(applied)})
    assert set(found) == {LAMP, applied.ref}


def test_a_namespace_that_would_take_something_held_with_it_is_held_though_it_is_allowed() -> None:
    found = hold(CLAIM, NAMESPACE, allowed={NAMESPACE})
    assert found[NAMESPACE] == "it would take PersistentVolumeClaim/app/data with it, which is held"
    assert not hold(CLAIM, NAMESPACE, allowed={NAMESPACE, CLAIM})


def test_a_commit_without_an_object_deletes_nothing_whatever_is_allowed() -> None:
    refs = maps(2)
    assert set(hold(*refs, rendered=0, allowed=refs)) == set(refs)


def test_superseded_objects_do_not_count() -> None:
    refs = maps(9)
    successor = ObjectRef("", "ConfigMap", "other", "new")
    prunes = [Prune(ref=ref, api_version="v1", uid="u", successor=successor) for ref in refs]
    terms = budget.Terms(rendered=3, limits=PruneLimits())
    assert budget.hold(prunes, {}, terms) == ()


def test_the_held_stand_in_the_order_of_their_deletion() -> None:
    refs = maps(20)
    prunes = [Prune(ref=ref, api_version="v1", uid="u") for ref in refs]
    held = budget.hold(prunes, {}, budget.Terms(rendered=3, limits=PruneLimits()))
    assert [each.ref for each in held] == refs
    assert held[0] == HeldPrune(
        ref=refs[0], why="the commit deletes 20 objects, and limits.prune lets 4 go"
    )
