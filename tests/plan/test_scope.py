"""Objects are brought into the namespace that the API server will see."""

import orjson

from reconciler.plan import scope
from tests import manifests


def test_a_namespaced_object_without_a_namespace_goes_to_default() -> None:
    value = manifests.config_map("a")
    del value["metadata"]["namespace"]
    placed = scope.placed(manifests.manifest(value), namespaced=True)
    assert str(placed.ref) == "ConfigMap/default/a"
    assert orjson.loads(placed.body)["metadata"]["namespace"] == "default"


def test_a_cluster_wide_object_loses_the_namespace_that_kustomize_gave_it() -> None:
    value = manifests.namespace("a")
    value["metadata"]["namespace"] = "app"
    placed = scope.placed(manifests.manifest(value), namespaced=False)
    assert str(placed.ref) == "Namespace/a"
    assert "namespace" not in orjson.loads(placed.body)["metadata"]


def test_an_object_in_its_right_place_is_the_same_object() -> None:
    manifest = manifests.manifest(manifests.config_map("a"))
    assert scope.placed(manifest, namespaced=True) is manifest
