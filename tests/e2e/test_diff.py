"""``reconciler diff``: what the next pass would do to a live cluster, and nothing is written."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e import process
from tests.e2e.fleet import config_map
from tests.e2e.test_mending import declare, deployment, patch
from tests.e2e.world import World

SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {token: VALUE}
"""


def diff(world: World, *more: str) -> tuple[int, str]:
    done = process.reconciler(
        "diff",
        world.fleet.site,
        "--repo",
        str(world.fleet.remote.folder),
        "--kubeconfig",
        str(world.kubeconfig),
        *more,
    )
    return done.returncode, done.stdout + done.stderr


def told(world: World, *more: str) -> dict[str, dict[str, Any]]:
    """Its objects by their names."""
    code, said = diff(world, "-o", "json", *more)
    assert code == 1, said
    return {row["object"].rpartition("/")[2]: row for row in json.loads(said)["objects"]}


def test_a_cluster_that_is_as_the_commit_says_has_no_difference(world: World) -> None:
    assert world.once()[0] == 0
    before = _versions(world)
    code, said = diff(world)
    assert (code, said.strip()) == (0, "3 unchanged")
    assert _versions(world) == before


def test_what_is_created_changed_deleted_and_held_is_shown_with_fields_and_files(
    world: World,
) -> None:
    world.fleet.extra("---\n".join(config_map(f"c{number}") for number in range(5)))
    assert world.once()[0] == 0
    app = world.fleet.files["bases/app/app.yaml"]
    world.fleet.files["bases/app/app.yaml"] = app.replace("camera:1", "camera:2").replace(
        ", mode: quiet", ""
    )
    world.fleet.extra(config_map("new"))
    before = _versions(world)
    rows = told(world)
    assert rows["new"]["action"] == "create"
    assert rows["new"]["origin"] == f"{world.fleet.overlay}/extra.yaml:5"
    assert rows["camera"]["fields"] == [
        {
            "field": "spec.template.spec.containers[name=main].image",
            "found": '"camera:1"',
            "wanted": '"camera:2"',
        }
    ]
    assert rows["settings"]["fields"] == [
        {"field": "data.mode", "found": '"quiet"', "wanted": "absent"}
    ]
    assert {rows[f"c{number}"]["action"] for number in range(5)} == {"held"}
    assert "limits.prune lets 3 go" in rows["c0"]["why"]
    assert diff(world)[1].splitlines()[-1] == "1 to create, 2 to change, 5 held, 1 unchanged"
    world.fleet.commit("Go\n\nFleet-Allow-Prune: ConfigMap/NS/c0, all\n")
    assert {told(world)[f"c{number}"]["action"] for number in range(5)} == {"delete"}
    assert _versions(world) == before, "nothing was written"


def test_the_values_of_secrets_are_masked(world: World) -> None:
    world.fleet.extra(SECRET.replace("VALUE", "first-word"))
    assert world.once()[0] == 0
    world.fleet.extra(SECRET.replace("VALUE", "second-word"))
    code, said = diff(world)
    assert code == 1 and "data.token" in said and "***" in said
    for word in ("first-word", "second-word", "Zmlyc3Qtd29yZA", "c2Vjb25kLXdvcmQ"):
        assert word not in said


def test_a_site_that_was_never_applied_is_created_as_a_whole(world: World) -> None:
    rows = told(world)
    assert {row["action"] for row in rows.values()} == {"create"} and len(rows) == 3


def test_a_conflict_with_another_manager_is_shown_as_a_refusal(world: World) -> None:
    world.plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": world.namespace}})
    theirs = {"metadata": {"name": "settings"}, "data": {"rate": "1"}}
    path = f"{world.path('configmaps')}?fieldManager=their-tool"
    assert world.plane.request("POST", path, theirs)[0] == 201
    row = told(world)["settings"]
    assert row["action"] == "refused" and "their-tool" in row["why"]


def test_what_can_only_be_made_anew_is_shown_so_where_its_annotation_allows_it(
    world: World,
) -> None:
    assert world.once()[0] == 0
    app = world.fleet.files["bases/app/app.yaml"].replace("app: camera", "app: lens")
    world.fleet.files["bases/app/app.yaml"] = app
    world.fleet.commit()
    row = told(world)["camera"]
    assert row["action"] == "refused" and row["why"].startswith("Immutable: ")
    allow = '{name: camera, annotations: {"fleet-reconciler.dev/replace": allow}}'
    world.fleet.files["bases/app/app.yaml"] = app.replace("{name: camera}", allow)
    world.fleet.commit()
    row = told(world)["camera"]
    assert row["action"] == "replace" and "spec.selector" in row["why"]
    code, said = diff(world)
    assert code == 1 and f"* Deployment.apps/{world.namespace}/camera" in said


def test_a_member_of_a_union_that_somebody_swapped_is_shown_as_it_will_be_mended(
    world: World,
) -> None:
    scratch = {"volumes": [{"name": "scratch", "emptyDir": {}}]}
    declare(world, deployment(world.namespace, **scratch))
    assert world.once()[0] == 0
    theirs = {"name": "scratch", "hostPath": {"path": "/etc", "type": ""}}
    place = "/spec/template/spec/volumes/0"
    patch(
        world,
        "apps/v1/deployments",
        "worker",
        [{"op": "replace", "path": place, "value": theirs}],
    )
    row = told(world)["worker"]
    assert row["action"] == "change" and "taken out" in row["why"]
    at = "spec.template.spec.volumes[name=scratch]"
    assert row["fields"] == [
        {"field": f"{at}.hostPath", "found": '{"path":"/etc","type":""}', "wanted": "absent"},
        {"field": f"{at}.emptyDir", "found": "absent", "wanted": "{}"},
    ]
    code, said = diff(world)
    assert code == 1 and "  change: fields of others are in the way, and are taken out" in said
    assert world.once()[0] == 0
    assert diff(world)[0] == 0


def test_there_is_no_answer_for_another_sites_cluster_or_without_one(world: World) -> None:
    assert world.once()[0] == 0
    done = process.reconciler("diff", "north/none", "--kubeconfig", str(world.kubeconfig))
    assert done.returncode == 2
    code, said = diff(world, "--rev", "no-such-branch")
    assert code == 2 and "names no commit" in said


def _versions(world: World) -> dict[str, str]:
    found = {}
    for plural in ("configmaps", "secrets", "apps/v1/deployments"):
        _, answer = world.plane.request("GET", world.path(plural))
        for item in answer["items"]:
            metadata = item["metadata"]
            found[metadata["name"]] = str(metadata.get("generation", metadata["resourceVersion"]))
    return found
