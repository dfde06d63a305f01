"""Co-owners lose our fields, and nothing else."""

from __future__ import annotations

from typing import Any

import orjson

from reconciler.model.refs import ObjectRef
from reconciler.model.values import Live, ManagedEntry
from reconciler.plan import ownership

OURS = ("fleet-reconciler", "Apply")


def entry(who: tuple[str, str], fields: dict[str, Any], **changes: str) -> ManagedEntry:
    words = {"subresource": "", "api_version": "v1", "time": "2026-01-01T00:00:00Z", **changes}
    return ManagedEntry(
        manager=who[0],
        operation=who[1],
        fields=orjson.dumps(fields, option=orjson.OPT_SORT_KEYS),
        **words,
    )


def live(*entries: ManagedEntry) -> Live:
    return Live(
        ref=ObjectRef("", "ConfigMap", "a", "b"),
        api_version="v1",
        uid="u",
        resource_version="7",
        generation=0,
        deleting=False,
        labels={},
        managed=entries,
    )


A: dict[str, Any] = {"f:data": {"f:a": {}}}
B: dict[str, Any] = {"f:data": {"f:b": {}}}
BOTH: dict[str, Any] = {"f:data": {"f:a": {}, "f:b": {}}}


def test_an_updater_that_owns_our_fields_too_keeps_only_its_own() -> None:
    found = ownership.without_co_owners(live(entry(OURS, A), entry(("kubectl", "Update"), BOTH)))
    assert found == (entry(OURS, A), entry(("kubectl", "Update"), B))


def test_an_updater_with_nothing_left_is_gone() -> None:
    found = ownership.without_co_owners(live(entry(OURS, BOTH), entry(("kubectl", "Update"), A)))
    assert found == (entry(OURS, BOTH),)


def test_nothing_is_written_where_nobody_shares_our_fields() -> None:
    assert ownership.without_co_owners(live(entry(OURS, A), entry(("x", "Update"), B))) is None


def test_nothing_is_written_to_an_object_that_we_do_not_apply() -> None:
    assert ownership.without_co_owners(live(entry(("x", "Update"), BOTH))) is None


def test_other_appliers_and_status_writers_are_left_alone() -> None:
    others = (
        entry(("argocd", "Apply"), A),
        entry(("kubelet", "Update"), A, subresource="status"),
    )
    assert ownership.without_co_owners(live(entry(OURS, A), *others)) is None


def test_an_updater_by_another_version_of_the_kind_gives_up_our_fields_too() -> None:
    older = entry(("kubectl", "Update"), BOTH, api_version="v1beta1")
    found = ownership.without_co_owners(live(entry(OURS, A), older))
    assert found == (entry(OURS, A), entry(("kubectl", "Update"), B, api_version="v1beta1"))


def test_the_patch_holds_only_if_the_object_did_not_change() -> None:
    patch = orjson.loads(ownership.patch(live(), (entry(OURS, A),)))
    assert patch[1] == {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"}
    assert patch[0]["value"][0]["fieldsV1"] == A
