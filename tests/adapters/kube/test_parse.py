"""Objects of the API server become Live, whatever is in them."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.adapters.kube import parse
from reconciler.model import values
from reconciler.model.refs import Kind, ObjectRef

WHOLE: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "namespace": "shop",
        "uid": "u-1",
        "resourceVersion": "42",
        "generation": 3,
        "deletionTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"a": "b"},
        "managedFields": [
            {
                "manager": "kubectl",
                "operation": "Update",
                "subresource": "scale",
                "apiVersion": "apps/v1",
                "time": "2026-01-01T00:00:00Z",
                "fieldsV1": {"f:spec": {"f:replicas": {}}, "f:metadata": {}},
            }
        ],
    },
}


def test_all_of_an_objects_metadata_is_kept() -> None:
    assert parse.live_of(WHOLE) == values.Live(
        ref=ObjectRef("apps", "Deployment", "shop", "web"),
        api_version="apps/v1",
        uid="u-1",
        resource_version="42",
        generation=3,
        deleting=True,
        labels={"a": "b"},
        managed=(
            values.ManagedEntry(
                manager="kubectl",
                operation="Update",
                subresource="scale",
                api_version="apps/v1",
                time="2026-01-01T00:00:00Z",
                fields=b'{"f:metadata":{},"f:spec":{"f:replicas":{}}}',
            ),
        ),
    )


NOTHING = values.Live(
    ref=ObjectRef("", "", "", ""),
    api_version="",
    uid="",
    resource_version="",
    generation=0,
    deleting=False,
    labels={},
    managed=(),
)


@pytest.mark.parametrize(
    "obj",
    [
        {},
        {"metadata": None},
        {"metadata": []},
        {"metadata": {"name": 1, "uid": [], "labels": [], "managedFields": {}, "generation": "1"}},
        {"metadata": {"labels": {"a": 1}}, "kind": {}, "apiVersion": 1},
    ],
)
def test_a_field_of_another_type_counts_as_absent(obj: dict[str, Any]) -> None:
    assert parse.live_of(obj) == NOTHING


def test_a_metadata_only_answer_is_named_by_the_kind_that_was_asked_for() -> None:
    partial = {"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": {}}
    live = parse.live_of(parse.named(Kind("apps", "v1", "Deployment"), partial))
    assert (live.api_version, live.ref.group, live.ref.kind) == ("apps/v1", "apps", "Deployment")


def test_the_order_of_fields_does_not_change_an_entry() -> None:
    entries = [
        parse.live_of({"metadata": {"managedFields": [{"fieldsV1": {k: {} for k in keys}}]}})
        for keys in (("f:a", "f:b"), ("f:b", "f:a"))
    ]
    assert entries[0] == entries[1]


def test_fields_nested_beyond_measure_do_not_end_the_parse() -> None:
    fields: dict[str, Any] = {}
    for _ in range(1000):
        fields = {"f:x": fields}
    live = parse.live_of({"metadata": {"name": "deep", "managedFields": [{"fieldsV1": fields}]}})
    assert (live.ref.name, live.managed[0].fields) == ("deep", b"{}")


@pytest.mark.parametrize(
    ("annotations", "ends"),
    [({parse.INITIAL_EVENTS_END: "true"}, True), ({}, False), (None, False), ([], False)],
)
def test_the_bookmark_that_ends_the_initial_list_is_known(annotations: Any, ends: bool) -> None:
    assert parse.ends_initial_events({"metadata": {"annotations": annotations}}) is ends
