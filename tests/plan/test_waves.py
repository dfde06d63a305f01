"""The order of writes."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.errors import RenderError
from reconciler.model.refs import ObjectRef
from reconciler.plan import waves
from tests import manifests


def order(*values: dict[str, Any]) -> list[list[str]]:
    found = waves.waves(manifests.manifest(value) for value in values)
    return [[manifest.ref.name for manifest in wave] for wave in found]


def noted(name: str, **notes: str) -> dict[str, Any]:
    annotations = {f"fleet-reconciler.dev/{key.replace('_', '-')}": notes[key] for key in notes}
    return manifests.config_map(name, annotations=annotations)


def test_namespaces_and_definitions_come_before_configuration_before_workloads() -> None:
    assert order(
        manifests.deployment("workload"),
        manifests.config_map("configuration"),
        manifests.namespace("app"),
        manifests.definition("example.com", "Widget"),
    ) == [["app", "widgets.example.com"], ["configuration"], ["workload"]]


def test_waves_go_by_number_and_negative_ones_first() -> None:
    assert order(noted("b", wave="1"), noted("c"), noted("a", wave="-1")) == [["a"], ["c"], ["b"]]


def test_what_depends_on_another_comes_after_it() -> None:
    assert order(
        noted("c", depends_on="ConfigMap/app/b"),
        noted("b", depends_on="ConfigMap/app/a"),
        noted("a"),
    ) == [["a"], ["b"], ["c"]]


def test_objects_that_depend_on_each_other_are_an_error_with_a_place() -> None:
    with pytest.raises(RenderError, match=r"objects\.yaml:1.*depend on each other"):
        order(noted("a", depends_on="ConfigMap/app/b"), noted("b", depends_on="ConfigMap/app/a"))


def test_a_long_chain_is_no_recursion() -> None:
    chain = [
        noted("0"),
        *(noted(str(i), depends_on=f"ConfigMap/app/{i - 1}") for i in range(1, 3000)),
    ]
    assert order(*reversed(chain)) == [[str(i)] for i in range(3000)]


def test_an_object_needs_its_namespace_its_definition_and_what_it_names() -> None:
    definition = manifests.manifest(manifests.definition("example.com", "Widget"))
    value = noted("w", depends_on="ConfigMap/app/a")
    value |= {"apiVersion": "example.com/v1", "kind": "Widget"}
    assert waves.needs(manifests.manifest(value), waves.definitions([definition])) == {
        ObjectRef.parse("Namespace/app"),
        definition.ref,
        ObjectRef.parse("ConfigMap/app/a"),
    }
