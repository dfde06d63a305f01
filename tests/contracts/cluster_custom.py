"""What every ports.Cluster does with kinds that a CustomResourceDefinition brings."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from reconciler.model.refs import FIELD_MANAGER, Kind
from tests.contracts import objects
from tests.contracts.suite import ClusterSuite, apply, changed, read, refusal, serve, tried
from tests.contracts.world import Obj, World, owned, place_of
from tests.controlplane.processes import until


class CustomContract(ClusterSuite):
    """Kinds that a CustomResourceDefinition brings."""

    @pytest.fixture
    def model(self, world: World, home: str) -> dict[str, Any]:
        """An object of a kind that is served."""
        serve(world, objects.definition())
        return objects.model(home)

    def test_a_kind_is_found_in_the_version_that_is_served(
        self, world: World, model: dict[str, Any]
    ) -> None:
        kind = Kind.of(model["apiVersion"], model["kind"])
        asked = Kind(kind.group, "v1beta7", kind.kind)
        until(lambda: world.cluster.served(asked) == kind, "it is found")
        assert world.cluster.served(Kind("", "v9", "ConfigMap")) == Kind("", "v1", "ConfigMap")
        assert world.cluster.served(Kind("nowhere.example.com", "v1", "Thing")) is None
        assert world.cluster.served(Kind(kind.group, "v1", "Nothing")) is None

    def test_a_definition_makes_its_kind_served(self, world: World, home: str) -> None:
        kind = f"Once{uuid.uuid4().hex[:6]}"
        definition = objects.definition(kind, scope="Cluster")
        served = Kind(objects.GROUP, "v1", kind)
        assert refusal(lambda: world.cluster.namespaced(served)).reason == "KindUnknown"
        serve(world, definition)
        until(lambda: tried(lambda: world.cluster.namespaced(served)) is False, "it is served")
        one = objects.obj(served.api_version, kind, "one", spec={"size": 1})
        until(lambda: tried(lambda: apply(world, one)), "objects can be made")
        world.delete(definition)
        until(
            lambda: tried(lambda: world.cluster.read(served, "", "one")) is None,
            "the kind is gone, and its objects with it",
        )

    def test_a_definition_is_established(self, world: World, home: str) -> None:
        live = serve(world, objects.definition())
        found = read(world, objects.definition())
        conditions = {c["type"]: c["status"] for c in found["status"]["conditions"]}
        assert conditions["Established"] == "True"
        assert conditions["NamesAccepted"] == "True"
        assert apply(world, objects.definition()).generation == live.generation

    def test_generation_of_custom_objects_leaves_out_metadata_and_status(
        self, world: World, model: Obj
    ) -> None:
        assert apply(world, model).generation == 1
        world.patch(model, {"metadata": {"annotations": {"a": "b"}}})
        world.patch(model, {"status": {"ready": True}}, status=True)
        assert apply(world, model).generation == 1
        assert apply(world, changed(model, "spec/size", 8)).generation == 2

    def test_fields_that_the_schema_lacks_are_refused(self, world: World, model: Obj) -> None:
        error = refusal(lambda: apply(world, changed(model, "spec/sise", 8)))
        assert (error.reason, error.status) == ("SchemaError", 500)

    def test_fields_without_a_schema_are_owned_one_by_one(self, world: World, model: Obj) -> None:
        live = apply(world, changed(model, "spec/extra", {"a": {"b": 1, "c": [1, 2]}}))
        assert owned(live, FIELD_MANAGER) >= {"spec/extra/a/b", "spec/extra/a/c"}

    def test_the_status_has_owners_of_its_own(self, world: World, model: Obj) -> None:
        both = {**model, "status": {"ready": False, "size": 1}}
        live = apply(world, both)
        assert "status" not in read(world, model)
        assert not {path for path in owned(live, FIELD_MANAGER) if path.startswith("status")}
        live = apply(world, both, status=True)
        assert read(world, model)["status"] == {"ready": False, "size": 1}
        assert owned(live, FIELD_MANAGER, subresource="status") >= {"status/ready", "status/size"}
        live = apply(world, {**model, "status": {"ready": True}}, status=True)
        assert read(world, model)["status"] == {"ready": True}
        assert read(world, model)["spec"] == {"size": 7}

    def test_a_list_whose_last_item_we_drop_and_another_owns_is_refused(
        self, world: World, model: Obj
    ) -> None:
        world.create(objects.model(*place_of(model), cameras=[]))
        apply(world, changed(model, "spec/cameras", [{"name": "a", "rate": 1}]))
        error = refusal(lambda: apply(world, model))  # a null would be left
        assert (error.reason, error.status) == ("Invalid", 422)
        assert {cause.field for cause in error.causes} == {"spec.cameras"}
        assert read(world, model)["spec"]["cameras"] == [{"name": "a", "rate": 1}]
