"""What every ports.Cluster does with objects: they come, change, are found, and go."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler import ports
from reconciler.model.refs import FIELD_MANAGER, Kind
from tests.contracts import objects
from tests.contracts.suite import ClusterSuite, apply, changed, gone, read, refusal, unique
from tests.contracts.world import World, manifest, owned
from tests.controlplane.processes import until

CONFIG_MAP = Kind("", "v1", "ConfigMap")


class ObjectContract(ClusterSuite):
    """Objects come, stay, and go."""

    def test_the_server_says_its_version(self, world: World) -> None:
        assert world.cluster.version().startswith("v1.34.")

    def test_an_applied_object_is_made(self, world: World, home: str) -> None:
        wanted = objects.config_map(home, a="1")
        live = apply(world, wanted, force=False)
        found = read(world, wanted)
        assert found["data"] == {"a": "1"}
        assert live.ref.name == "cm"
        assert live.uid == found["metadata"]["uid"]
        assert live.resource_version == found["metadata"]["resourceVersion"]
        assert live.labels == objects.LABELS
        assert not live.deleting

    def test_an_apply_that_changes_nothing_writes_nothing(self, world: World, home: str) -> None:
        for make in (objects.config_map, objects.service, objects.ingress, objects.account):
            wanted = make(home)
            before = apply(world, wanted)
            assert apply(world, wanted) == before
            assert apply(world, wanted, force=False) == before

    def test_an_object_that_is_not_there_is_none(self, world: World, home: str) -> None:
        assert world.cluster.read(CONFIG_MAP, home, "nothing") is None

    def test_versions_grow_with_every_change(self, world: World, home: str) -> None:
        versions = [
            int(apply(world, objects.config_map(home, a=value)).resource_version)
            for value in "1234"
        ]
        assert versions == sorted(set(versions))

    def test_what_is_read_shows_who_owns_it(self, world: World, home: str) -> None:
        live = apply(world, objects.config_map(home))
        (entry,) = read(world, objects.config_map(home))["metadata"]["managedFields"]
        assert entry["manager"] == FIELD_MANAGER
        assert entry["operation"] == "Apply"
        assert entry["time"] == live.managed[0].time

    @pytest.mark.parametrize(
        ("make", "edit", "before", "after"),
        [
            (objects.deployment, {"spec": {"replicas": 3}}, 1, 2),
            (objects.deployment, {"metadata": {"annotations": {"a": "b"}}}, 1, 2),
            (objects.deployment, {"metadata": {"labels": {"a": "b"}}}, 1, 1),
            (objects.stateful_set, {"metadata": {"annotations": {"a": "b"}}}, 1, 1),
            (objects.stateful_set, {"spec": {"replicas": 3}}, 1, 2),
            (objects.daemon_set, {"spec": {"minReadySeconds": 3}}, 1, 2),
            (objects.cron_job, {"spec": {"suspend": True}}, 1, 2),
            (objects.ingress, {"spec": {"ingressClassName": "x"}}, 1, 2),
            (objects.network_policy, {"spec": {"policyTypes": ["Egress"]}}, 1, 2),
            (objects.budget, {"spec": {"minAvailable": 2}}, 1, 2),
            (objects.config_map, {"data": {"a": "b"}}, 0, 0),
            (objects.secret, {"data": {"a": "Yg=="}}, 0, 0),
            (objects.service, {"spec": {"selector": {"a": "b"}}}, 0, 0),
            (objects.account, {"automountServiceAccountToken": True}, 0, 0),
            (objects.role, {"rules": []}, 0, 0),
            (objects.autoscaler, {"spec": {"maxReplicas": 4}}, 0, 0),
        ],
    )
    def test_generation_counts_for_kinds_that_have_one(
        self, world: World, home: str, make: Any, edit: Any, before: int, after: int
    ) -> None:
        assert apply(world, make(home)).generation == before
        world.patch(make(home), edit)
        assert read(world, make(home))["metadata"].get("generation", 0) == after

    def test_a_missing_namespace_is_named(self, world: World) -> None:
        nowhere = unique("nowhere")
        error = refusal(lambda: apply(world, objects.config_map(nowhere)))
        assert (error.reason, error.status) == ("NamespaceNotFound", 404)
        assert nowhere in str(error)

    def test_an_unknown_kind_is_told_apart_from_a_missing_object(self, world: World) -> None:
        for kind in (Kind("nobody.example", "v1", "Thing"), Kind("apps", "v1", "Thing")):
            asks = (
                lambda kind=kind: world.cluster.read(kind, "default", "x"),
                lambda kind=kind: world.cluster.namespaced(kind),
                lambda kind=kind: world.cluster.select(kind, "", ""),
                lambda kind=kind: world.cluster.delete(kind, "default", "x", "some-uid"),
            )
            for ask in asks:
                assert refusal(ask).reason == "KindUnknown"

    def test_a_version_that_is_not_served_is_unknown(self, world: World) -> None:
        assert refusal(
            lambda: world.cluster.namespaced(Kind("batch", "v1beta1", "CronJob"))
        ).reason == ("KindUnknown")

    @pytest.mark.parametrize(
        ("kind", "namespaced"),
        [
            (Kind("", "v1", "ConfigMap"), True),
            (Kind("", "v1", "Namespace"), False),
            (Kind("rbac.authorization.k8s.io", "v1", "Role"), True),
            (Kind("rbac.authorization.k8s.io", "v1", "ClusterRole"), False),
            (Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition"), False),
        ],
    )
    def test_kinds_know_their_scope(self, world: World, kind: Kind, namespaced: bool) -> None:
        assert world.cluster.namespaced(kind) is namespaced

    def test_an_object_without_its_namespace_is_refused(self, world: World) -> None:
        error = refusal(lambda: apply(world, objects.config_map("")))
        assert (error.reason, error.status) == ("Invalid", 422)

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("spec/replica", 2),
            ("spec/template/spec/containers/0/imag", "x"),
            ("spec/replicas", "two"),
            ("spec/template/spec/containers", [{"name": "a"}, {"name": "a"}]),
            ("metadata/labels", {"a": 1}),
        ],
    )
    def test_what_the_schema_forbids_is_a_schema_error(
        self, world: World, home: str, path: str, value: Any
    ) -> None:
        wrong = changed(objects.deployment(home), path, value)
        error = refusal(lambda: apply(world, wrong))
        assert (error.reason, error.status) == ("SchemaError", 500)

    def test_an_item_without_its_key_is_invalid(self, world: World, home: str) -> None:
        path = "spec/template/spec/containers"
        wrong = changed(objects.deployment(home), path, [{"image": "app:1"}])
        error = refusal(lambda: apply(world, wrong))
        assert (error.reason, error.status) == ("Invalid", 422)
        assert "spec.template.spec.containers[0].name" in {cause.field for cause in error.causes}

    @pytest.mark.parametrize("name", ["Upper", "under_score", "-dash", "dot.", "a" * 254])
    def test_a_bad_name_is_invalid(self, world: World, home: str, name: str) -> None:
        error = refusal(lambda: apply(world, objects.config_map(home, name)))
        assert (error.reason, error.status) == ("Invalid", 422)
        assert {cause.field for cause in error.causes} == {"metadata.name"}

    @pytest.mark.parametrize(
        ("make", "path", "value", "field"),
        [
            (
                objects.stateful_set,
                "spec/serviceName",
                "other",
                "spec",
            ),
            (objects.role_binding, "roleRef/name", "other", "roleRef"),
            (objects.secret, "type", "example.dev/other", "type"),
        ],
    )
    def test_what_is_immutable_is_invalid(
        self, world: World, home: str, make: Any, path: str, value: str, field: str
    ) -> None:
        before = apply(world, make(home))
        error = refusal(lambda: apply(world, changed(make(home), path, value)))
        assert (error.reason, error.status) == ("Invalid", 422)
        assert {cause.field for cause in error.causes} == {field}
        assert apply(world, make(home)).uid == before.uid

    def test_a_deployment_s_selector_is_immutable(self, world: World, home: str) -> None:
        web = objects.deployment(home)
        apply(world, web)
        other = changed(web, "spec/selector/matchLabels/app", "other")
        other = changed(other, "spec/template/metadata/labels/app", "other")
        error = refusal(lambda: apply(world, other))
        assert (error.reason, error.status) == ("Invalid", 422)
        assert {cause.field for cause in error.causes} == {"spec.selector"}

    def test_a_definition_that_defines_nothing_is_invalid(self, world: World) -> None:
        empty = changed(objects.definition("Nothing"), "spec/names", {})
        error = refusal(lambda: apply(world, empty))
        assert (error.reason, error.status) == ("Invalid", 422)
        assert {"spec.names.kind", "spec.names.plural"} <= {c.field for c in error.causes}

    def test_a_number_in_a_config_map_is_a_schema_error(self, world: World, home: str) -> None:
        error = refusal(lambda: apply(world, changed(objects.config_map(home), "data/a", 1)))
        assert (error.reason, error.status) == ("SchemaError", 500)
        assert "data" in str(error)

    def test_a_name_may_be_left_to_the_server(self, world: World, home: str) -> None:
        body = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"made-"}}'
        one = world.cluster.create(CONFIG_MAP, home, body)
        two = world.cluster.create(CONFIG_MAP, home, body)
        assert one.ref.name.startswith("made-")
        assert one.ref != two.ref
        assert owned(one, FIELD_MANAGER, "Update")

    def test_an_event_can_be_made(self, world: World, home: str) -> None:
        body = (
            b'{"apiVersion":"v1","kind":"Event","metadata":{"generateName":"e-"},"reason":"Synced",'
            b'"type":"Normal","message":"m","involvedObject":{"kind":"Namespace","namespace":"'
            + home.encode()
            + b'"}}'
        )
        made = world.cluster.create(Kind("", "v1", "Event"), home, body)
        assert made.ref.namespace == home

    def test_what_exists_is_not_created_again(self, world: World, home: str) -> None:
        apply(world, objects.config_map(home))
        body = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"cm"}}'
        error = refusal(lambda: world.cluster.create(CONFIG_MAP, home, body))
        assert (error.reason, error.status) == ("AlreadyExists", 409)

    def test_a_merge_patch_sets_and_removes(self, world: World, home: str) -> None:
        apply(world, objects.config_map(home, a="1", b="2"))
        body = b'{"data":{"a":null,"c":"3"}}'
        live = world.cluster.replace(CONFIG_MAP, home, "cm", body, "merge")
        assert read(world, objects.config_map(home))["data"] == {"b": "2", "c": "3"}
        assert owned(live, FIELD_MANAGER, "Update") == {"data/c"}
        assert "data/a" not in owned(live, FIELD_MANAGER)

    def test_a_json_patch_is_tested_before_it_writes(self, world: World, home: str) -> None:
        apply(world, objects.config_map(home, a="1"))
        good = b'[{"op":"test","path":"/data/a","value":"1"},{"op":"remove","path":"/data/a"}]'
        world.cluster.replace(CONFIG_MAP, home, "cm", good, "json")
        again = refusal(lambda: world.cluster.replace(CONFIG_MAP, home, "cm", good, "json"))
        assert (again.reason, again.status) == ("Invalid", 422)

    def test_a_patch_of_nothing_is_not_found(self, world: World, home: str) -> None:
        error = refusal(lambda: world.cluster.replace(CONFIG_MAP, home, "no", b"{}", "merge"))
        assert (error.reason, error.status) == ("NotFound", 404)

    def test_a_patch_of_an_old_version_conflicts(self, world: World, home: str) -> None:
        old = apply(world, objects.config_map(home, a="1"))
        apply(world, objects.config_map(home, a="2"))
        body = b'{"metadata":{"resourceVersion":"%s"},"data":{"a":"3"}}'
        error = refusal(
            lambda: world.cluster.replace(
                CONFIG_MAP, home, "cm", body % old.resource_version.encode(), "merge"
            )
        )
        assert (error.reason, error.status) == ("Conflict", 409)
        assert read(world, objects.config_map(home))["data"] == {"a": "2"}

    @pytest.mark.parametrize(
        ("selector", "found"),
        [
            ("tier=front", {"a"}),
            ("tier==front,app=web", {"a"}),
            ("tier!=front", {"b", "c"}),
            ("tier in (front, back)", {"a", "b"}),
            ("tier notin (front)", {"b", "c"}),
            ("tier", {"a", "b"}),
            ("!tier", {"c"}),
            ("app=web", {"a", "b", "c"}),
            ("app=other", set()),
            ("", {"a", "b", "c"}),
        ],
    )
    def test_objects_are_selected_by_labels(
        self, world: World, home: str, selector: str, found: set[str]
    ) -> None:
        for name, labels in (("a", {"tier": "front"}), ("b", {"tier": "back"}), ("c", {})):
            one = objects.config_map(home, name)
            one["metadata"]["labels"] = {"app": "web", **labels}
            apply(world, one)
        listed = [
            item
            for item in world.cluster.select(CONFIG_MAP, home, selector)
            if item["metadata"]["name"] != "kube-root-ca.crt"  # the controllers' own
        ]
        assert {item["metadata"]["name"] for item in listed} == found
        assert all((i["apiVersion"], i["kind"]) == ("v1", "ConfigMap") for i in listed)

    def test_objects_are_selected_in_all_namespaces(self, world: World, home: str) -> None:
        other = unique("other")
        apply(world, objects.namespace(other))
        mark = unique("mark")
        for place in (home, other):
            one = objects.config_map(place)
            one["metadata"]["labels"] = {"mark": mark}
            apply(world, one)
        listed = world.cluster.select(CONFIG_MAP, "", f"mark={mark}")
        assert {item["metadata"]["namespace"] for item in listed} == {home, other}

    def test_a_selector_that_cannot_be_read_is_refused(self, world: World) -> None:
        error = refusal(lambda: world.cluster.select(CONFIG_MAP, "default", "a in b"))
        assert (error.reason, error.status) == ("BadRequest", 400)

    def test_delete_asks_for_the_uid(self, world: World, home: str) -> None:
        live = apply(world, objects.config_map(home))
        delete = world.cluster.delete
        assert refusal(lambda: delete(CONFIG_MAP, home, "cm", "")).reason == "Invalid"
        assert not delete(CONFIG_MAP, home, "cm", "11111111-2222-3333-4444-555555555555")
        assert not gone(world, objects.config_map(home))
        assert delete(CONFIG_MAP, home, "cm", live.uid)
        assert gone(world, objects.config_map(home))
        assert not delete(CONFIG_MAP, home, "cm", live.uid)

    def test_a_deletion_may_ask_for_the_version(self, world: World, home: str) -> None:
        before = apply(world, objects.config_map(home))
        now = apply(world, objects.config_map(home, b="2"))
        delete = world.cluster.delete
        place = (CONFIG_MAP, home, "cm", now.uid)
        late = refusal(lambda: delete(*place, version=before.resource_version))
        assert (late.reason, late.status) == ("Conflict", 409)
        assert not gone(world, objects.config_map(home))
        assert delete(*place, version=now.resource_version) is ports.Deleted.DONE

    def test_a_deletion_says_whether_the_object_is_gone(self, world: World, home: str) -> None:
        kept = objects.config_map(home)
        kept["metadata"]["finalizers"] = ["example.dev/hold"]
        uid = apply(world, kept).uid
        begun = world.cluster.delete(CONFIG_MAP, home, "cm", uid, foreground=True)
        assert begun is ports.Deleted.BEGUN
        world.patch(kept, {"metadata": {"finalizers": None}})
        until(lambda: gone(world, kept), "its end")
        assert world.cluster.delete(CONFIG_MAP, home, "cm", uid) is ports.Deleted.NOT

    def test_a_dry_run_shows_the_whole_object_and_writes_nothing(
        self, world: World, home: str
    ) -> None:
        wanted = objects.deployment(home)
        made = world.cluster.dry_run(manifest(wanted), force=False)
        assert made["spec"]["replicas"] == wanted["spec"].get("replicas", 1)
        assert gone(world, wanted)
        apply(world, wanted)
        before = read(world, wanted)
        other = changed(wanted, "spec/replicas", 5)
        shown = world.cluster.dry_run(manifest(other), force=False)
        assert (shown["kind"], shown["spec"]["replicas"]) == ("Deployment", 5)
        now = read(world, wanted)
        assert now["metadata"]["generation"] == before["metadata"]["generation"]
        same = world.cluster.dry_run(manifest(wanted), force=False)
        assert same["spec"] == now["spec"] == before["spec"]

    def test_a_dry_run_is_refused_as_the_apply_would_be(self, world: World, home: str) -> None:
        apply(world, objects.config_map(home, a="1"))
        world.apply(objects.config_map(home, a="2"))
        wanted = objects.config_map(home, a="3")
        error = refusal(lambda: world.cluster.dry_run(manifest(wanted), force=False))
        assert error.reason == "Conflict"
        assert world.cluster.dry_run(manifest(wanted), force=True)["data"] == {"a": "3"}

    def test_finalizers_keep_a_deleted_object(self, world: World, home: str) -> None:
        kept = objects.config_map(home)
        kept["metadata"]["finalizers"] = ["example.dev/hold"]
        live = apply(world, kept)
        assert world.cluster.delete(CONFIG_MAP, home, "cm", live.uid)
        assert apply(world, kept).deleting
        world.patch(kept, {"metadata": {"finalizers": None}})
        assert gone(world, kept)

    def test_an_object_made_again_has_another_uid(self, world: World, home: str) -> None:
        first = apply(world, objects.config_map(home))
        world.delete(objects.config_map(home))
        assert apply(world, objects.config_map(home)).uid != first.uid

    def test_a_deleted_namespace_takes_its_objects_along(self, world: World, home: str) -> None:
        held = objects.config_map(home)
        held["metadata"]["finalizers"] = ["example.dev/hold"]
        apply(world, held)
        apply(world, objects.config_map(home, "free"))
        live = apply(world, objects.namespace(home))
        assert world.cluster.delete(Kind("", "v1", "Namespace"), "", home, live.uid)
        until(lambda: gone(world, objects.config_map(home, "free")), "its objects end")
        assert read(world, objects.namespace(home))["status"]["phase"] == "Terminating"
        late = refusal(lambda: apply(world, objects.config_map(home, "late")))
        assert (late.reason, late.status) == ("NamespaceTerminating", 403)
        world.patch(held, {"metadata": {"finalizers": None}})
        until(lambda: gone(world, objects.namespace(home)), "the namespace ends")

    def test_a_namespace_carries_its_name_as_a_label(self, world: World, home: str) -> None:
        found = read(world, objects.namespace(home))
        assert found["metadata"]["labels"]["kubernetes.io/metadata.name"] == home
        assert found["status"]["phase"] == "Active"
