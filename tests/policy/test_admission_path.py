"""A policy in the fleet repository holds a commit: in the render child, and in ``validate``."""

from __future__ import annotations

import json
from pathlib import Path

from reconciler.model.refs import ObjectRef, Origin
from reconciler.model.values import Action, Record
from tests.adapters.child.fleet import SITE, no_fetch, render, renderer
from tests.app import build
from tests.trees import DictTree

POLICY = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-secrets-in-maps}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: [configmaps]}
  validations:
  - expression: |
      object == null ||
      !has(object.data) || !object.data.exists(k, k == 'password')
    message: no passwords in ConfigMaps
  - expression: request.operation != 'DELETE' || !('kept' in oldObject.metadata.labels)
    message: it is kept
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: everywhere}
spec: {policyName: no-secrets-in-maps, validationActions: [Deny]}
"""
FLEET = build.FLEET + "policies: {use: [maps], optional: [maps]}\n"
BAD = "# a line\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {password: x}\n"


def files(app: str = BAD, policy: str = POLICY, **more: str) -> dict[str, str]:
    return {
        "fleet.yaml": FLEET,
        "policies/maps.yaml": policy,
        "bases/app/kustomization.yaml": "resources: [app.yaml]\n",
        "bases/app/app.yaml": app,
        f"{SITE.folder}/kustomization.yaml": build.overlay(),
        **more,
    }


def test_a_denied_object_is_found_in_the_child_with_file_and_line() -> None:
    rendered = render(DictTree(files()))
    (found,) = rendered.verdict.findings
    assert (found.action, found.policy) == (Action.DENY, "no-secrets-in-maps")
    assert found.origin == Origin("bases/app/app.yaml", 2)
    assert found.message.startswith("no passwords in ConfigMaps")
    assert not rendered.verdict.allowed


def test_a_warning_is_told_and_holds_nothing() -> None:
    rendered = render(DictTree(files(policy=POLICY.replace("[Deny]", "[Warn]"))))
    assert [found.action for found in rendered.verdict.findings] == [Action.WARN]
    assert rendered.verdict.allowed


def test_the_removal_of_what_was_applied_is_judged() -> None:
    body = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{"kept":""},"name":"old"}}'
    old = Record(
        ref=ObjectRef("", "ConfigMap", "", "old"),
        api_version="v1",
        uid="u",
        digest="d",
        body=body,
        signature="s",
        origin=Origin("bases/app/old.yaml", 7),
        applied_at=0.0,
    )
    tree = DictTree(files(app=build.MAP))
    rendered = renderer().render(tree, SITE, "c0ffee", no_fetch, past=lambda: [old])
    (found,) = rendered.verdict.findings
    assert found.origin == Origin("bases/app/old.yaml", 7)
    assert found.message.startswith("it is kept")


def test_a_site_without_policies_does_not_look_at_what_was_applied() -> None:
    def past() -> list[Record]:
        raise AssertionError("nobody asked for it")

    tree = DictTree(files() | {"fleet.yaml": build.FLEET})
    assert renderer().render(tree, SITE, "c0ffee", no_fetch, past=past).verdict.findings == ()


def test_a_site_leaves_out_what_is_optional() -> None:
    settings = build.SETTINGS + "policies: {leaveOut: [maps]}\n"
    rendered = render(DictTree(files() | {f"{SITE.folder}/site.yaml": settings}))
    assert (rendered.settings.policies, rendered.verdict.findings) == ((), ())


def test_validate_says_it_with_the_line_and_fails(tmp_path: Path) -> None:
    build.fleet(tmp_path, files())
    done = build.run("validate", tmp_path)
    assert done.exit_code == 1
    assert done.stdout.startswith("bases/app/app.yaml:2: ConfigMap/default/settings: no passwords")


def test_validate_finds_a_policy_that_does_not_compile_by_line_and_column(tmp_path: Path) -> None:
    build.fleet(tmp_path, files(policy=POLICY.replace("!has(object.data)", "!has(objekt.data)")))
    done = build.run("validate", tmp_path, "-o", "json")
    assert done.exit_code == 1
    (found,) = json.loads(done.stdout)["findings"]
    assert (found["path"], found["line"], found["column"]) == ("policies/maps.yaml", 11, 11)
