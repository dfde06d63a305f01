"""The main job: a commit reaches the cluster, drift is put right, and a note comes back."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.e2e.fleet import SITE, config_map
from tests.e2e.process import eventually, reconciler
from tests.e2e.world import World

# kubectl puts NAME before the columns of every custom kind.
COLUMNS = ["NAME", "SITE", "READY", "STATE", "REVISION", "OBJECTS", "DRIFT", "AGE"]
BOTH = pytest.mark.parametrize("world", ["cluster", "scoped"], indirect=True)


@BOTH
def test_a_commit_reaches_the_cluster_and_comes_back_as_a_note(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        assert world.data("settings") == {"rate": "30", "mode": "quiet"}
        deployment = world.get("apps/v1/deployments", "camera")
        assert deployment is not None
        assert deployment["metadata"]["labels"]["fleet-reconciler.dev/site"] == "north.one"
        eventually(world.fleet.note, "a note")
        first = yaml.safe_load(world.fleet.note())
        assert (first["site"], first["state"], first["commit"]) == (
            SITE,
            "Synced",
            world.fleet.head,
        )
        world.fleet.files["bases/app/app.yaml"] = world.fleet.files["bases/app/app.yaml"].replace(
            '"30"', '"15"'
        )
        head = world.fleet.commit()
        world.synced(agent)
        assert world.data("settings") == {"rate": "15", "mode": "quiet"}
        assert agent.stop() == 0
    code, _ = world.once("--interval", "1h")
    assert code == 0
    assert yaml.safe_load(world.fleet.note())["applied"] in (head, first["applied"])


def test_every_name_of_the_site_is_shown(world: World) -> None:
    assert world.once()[0] == 0
    columns, row = world.plane.kubectl("get", "sites").splitlines()
    assert columns.split() == COLUMNS
    assert row.split()[:-1] == ["north.one", SITE, "True", "Synced", world.fleet.head, "3", "0"]
    events = world.plane.kubectl("get", "events", "-n", "default", "-o", "json")
    reasons = {
        event["reason"]
        for event in json.loads(events)["items"]
        if event["involvedObject"]["name"] == "north.one"
    }
    assert "Synced" in reasons


def test_status_shows_all_sites_from_notes_alone(world: World) -> None:
    assert world.once()[0] == 0
    table = reconciler("status", "--repo", world.fleet.remote.url)
    assert table.returncode == 0, table.stderr
    head, row = table.stdout.splitlines()
    assert head.split()[:3] == ["SITE", "STATE", "HEALTH"]
    assert row.split()[:5] == [SITE, "Synced", "Progressing", world.fleet.head[:12], "3/3"]
    one = reconciler("status", SITE, "--repo", world.fleet.remote.url, "-o", "json")
    assert json.loads(one.stdout)["sites"][0]["applied"] == world.fleet.head
    typo = reconciler("status", "north/ome", "--repo", world.fleet.remote.url)
    assert typo.returncode == 2 and "did you mean north/one" in typo.stderr


def test_once_ends_with_1_where_an_object_is_refused_and_the_others_go_on(world: World) -> None:
    world.fleet.extra(
        config_map("good") + "---\napiVersion: v1\nkind: Service\nmetadata: {name: bad}\n"
        "spec: {ports: [{port: 99999}]}\n"
    )
    code, said = world.once()
    assert code == 1, said
    assert world.data("good") == {"key": "v"}
    assert world.get("apps/v1/deployments", "camera") is not None
    note = yaml.safe_load(world.fleet.note())
    assert (note["state"], note["reason"]) == ("Failed", "ApplyFailed")
    (failed,) = note["failed"]
    assert failed["object"] == f"Service/{world.namespace}/bad"
    assert failed["reason"] == "Invalid" and "99999" in failed["message"]
    assert failed["origin"].startswith("sites/north/one/extra.yaml:")
    world.fleet.extra(config_map("good"))
    assert world.once()[0] == 0


def test_once_puts_drift_right_too(world: World) -> None:
    assert world.once()[0] == 0
    world.edit("configmaps", "settings", {"data": {"rate": "1"}})
    world.delete("apps/v1/deployments", "camera")
    assert world.once()[0] == 0
    assert world.data("settings") == {"rate": "30", "mode": "quiet"}
    assert world.get("apps/v1/deployments", "camera") is not None


def test_once_ends_with_2_where_the_remote_is_not_reached(world: World) -> None:
    world.fleet.remote.folder.rename(world.folder / "elsewhere")
    code, said = world.once()
    assert code == 2, said


def test_once_ends_with_2_where_the_cluster_is_not_reached(world: World) -> None:
    login = json.loads(world.kubeconfig.read_text())
    login["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    world.kubeconfig = world.folder / "nowhere.kubeconfig"
    world.kubeconfig.write_text(json.dumps(login))
    code, said = world.once()
    assert code == 2 and "was not reached" in said


def test_a_kind_and_its_objects_come_in_one_commit_in_one_pass(world: World) -> None:
    name = world.namespace.replace("-", "")
    world.fleet.extra(
        f"""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: widgets.{name}.example.com}}
spec:
  group: {name}.example.com
  scope: Namespaced
  names: {{kind: Widget, plural: widgets, singular: widget}}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
---
apiVersion: {name}.example.com/v1
kind: Widget
metadata: {{name: first}}
spec: {{size: 3}}
"""
    )
    code, said = world.once()
    assert code == 0, said
    widget = world.get(f"{name}.example.com/v1/widgets", "first")
    assert widget is not None and widget["spec"] == {"size": 3}
    missed = [request for request in world.plane.audit() if request.status == 404]
    assert len([request for request in missed if f"{name}.example.com" in request.uri]) <= 1


@BOTH
def test_what_a_commit_no_longer_has_is_pruned_and_what_is_not_ours_is_not(world: World) -> None:
    world.fleet.extra(config_map("mine"))
    assert world.once()[0] == 0
    theirs = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "theirs", "labels": {"fleet-reconciler.dev/site": "north.one"}},
    }
    assert world.plane.request("POST", world.path("configmaps"), theirs)[0] == 201
    world.fleet.extra(config_map("other"))
    assert world.once()[0] == 0
    assert world.get("configmaps", "mine") is None
    assert world.get("configmaps", "other") is not None
    assert world.get("configmaps", "theirs") is not None


def test_an_object_of_somebody_else_is_not_taken_over(world: World) -> None:
    world.plane.request(
        "POST",
        "/api/v1/namespaces",
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": world.namespace}},
    )
    path = f"{world.path('configmaps')}?fieldManager=their-tool"
    theirs = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings"},
        "data": {"rate": "99"},
    }
    assert world.plane.request("POST", path, theirs)[0] == 201
    code, said = world.once()
    assert code == 1, said
    assert world.data("settings") == {"rate": "99"}
    (failed,) = yaml.safe_load(world.fleet.note())["failed"]
    assert failed["reason"] == "Conflict"
    assert "their-tool" in failed["message"] and ".data.rate" in failed["message"]


def test_notes_may_go_to_another_repository(world: World) -> None:
    other = type(world.fleet.remote)(world.folder / "status.git")
    assert world.once("--status-remote", other.url)[0] == 0
    assert world.fleet.notes_written() == 0
    shown = reconciler("status", "--repo", other.url)
    assert shown.returncode == 0 and SITE in shown.stdout


def test_a_second_agent_on_the_same_state_refuses_to_start(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        code, said = world.once()
        assert code == 2 and str(agent.process.pid) in said
        assert agent.process.poll() is None


def test_the_agent_of_another_site_does_not_touch_this_ones_cluster(world: World) -> None:
    assert world.once()[0] == 0
    arguments = [*world.arguments(), "--once"]
    arguments[arguments.index("--site") + 1] = "north/two"
    arguments[arguments.index("--state") + 1] = str(world.folder / "other")
    done = reconciler("run", *arguments)
    assert done.returncode == 2
    assert "belongs to site north/one, not north/two" in done.stderr
    assert world.data("settings") is not None


@pytest.mark.parametrize("world", ["scoped"], indirect=True)
def test_a_kind_without_rights_is_held_up_alone_and_the_rule_is_said(world: World) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: b}\n"
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: unwatched}\n"
    world.fleet.extra(f"{secret}---\n{service}spec: {{ports: [{{port: 80}}]}}\n")
    with world.running() as agent:
        agent.wait("object.failed", ref=f"Secret/{world.namespace}/s")
        eventually(lambda: world.get("services", "unwatched"), "the service")
        eventually(lambda: world.get("apps/v1/deployments", "camera"), "the deployment")
        agent.wait("watch.refused", kind="Service")
        eventually(world.fleet.note, "a note")
        note = yaml.safe_load(world.fleet.note())
        assert (note["state"], note["reason"]) == ("Failed", "ApplyFailed")
        rule = '{apiGroups: [""], resources: ["secrets"], verbs: ["create", "patch"]}'
        assert rule in note["failed"][0]["message"]
        (unwatched,) = agent.events("watch.refused")
        assert 'resources: ["services"], verbs: ["get", "list", "watch"]' in unwatched["message"]
        world.edit("configmaps", "settings", {"data": {"rate": "1"}})
        eventually(lambda: (world.data("settings") or {}).get("rate") == "30", "the healed rate")
