"""A fleet's policies hold on site, before anything of a commit is applied."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.e2e.fleet import config_map
from tests.e2e.process import reconciler
from tests.e2e.world import World

HEAD = "apiVersion: admissionregistration.k8s.io/v1\n"
POLICY = (
    HEAD
    + """\
kind: ValidatingAdmissionPolicy
metadata: {{name: {name}}}
spec:
  failurePolicy: {fails}
  matchConstraints:
    resourceRules:
    - apiGroups: ["*"]
      apiVersions: ["*"]
      operations: [CREATE, UPDATE, DELETE]
      resources: ["{resource}"]
  validations:
  - expression: |-
      {expression}
    message: {message}
---
"""
    + HEAD
    + """\
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: {name}}}
spec: {{policyName: {name}, validationActions: [{action}]}}
"""
)


def policed(world: World, **words: str) -> None:
    """The world's fleet with one policy."""
    given = {"fails": "Fail", "resource": "configmaps", "message": "no", "action": "Deny", **words}
    world.fleet.files["policies/own.yaml"] = POLICY.format(name="own", **given)
    world.fleet.files["fleet.yaml"] += "policies: {use: [own]}\n"


def note(world: World) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(world.fleet.note())
    return found


def test_a_denied_commit_is_held_and_the_last_good_one_stays(world: World) -> None:
    policed(
        world,
        expression="request.operation == 'DELETE' || !('password' in object.data)",
        message="no passwords in ConfigMaps",
    )
    good = world.fleet.commit()
    assert world.once()[0] == 0
    bad = world.fleet.extra(
        config_map("fine") + "---\n" + config_map("leak").replace("key:", "password:")
    )
    code, said = world.once()
    assert code == 1, said
    found = note(world)
    assert (found["commit"], found["applied"]) == (bad, good)
    assert (found["state"], found["reason"]) == ("Blocked", "PolicyDenied")
    (finding,) = found["findings"]
    assert finding["policy"] == "own" and finding["action"] == "Deny"
    assert finding["object"] == f"ConfigMap/{world.namespace}/leak"
    assert finding["origin"] == "sites/north/one/extra.yaml:10"
    assert finding["message"].startswith("no passwords in ConfigMaps")
    assert (world.data("fine"), world.data("leak")) == (None, None)
    assert world.data("settings") == {"rate": "30", "mode": "quiet"}
    mended = world.fleet.extra(config_map("fine"))
    assert world.once()[0] == 0
    assert note(world)["applied"] == mended and "findings" not in note(world)


def test_a_removal_that_is_denied_holds_the_commit(world: World) -> None:
    policed(
        world,
        expression="request.operation != 'DELETE' || oldObject.metadata.name != 'kept'",
        message="it is kept",
    )
    world.fleet.extra(config_map("kept"))
    assert world.once()[0] == 0
    world.fleet.extra(config_map("other"))
    assert world.once()[0] == 1
    assert "when it is deleted" in note(world)["message"]
    assert world.data("kept") == {"key": "v"} and world.data("other") is None


@pytest.mark.parametrize("action", ["Warn", "Audit"])
def test_what_only_warns_is_applied_and_told(world: World, action: str) -> None:
    policed(world, expression="object.metadata.name != 'odd'", message="odd", action=action)
    head = world.fleet.extra(config_map("odd"))
    assert world.once()[0] == 0
    found = note(world)
    assert (found["applied"], found["findings"][0]["action"]) == (head, action)
    assert world.data("odd") == {"key": "v"}


@pytest.mark.parametrize(("fails", "code"), [("Fail", 1), ("Ignore", 0)])
def test_a_broken_policy_fails_as_it_says(world: World, fails: str, code: int) -> None:
    assert world.once()[0] == 0
    policed(world, expression="objekt.metadata.name != ''", fails=fails)
    head = world.fleet.extra(config_map("new"))
    assert world.once()[0] == code
    found = note(world)
    assert found["commit"] == head
    assert (world.data("new") is None) == (code == 1)
    (finding,) = found["findings"]
    assert finding["origin"].startswith("policies/own.yaml:14")
    assert "undeclared reference to 'objekt." in finding["message"]


def test_a_loop_without_end_denies_and_ends(world: World) -> None:
    once = "object.data.all(a, {})"
    inner = "object.data.all(b, object.data.all(c, object.data.all(d, a + b + c != d)))"
    policed(world, expression=once.format(inner))
    large = "".join(f"  key{number}: v\n" for number in range(100))
    world.fleet.extra(config_map("large").replace("data: {key: v}\n", f"data:\n{large}"))
    assert world.once()[0] == 1
    assert "cost budget" in note(world)["message"]
    assert world.data("large") is None


def test_the_server_is_asked_for_what_only_it_knows(world: World) -> None:
    """An address is the API server's to give: without it the policy would deny."""
    assert world.once()[0] == 0
    policed(
        world,
        resource="services",
        expression="object == null || (has(object.spec.clusterIP) && object.spec.clusterIP != '')",
    )
    head = world.fleet.extra(
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
        "spec: {selector: {app: web}, ports: [{port: 80}]}\n"
    )
    assert world.once()[0] == 0, world.fleet.note()
    assert note(world)["applied"] == head
    assert world.get("services", "web") is not None


def test_a_difference_is_not_shown_for_a_commit_that_a_policy_denies(world: World) -> None:
    assert world.once()[0] == 0
    policed(world, expression="object == null || object.metadata.name != 'leak'")
    world.fleet.extra(config_map("leak"))
    done = reconciler(
        "diff",
        world.fleet.site,
        *("--repo", world.fleet.remote.url, "--kubeconfig", str(world.kubeconfig)),
    )
    assert done.returncode == 2, done.stdout
    assert "sites/north/one/extra.yaml:5" in done.stderr and "(policy own)" in done.stderr
