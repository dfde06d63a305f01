"""What every ports.Cluster knows of who owns which field, and what becomes of fields."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.errors import Cause
from reconciler.model.refs import FIELD_MANAGER
from tests.contracts import objects
from tests.contracts.suite import ClusterSuite, apply, changed, look, partial, read, refusal
from tests.contracts.world import EDITOR, World, owned

LABEL = f"metadata/labels/{objects.LABEL}"
MAIN = 'spec/template/spec/containers/{"name":"main"}'
SIDE = 'spec/template/spec/containers/{"name":"side"}'


class OwnershipContract(ClusterSuite):
    @pytest.mark.parametrize(
        ("make", "fields"),
        [
            (objects.config_map, {LABEL, "data/key"}),
            (objects.secret, {LABEL, "data/token"}),
            (
                objects.service,
                {
                    LABEL,
                    "spec/selector",
                    'spec/ports/{"port":80,"protocol":"TCP"}',
                    'spec/ports/{"port":80,"protocol":"TCP"}/port',
                    'spec/ports/{"port":80,"protocol":"TCP"}/name',
                    'spec/ports/{"port":53,"protocol":"UDP"}',
                    'spec/ports/{"port":53,"protocol":"UDP"}/port',
                    'spec/ports/{"port":53,"protocol":"UDP"}/protocol',
                    'spec/ports/{"port":53,"protocol":"UDP"}/name',
                },
            ),
            (
                objects.deployment,
                {
                    LABEL,
                    "spec/replicas",
                    "spec/selector",
                    "spec/template/metadata/labels/app",
                    MAIN,
                    f"{MAIN}/name",
                    f"{MAIN}/image",
                    f"{MAIN}/args",
                    f'{MAIN}/env/{{"name":"A"}}',
                    f'{MAIN}/env/{{"name":"A"}}/name',
                    f'{MAIN}/env/{{"name":"A"}}/value',
                    f'{MAIN}/env/{{"name":"B"}}',
                    f'{MAIN}/env/{{"name":"B"}}/name',
                    f'{MAIN}/env/{{"name":"B"}}/value',
                    f'{MAIN}/ports/{{"containerPort":8080,"protocol":"TCP"}}',
                    f'{MAIN}/ports/{{"containerPort":8080,"protocol":"TCP"}}/containerPort',
                    f'{MAIN}/ports/{{"containerPort":53,"protocol":"UDP"}}',
                    f'{MAIN}/ports/{{"containerPort":53,"protocol":"UDP"}}/containerPort',
                    f'{MAIN}/ports/{{"containerPort":53,"protocol":"UDP"}}/protocol',
                    SIDE,
                    f"{SIDE}/name",
                    f"{SIDE}/image",
                },
            ),
            (objects.ingress, {LABEL, "spec/rules"}),
            (objects.network_policy, {LABEL, "spec/podSelector", "spec/policyTypes"}),
            (objects.budget, {LABEL, "spec/minAvailable", "spec/selector"}),
            (
                objects.autoscaler,
                {
                    LABEL,
                    "spec/minReplicas",
                    "spec/maxReplicas",
                    "spec/scaleTargetRef/apiVersion",
                    "spec/scaleTargetRef/kind",
                    "spec/scaleTargetRef/name",
                },
            ),
            (objects.account, {LABEL, "automountServiceAccountToken"}),
            (objects.role, {LABEL, "rules"}),
            (objects.role_binding, {LABEL, "roleRef", "subjects"}),
        ],
    )
    def test_an_applier_owns_exactly_what_it_applies(
        self, world: World, home: str, make: Any, fields: set[str]
    ) -> None:
        live = apply(world, make(home))
        assert owned(live, FIELD_MANAGER) == fields
        assert len(live.managed) == 1

    def test_another_s_update_takes_the_field(self, world: World, home: str) -> None:
        web = objects.deployment(home)
        before = owned(apply(world, web), FIELD_MANAGER)
        world.patch(web, {"spec": {"replicas": 5}})
        after = look(world, web)
        assert owned(after, FIELD_MANAGER) == before - {"spec/replicas"}
        assert owned(after, EDITOR, "Update") == {"spec/replicas"}

    def test_another_s_update_to_the_same_value_takes_nothing(
        self, world: World, home: str
    ) -> None:
        front = objects.ingress(home)
        before = apply(world, front)
        world.patch(front, {"spec": {"rules": front["spec"]["rules"]}})
        assert look(world, front) == before

    def test_another_s_apply_takes_the_field_by_force(self, world: World, home: str) -> None:
        apply(world, objects.config_map(home, a="1", b="2"))
        world.apply(config(home, a="9"), by="other")
        after = look(world, objects.config_map(home))
        assert owned(after, FIELD_MANAGER) == {LABEL, "data/b"}
        assert owned(after, "other") == {"data/a"}

    def test_another_s_apply_of_the_same_value_shares_the_field(
        self, world: World, home: str
    ) -> None:
        apply(world, objects.config_map(home, a="1", b="2"))
        world.apply(config(home, a="1"), by="other")
        after = look(world, objects.config_map(home))
        assert owned(after, FIELD_MANAGER) == {LABEL, "data/a", "data/b"}
        assert owned(after, "other") == {"data/a"}

    def test_an_object_that_another_made_again_is_not_ours(self, world: World, home: str) -> None:
        before = apply(world, objects.config_map(home))
        world.delete(objects.config_map(home))
        world.create(objects.config_map(home), by=EDITOR)
        after = look(world, objects.config_map(home))
        assert after.uid != before.uid
        assert not owned(after, FIELD_MANAGER)
        assert owned(after, EDITOR, "Update") >= {"data/key", "data", LABEL}

    def test_a_conflict_names_each_field_and_its_owner(self, world: World, home: str) -> None:
        web = objects.deployment(home)
        apply(world, web)
        containers = [{"name": "main", "image": "other:1"}]
        world.patch(web, {"spec": {"replicas": 5}}, by="scaler")
        world.apply(partial(web, {"spec": {"template": {"spec": {"containers": containers}}}}))
        error = refusal(lambda: apply(world, web, force=False))
        assert (error.reason, error.status) == ("Conflict", 409)
        assert set(error.causes) == {
            Cause(
                field=".spec.replicas",
                message='conflict with "scaler" using apps/v1',
                manager="scaler",
            ),
            Cause(
                field='.spec.template.spec.containers[name="main"].image',
                message=f'conflict with "{EDITOR}"',
                manager=EDITOR,
            ),
        }

    def test_a_conflict_changes_nothing(self, world: World, home: str) -> None:
        apply(world, objects.config_map(home, a="1", b="2"))
        world.patch(objects.config_map(home), {"data": {"a": "9"}})
        before = look(world, objects.config_map(home))
        wanted = objects.config_map(home, a="1", b="3")
        error = refusal(lambda: apply(world, wanted, force=False))
        assert [cause.field for cause in error.causes] == [".data.a"]
        assert look(world, objects.config_map(home)) == before

    def test_what_another_owns_can_be_applied_with_the_value_it_has(
        self, world: World, home: str
    ) -> None:
        apply(world, objects.config_map(home, a="1"))
        world.patch(objects.config_map(home), {"data": {"a": "9"}})
        live = apply(world, objects.config_map(home, a="9"), force=False)
        assert "data/a" in owned(live, FIELD_MANAGER)
        assert "data/a" in owned(live, EDITOR, "Update")

    def test_force_takes_the_field_back(self, world: World, home: str) -> None:
        web = objects.deployment(home)
        before = owned(apply(world, web), FIELD_MANAGER)
        world.patch(web, {"spec": {"replicas": 5}})
        after = apply(world, web, force=True)
        assert read(world, web)["spec"]["replicas"] == 2
        assert owned(after, FIELD_MANAGER) == before
        assert not owned(after, EDITOR, "Update")

    def test_what_others_add_stays(self, world: World, home: str) -> None:
        web = objects.deployment(home)
        apply(world, web)
        world.patch(web, {"metadata": {"labels": {"theirs": "1"}, "annotations": {"a": "b"}}})
        world.apply(partial(web, add_env("C", "3")), by="injector")
        apply(world, web)
        found = read(world, web)
        assert found["metadata"]["labels"]["theirs"] == "1"
        assert found["metadata"]["annotations"]["a"] == "b"
        names = [env["name"] for env in found["spec"]["template"]["spec"]["containers"][0]["env"]]
        assert set(names) == {"A", "B", "C"}

    def test_a_field_that_is_applied_no_more_is_removed(self, world: World, home: str) -> None:
        apply(world, objects.config_map(home, a="1", b="2"))
        live = apply(world, objects.config_map(home, b="2"))
        assert read(world, objects.config_map(home))["data"] == {"b": "2"}
        assert owned(live, FIELD_MANAGER) == {LABEL, "data/b"}

    def test_a_field_that_an_updater_owns_too_stays(self, world: World, home: str) -> None:
        world.create(objects.config_map(home, a="1", b="2"))
        apply(world, objects.config_map(home, a="1", b="2"))
        apply(world, objects.config_map(home, b="2"))
        assert read(world, objects.config_map(home))["data"] == {"a": "1", "b": "2"}

    def test_a_field_that_an_applier_owns_too_stays(self, world: World, home: str) -> None:
        apply(world, objects.config_map(home, a="1", b="2"))
        world.apply(config(home, a="1"), by="other")
        live = apply(world, objects.config_map(home, b="2"))
        assert read(world, objects.config_map(home))["data"] == {"a": "1", "b": "2"}
        assert owned(live, "other") == {"data/a"}

    def test_a_field_that_was_edited_away_and_back_has_two_owners(
        self, world: World, home: str
    ) -> None:
        apply(world, objects.config_map(home, a="1", b="2"))
        world.patch(objects.config_map(home), {"data": {"a": "9"}})
        world.patch(objects.config_map(home), {"data": {"a": "1"}})
        live = apply(world, objects.config_map(home, a="1", b="2"))
        assert "data/a" in owned(live, FIELD_MANAGER)
        assert "data/a" in owned(live, EDITOR, "Update")

    def test_an_object_without_owners_is_someone_s_from_before(
        self, world: World, home: str
    ) -> None:
        apply(world, objects.config_map(home, a="1"))
        world.patch(objects.config_map(home), {"metadata": {"managedFields": [{}]}})
        assert not look(world, objects.config_map(home)).managed
        live = apply(world, objects.config_map(home, a="1"))
        assert owned(live, "before-first-apply", "Update") >= {"data/a", LABEL}
        assert owned(live, FIELD_MANAGER) == {"data/a", LABEL}

    def test_owners_can_be_written_by_hand(self, world: World, home: str) -> None:
        world.create(objects.config_map(home, a="1"))
        live = apply(world, objects.config_map(home, a="1"))
        found = read(world, objects.config_map(home))
        ours = [e for e in found["metadata"]["managedFields"] if e["manager"] == FIELD_MANAGER]
        world.patch(
            objects.config_map(home),
            [
                {"op": "replace", "path": "/metadata/managedFields", "value": ours},
                {
                    "op": "replace",
                    "path": "/metadata/resourceVersion",
                    "value": live.resource_version,
                },
            ],
            sort="json",
        )
        after = look(world, objects.config_map(home))
        assert [entry.manager for entry in after.managed] == [FIELD_MANAGER]
        apply(world, objects.config_map(home, b="2"))
        assert read(world, objects.config_map(home))["data"] == {"b": "2"}

    def test_items_of_lists_with_keys_are_merged_by_their_keys(
        self, world: World, home: str
    ) -> None:
        web = objects.deployment(home)
        apply(world, web)
        world.apply(partial(web, add_env("C", "3")), by="injector")
        less = changed(web, "spec/template/spec/containers/0/env/0", None)
        live = apply(world, less)
        envs = read(world, web)["spec"]["template"]["spec"]["containers"][0]["env"]
        assert envs == [{"name": "B", "value": "2"}, {"name": "C", "value": "3"}]
        assert f'{MAIN}/env/{{"name":"A"}}' not in owned(live, FIELD_MANAGER)

    def test_a_port_is_told_apart_by_its_protocol(self, world: World, home: str) -> None:
        web = objects.service(home)
        apply(world, web)
        more = [*web["spec"]["ports"], {"port": 53, "protocol": "TCP", "name": "dns-tcp"}]
        live = apply(world, changed(web, "spec/ports", more))
        found = read(world, web)["spec"]["ports"]
        assert [(p["port"], p["protocol"]) for p in found] == [
            (80, "TCP"),
            (53, "UDP"),
            (53, "TCP"),
        ]
        assert 'spec/ports/{"port":53,"protocol":"TCP"}/protocol' in owned(live, FIELD_MANAGER)

    def test_a_container_that_is_applied_no_more_is_removed(self, world: World, home: str) -> None:
        web = objects.deployment(home)
        apply(world, web)
        apply(world, changed(web, "spec/template/spec/containers/1", None))
        (left,) = read(world, web)["spec"]["template"]["spec"]["containers"]
        assert left["name"] == "main"

    def test_an_apply_restores_the_order_of_a_list(self, world: World, home: str) -> None:
        web = objects.deployment(home)
        apply(world, web)
        order = [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]
        path = "/spec/template/spec/containers/0/env"
        world.patch(web, [{"op": "replace", "path": path, "value": order}], sort="json")
        apply(world, web)
        envs = read(world, web)["spec"]["template"]["spec"]["containers"][0]["env"]
        assert [env["name"] for env in envs] == ["A", "B"]

    def test_an_atomic_list_has_one_owner(self, world: World, home: str) -> None:
        web = objects.deployment(home)
        apply(world, web)
        path = "/spec/template/spec/containers/0/args/-"
        world.patch(web, [{"op": "add", "path": path, "value": "--three"}], sort="json")
        after = look(world, web)
        assert f"{MAIN}/args" not in owned(after, FIELD_MANAGER)
        assert f"{MAIN}/args" in owned(after, EDITOR, "Update")
        apply(world, web)
        found = read(world, web)["spec"]["template"]["spec"]["containers"][0]["args"]
        assert found == ["--one", "--two"]

    def test_items_of_a_set_have_owners_each(self, world: World, home: str) -> None:
        ours = objects.config_map(home)
        ours["metadata"]["finalizers"] = ["example.dev/ours"]
        apply(world, ours)
        path = "/metadata/finalizers/-"
        world.patch(ours, [{"op": "add", "path": path, "value": "example.dev/theirs"}], sort="json")
        after = look(world, ours)
        assert 'metadata/finalizers/"example.dev/ours"' in owned(after, FIELD_MANAGER)
        assert 'metadata/finalizers/"example.dev/theirs"' in owned(after, EDITOR, "Update")
        apply(world, objects.config_map(home))
        assert read(world, ours)["metadata"]["finalizers"] == ["example.dev/theirs"]
        world.patch(ours, {"metadata": {"finalizers": None}})

    def test_the_status_of_a_kind_is_written_apart(self, world: World, home: str) -> None:
        front = objects.ingress(home)
        before = apply(world, {**front, "status": addresses("10.0.0.7")})
        assert read(world, front).get("status") != addresses("10.0.0.7")
        assert not {path for path in owned(before, FIELD_MANAGER) if path.startswith("status")}
        world.patch(front, {"status": addresses("10.0.0.1")}, by="controller", status=True)
        after = look(world, front)
        assert read(world, front)["status"] == addresses("10.0.0.1")
        assert "status/loadBalancer/ingress" in owned(after, "controller", "Update", "status")
        assert owned(after, FIELD_MANAGER) == owned(before, FIELD_MANAGER)
        assert after.generation == before.generation

    def test_a_status_can_be_applied(self, world: World, home: str) -> None:
        front = objects.ingress(home)
        apply(world, front)
        live = apply(world, partial(front, {"status": addresses("10.0.0.1")}), status=True)
        assert owned(live, FIELD_MANAGER, subresource="status") == {"status/loadBalancer/ingress"}
        assert read(world, front)["status"] == addresses("10.0.0.1")

    def test_an_updater_of_many_is_one_of_ten(self, world: World, home: str) -> None:
        apply(world, objects.config_map(home))
        for number in range(12):
            world.patch(
                objects.config_map(home), {"data": {f"k{number}": "1"}}, by=f"editor-{number:02}"
            )
        after = look(world, objects.config_map(home))
        updaters = [entry for entry in after.managed if entry.operation == "Update"]
        assert len(updaters) == 10
        every: set[str] = set()
        for entry in updaters:
            every |= owned(after, entry.manager, "Update")
        assert every == {f"data/k{number}" for number in range(12)}
        assert "ancient-changes" in {entry.manager for entry in updaters}

    def test_a_secret_s_conflict_names_the_field(self, world: World, home: str) -> None:
        apply(world, objects.secret(home))
        world.patch(objects.secret(home), {"data": {"token": "Yg=="}})
        error = refusal(lambda: apply(world, objects.secret(home), force=False))
        assert [(cause.field, cause.manager) for cause in error.causes] == [(".data.token", EDITOR)]
        assert "Yg==" not in str(error)


def config(home: str, **data: str) -> dict[str, Any]:
    """What another applies of our ConfigMap: these keys alone."""
    return partial(objects.config_map(home), {"data": data})


def add_env(name: str, value: str) -> dict[str, Any]:
    env = [{"name": name, "value": value}]
    return {"spec": {"template": {"spec": {"containers": [{"name": "main", "env": env}]}}}}


def addresses(address: str) -> dict[str, Any]:
    return {"loadBalancer": {"ingress": [{"ip": address}]}}
