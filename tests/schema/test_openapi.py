from __future__ import annotations

from typing import Any

from reconciler.schema.openapi import Shapes

KIND = {"group": "example.com", "version": "v1", "kind": "Thing"}


def shapes(**definitions: Any) -> Shapes:
    return Shapes(definitions)


def thing(**properties: Any) -> dict[str, Any]:
    return {"properties": properties, "x-kubernetes-group-version-kind": [KIND]}


def merged(key: str = "name", **more: Any) -> dict[str, Any]:
    return {
        "type": "array",
        "x-kubernetes-patch-strategy": "merge",
        "x-kubernetes-patch-merge-key": key,
        **more,
    }


def test_references_are_followed() -> None:
    found = shapes(
        thing=thing(spec={"$ref": "#/definitions/one"}),
        one={"$ref": "#/definitions/two"},
        two={"properties": {"parts": merged(items={"$ref": "#/definitions/part"})}},
        part={"properties": {"ports": merged("port")}},
    ).of("example.com/v1", "Thing")
    assert found is not None
    parts = found.field("spec").field("parts")  # type: ignore[union-attr]  # fails just as well
    assert parts is not None and parts.keys == ("name",)
    assert parts.elements().field("ports").keys == ("port",)  # type: ignore[union-attr]


def test_any_key_of_a_map_has_its_values_shape() -> None:
    found = shapes(thing=thing(pools={"additionalProperties": merged()})).of(
        "example.com/v1", "Thing"
    )
    assert found is not None
    pools = found.field("pools")
    assert pools is not None and pools.field("any") is not None
    assert pools.field("any") is pools.field("other")


def test_references_that_go_in_a_circle_are_unknown() -> None:
    found = shapes(thing=thing(spec={"$ref": "#/definitions/a"}), a={"$ref": "#/definitions/a"})
    shape = found.of("example.com/v1", "Thing")
    assert shape is not None and shape.field("spec") is None


def test_a_kind_may_contain_itself() -> None:
    shape = shapes(thing=thing(inner={"$ref": "#/definitions/thing"})).of("example.com/v1", "Thing")
    assert shape is not None and shape.field("inner") is shape


def test_definitions_of_the_wrong_shape_are_unknown() -> None:
    found = shapes(
        thing=thing(spec=7, other={"$ref": "elsewhere"}),
        other=[],
        more={"x-kubernetes-group-version-kind": 7},
    )
    shape = found.of("example.com/v1", "Thing")
    assert shape is not None
    assert shape.field("spec") is None and shape.field("other") is None
