"""How server-side apply sees the kinds of Kubernetes 1.34, and custom ones."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.refs import Kind
from reconciler.schema import kubernetes, typed
from reconciler.schema.tables import table

DEPLOYMENT = Kind("apps", "v1", "Deployment")
SERVICE = Kind("", "v1", "Service")


def at(kind: Kind, path: str) -> typed.Shape:
    """The shape at ``spec/ports``, past the items of lists."""
    served = typed.served(kind)
    assert served is not None
    return inside(served.shape, path)


def inside(shape: typed.Shape, path: str) -> typed.Shape:
    for name in path.split("/"):
        place = shape.list.items if shape.list and not shape.map else shape
        assert place.map is not None
        found = place.map.field(name)
        assert found is not None
        shape = found
    return shape


@pytest.mark.parametrize(
    ("kind", "path", "keys"),
    [
        (DEPLOYMENT, "spec/template/spec/containers", ("name",)),
        (DEPLOYMENT, "spec/template/spec/containers/ports", ("containerPort", "protocol")),
        (DEPLOYMENT, "spec/template/spec/containers/env", ("name",)),
        (DEPLOYMENT, "spec/template/spec/containers/volumeMounts", ("mountPath",)),
        (DEPLOYMENT, "spec/template/spec/imagePullSecrets", ("name",)),
        (SERVICE, "spec/ports", ("port", "protocol")),
        (SERVICE, "metadata/finalizers", ()),
        (SERVICE, "metadata/ownerReferences", ("uid",)),
    ],
)
def test_items_are_told_apart_by_keys(kind: Kind, path: str, keys: tuple[str, ...]) -> None:
    shape = at(kind, path).list
    assert shape is not None
    assert not shape.atomic
    assert shape.keys == keys


@pytest.mark.parametrize("path", ["args", "command", "envFrom"])
def test_most_lists_have_one_owner(path: str) -> None:
    shape = at(DEPLOYMENT, f"spec/template/spec/containers/{path}").list
    assert shape is not None
    assert shape.atomic


@pytest.mark.parametrize(
    ("kind", "path", "atomic"),
    [
        (SERVICE, "spec/selector", True),
        (DEPLOYMENT, "spec/selector", True),
        (DEPLOYMENT, "spec/template/spec/nodeSelector", True),
        (DEPLOYMENT, "metadata/labels", False),
        (DEPLOYMENT, "spec/template", False),
        (Kind("", "v1", "ConfigMap"), "data", False),
    ],
)
def test_some_maps_have_one_owner(kind: Kind, path: str, atomic: bool) -> None:
    shape = at(kind, path).map
    assert shape is not None
    assert shape.atomic is atomic


def test_keys_have_defaults_where_the_server_fills_them_in() -> None:
    ports = at(SERVICE, "spec/ports").list
    assert ports is not None
    assert ports.defaults == {"protocol": "TCP"}
    containers = at(DEPLOYMENT, "spec/template/spec/containers").list
    assert containers is not None
    assert containers.defaults == {}


def test_quantities_may_be_numbers_and_ports_names() -> None:
    limits = at(DEPLOYMENT, "spec/template/spec/containers/resources/limits").map
    assert limits is not None
    assert limits.values is not None
    assert limits.values.scalar == "any"
    assert at(SERVICE, "spec/ports/targetPort").scalar == "any"
    assert at(SERVICE, "spec/ports/port").scalar == "numeric"


def test_the_scopes_are_those_of_the_other_table() -> None:
    for name, row in table("typed")["resources"].items():
        api_version, kind = name.split(" ")
        group = Kind.of(api_version, kind).group
        assert kubernetes.is_cluster_scoped(group, kind) is not row["namespaced"]


def test_kinds_that_are_not_generally_available_are_not_served() -> None:
    assert typed.served(Kind("batch", "v1beta1", "CronJob")) is None
    assert typed.served(Kind("resource.k8s.io", "v1alpha3", "DeviceTaintRule")) is None


def test_a_status_of_its_own_is_known() -> None:
    has = {kind: typed.served(kind) for kind in (DEPLOYMENT, Kind("", "v1", "ConfigMap"))}
    assert [found.status for found in has.values() if found] == [True, False]


def custom(**properties: Any) -> typed.Shape:
    return typed.custom({"type": "object", "properties": {"spec": fields(**properties)}})


def fields(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def test_a_custom_kind_has_the_metadata_of_any_other() -> None:
    shape = custom()
    assert inside(shape, "metadata/finalizers").list is not None
    assert inside(shape, "apiVersion").scalar == "string"


def test_a_custom_kind_s_lists_are_as_its_schema_says() -> None:
    item = fields(name={"type": "string", "default": "main"}, rate={"type": "number"})
    shape = custom(
        keyed={
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": item,
        },
        unique={"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        plain={"type": "array", "items": {"type": "string"}},
    )
    found = {name: inside(shape, f"spec/{name}").list for name in ("keyed", "unique", "plain")}
    assert [(at.keys, at.atomic, dict(at.defaults)) for at in found.values() if at] == [
        (("name",), False, {"name": "main"}),
        ((), False, {}),
        ((), True, {}),
    ]


def test_what_a_schema_leaves_open_is_merged_by_name_and_lists_are_whole() -> None:
    free = inside(
        custom(free={"type": "object", "x-kubernetes-preserve-unknown-fields": True}), "spec/free"
    )
    below = inside(free, "any/thing/at/all")
    assert below.map is not None
    assert not below.map.atomic
    assert below.list is not None
    assert below.list.atomic
    assert below.scalar == "any"


def test_what_a_schema_does_not_declare_has_no_shape() -> None:
    shape = inside(custom(size={"type": "integer"}), "spec").map
    assert shape is not None
    assert shape.field("sise") is None
    assert shape.field("size") is not None


def test_a_type_that_refers_to_itself_is_its_own_field() -> None:
    definition = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    schema = at(definition, "spec/versions/schema/openAPIV3Schema")
    assert inside(schema, "not") is schema
