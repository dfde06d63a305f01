"""From an edit to its explanation to the rule that allows it, by the commands that a user has."""

from __future__ import annotations

import json
import subprocess

import yaml

from tests.e2e import process
from tests.e2e.process import eventually
from tests.e2e.world import World

WHO = ["kubectl-edit", "(Update)", "5"]


def told(world: World, *command: str) -> subprocess.CompletedProcess[str]:
    return process.reconciler(*command, "--state", str(world.state))


def scale(world: World, count: int) -> None:
    world.edit("apps/v1/deployments", "camera", {"spec": {"replicas": count}}, "kubectl-edit")


def replicas(world: World) -> int:
    found = world.get("apps/v1/deployments", "camera")
    assert found is not None
    return int(found["spec"]["replicas"])


def explain(world: World, ref: str) -> subprocess.CompletedProcess[str]:
    return told(world, "explain", ref, "--kubeconfig", str(world.kubeconfig))


def test_an_edit_is_told_explained_and_allowed_by_the_rule_that_was_printed(world: World) -> None:
    ref = f"Deployment.apps/{world.namespace}/camera"
    with world.running() as agent:
        world.synced(agent)
        scale(world, 5)
        eventually(lambda: replicas(world) == 1, "the healed count")
        eventually(lambda: agent.said("drift.corrected"), "the correction")
    done = told(world, "drift", world.fleet.site, "--since", "1h")
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if "corrected" in line]
    assert f"{ref}  spec.replicas: wanted 1, found 5, held by kubectl-edit (Update)" in line

    scale(world, 5)  # with no agent there
    done = explain(world, ref)
    assert done.returncode == 1, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("spec.replicas")]
    assert line.endswith("put back (wanted 1)") and line.split()[1:4] == WHO
    assert "from bases/app/app.yaml:" in done.stdout
    pasted = next(line for line in done.stdout.splitlines() if line.strip().startswith("drift:"))
    settings = f"{world.fleet.overlay}/site.yaml"
    world.fleet.files[settings] += pasted.strip() + "\n"
    assert yaml.safe_load(world.fleet.files[settings])["drift"][0]["fields"] == ["/spec/replicas"]
    world.fleet.commit()
    with world.running() as agent:
        world.synced(agent)
        scale(world, 5)
        world.edit("configmaps", "settings", {"data": {"rate": "1"}})  # seen later than that
        eventually(lambda: (world.data("settings") or {})["rate"] == "30", "the other's correction")
        assert replicas(world) == 5
    done = told(world, "explain", ref, "--kubeconfig", str(world.kubeconfig), "-o", "json")
    assert done.returncode == 0, done.stdout
    (field,) = [f for f in json.loads(done.stdout)["fields"] if f["field"] == "spec.replicas"]
    assert (field["would"], field["wanted"], field["found"]) == ("ignore", "1", "5")
    assert [owner["manager"] for owner in field["owners"]] == ["kubectl-edit"]


def test_kubectl_describe_shows_what_was_told_of_the_site_and_of_a_drifted_object(
    world: World,
) -> None:
    def described(*what: str) -> str:
        return world.plane.kubectl("describe", *what).rpartition("Events:")[2]

    with world.running() as agent:
        world.synced(agent)
        world.delete("configmaps", "settings")
        eventually(lambda: world.data("settings"), "the new object")  # none to describe till then
        eventually(
            lambda: "DriftCorrected" in described("-n", world.namespace, "cm", "settings"),
            "the new object's event",
        )
        scale(world, 5)
        eventually(
            lambda: (
                "spec.replicas: wanted 1, found 5"
                in described("-n", world.namespace, "deployment", "camera")
            ),
            "the edited object's event",
        )
        eventually(lambda: "Synced" in described("site", "north.one"), "the site's event")


def test_explain_says_what_is_gone_was_made_anew_and_is_not_declared(world: World) -> None:
    ref = f"ConfigMap/{world.namespace}/settings"
    with world.running() as agent:
        world.synced(agent)
    done = explain(world, ref)
    assert done.returncode == 0 and "nothing would be done" in done.stdout, done.stdout
    world.delete("configmaps", "settings")
    done = explain(world, ref)
    assert done.returncode == 1
    assert "it is not in the cluster: it would be made anew" in done.stdout
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}
    code, _ = world.plane.request("POST", world.path("configmaps"), body)
    assert code == 201
    done = explain(world, ref)
    assert done.returncode == 1
    assert "somebody made it anew" in done.stdout
    done = explain(world, f"ConfigMap/{world.namespace}/setting")
    assert done.returncode == 2
    assert f"did you mean {ref}" in done.stderr
    assert "is none of the" in done.stderr
    assert explain(world, "nonsense").returncode == 2


def test_a_secrets_values_are_in_no_answer(world: World) -> None:
    world.fleet.extra(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {word: k1ngdom}\n"
    )
    with world.running() as agent:
        world.synced(agent)
        world.edit("secrets", "login", {"stringData": {"word": "0therw1se", "more": "h1dden"}})
        eventually(lambda: agent.said("drift.corrected"), "the correction")
    world.edit("secrets", "login", {"stringData": {"word": "0therw1se"}})
    texts = [
        explain(world, f"Secret/{world.namespace}/login").stdout,
        told(world, "drift").stdout,
        told(world, "drift", "-o", "json").stdout,
    ]
    assert "data.word" in texts[0] and "data.word" in texts[1]
    for secret in ("k1ngdom", "azFuZ2RvbQ", "0therw1se", "MHRoZXJ3MXNl", "h1dden", "aDFkZGVu"):
        assert not [text for text in texts if secret in text]


def test_who_takes_a_field_back_again_and_again_is_named_and_holds_up_nothing_else(
    world: World,
) -> None:
    ref = f"Deployment.apps/{world.namespace}/camera"
    with world.running() as agent:
        world.synced(agent)
        agent.wait("watch.listed", kind="Deployment.apps")

        def is_left() -> bool:
            return agent.said("drift.left", ref=ref, outcome="contested")

        for count in range(2, 40):
            if is_left():
                break
            world.edit("apps/v1/deployments", "camera", {"spec": {"replicas": count}}, "fighter")
            eventually(lambda: replicas(world) == 1 or is_left(), "a correction, or none any more")
        assert is_left(), agent.tail()
        eventually(lambda: world.status().get("state") == "Drifted", "the site's state")
        assert world.status()["contested"] == [
            {"object": ref, "field": "spec.replicas", "manager": "fighter"}
        ]
        world.edit("configmaps", "settings", {"data": {"rate": "1"}})
        eventually(lambda: (world.data("settings") or {})["rate"] == "30", "the other object")
        app = world.fleet.files["bases/app/app.yaml"]
        world.fleet.files["bases/app/app.yaml"] = app.replace("camera:1", "camera:2")
        world.fleet.commit()
        world.synced(agent)
        found = world.get("apps/v1/deployments", "camera")
        assert found
        assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "camera:2"
