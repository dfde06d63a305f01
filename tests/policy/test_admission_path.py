"""A policy in the fleet repository holds a commit: in the render child, and in ``validate``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.model.origins import Origin
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Action, Manifest
from reconciler.model.values import Preview, Record
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


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("v1", "List"),
        ("admissionregistration.k8s.io/v1", "ValidatingAdmissionpolicy"),
        ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
    ],
)
def test_validate_finds_what_would_be_left_out_of_a_policy_file(
    tmp_path: Path, version: str, kind: str
) -> None:
    more = f"---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\nitems: []\n"
    build.fleet(tmp_path, files(policy=POLICY + more))
    done = build.run("validate", tmp_path)
    line = POLICY.count("\n") + 3
    assert f"policies/maps.yaml:{line}:1: a {kind} is not read here" in done.output


def test_validate_finds_a_policy_that_does_not_compile_by_line_and_column(tmp_path: Path) -> None:
    build.fleet(tmp_path, files(policy=POLICY.replace("!has(object.data)", "!has(objekt.data)")))
    done = build.run("validate", tmp_path, "-o", "json")
    assert done.exit_code == 1
    (found,) = json.loads(done.stdout)["findings"]
    assert (found["path"], found["line"], found["column"]) == ("policies/maps.yaml", 11, 11)


@pytest.mark.parametrize("metadata", ["3", "[a]", "{name: [a]}"])
def test_a_binding_without_a_name_is_found_with_its_line(tmp_path: Path, metadata: str) -> None:
    build.fleet(tmp_path, files(policy=POLICY.replace("{name: everywhere}", metadata)))
    done = build.run("validate", tmp_path)
    line = POLICY.partition("---\n")[0].count("\n") + 2
    assert f"policies/maps.yaml:{line}:1: metadata.name is missing" in done.output


def test_more_variables_than_anyone_needs_are_found_with_their_line(tmp_path: Path) -> None:
    rows = "".join(f"  - {{name: v{number}, expression: '1'}}\n" for number in range(257))
    text = POLICY.replace("  validations:\n", f"  variables:\n{rows}  validations:\n")
    build.fleet(tmp_path, files(policy=text))
    done = build.run("validate", tmp_path)
    assert "policies/maps.yaml:8:3: at most 256 variables" in done.output


def test_the_child_asks_what_the_server_makes_of_an_object() -> None:
    text = POLICY.replace("configmaps", "services").replace(
        "!has(object.data) || !object.data.exists(k, k == 'password')",
        "has(object.spec.clusterIP)",
    )
    app = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n"
    tree = DictTree(files(app=app, policy=text))
    asked: list[Manifest] = []

    def ask(manifest: Manifest) -> Preview:
        asked.append(manifest)
        value = json.loads(manifest.body)
        value["spec"]["clusterIP"] = "10.0.0.1"
        return Preview(value=value)

    assert len(renderer().render(tree, SITE, "c0ffee", no_fetch).verdict.denied) == 1
    confirmed = renderer().render(tree, SITE, "c0ffee", no_fetch, ask=ask)
    assert confirmed.verdict.findings == ()
    assert [each.ref.name for each in asked] == ["web"]


def test_an_answer_that_fits_no_message_is_no_answer() -> None:
    text = POLICY.replace("configmaps", "services")
    app = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n"
    huge = Preview(value={"spec": {"text": "x" * (5 << 20)}})
    rendered = renderer().render(
        DictTree(files(app=app, policy=text)), SITE, "c0ffee", no_fetch, ask=lambda _: huge
    )
    (found,) = rendered.verdict.findings
    assert found.action is Action.AUDIT and "too large" in found.message


def messages(folder: Path) -> list[str]:
    done = build.run("validate", folder, "-o", "json")
    return [
        f"{found['path']}:{found['line']}:{found['column']}: {found['action']}: {found['message']}"
        for found in json.loads(done.stdout)["findings"]
    ]


PARAMS = POLICY.replace(
    "  matchConstraints:", "  paramKind: {apiVersion: v1, kind: ConfigMap}\n  matchConstraints:"
)


def bound(more: str) -> str:
    return PARAMS.replace("validationActions: [Deny]}", f"validationActions: [Deny], {more}}}")


def test_validate_finds_a_parameter_that_is_not_there_once(tmp_path: Path) -> None:
    ref = "paramRef: {name: limits, namespace: default, parameterNotFoundAction: %s}"
    build.fleet(
        tmp_path,
        files(
            policy=bound(ref % "Deny"), app=f"{build.MAP}---\n{BAD}".replace("settings", "other", 1)
        ),
    )
    (found,) = messages(tmp_path)
    assert found.startswith(
        "policies/maps.yaml:20:67: Deny: failed to configure binding: no params"
    )
    build.fleet(tmp_path, files(policy=bound(ref % "Allow"), app=build.MAP))
    (found,) = messages(tmp_path)
    assert found.startswith("policies/maps.yaml:20:67: Warn: policy no-secrets-in-maps judges")


def test_validate_finds_a_policy_that_can_match_nothing(tmp_path: Path) -> None:
    build.fleet(tmp_path, files(policy=POLICY.replace("[configmaps]", "[configmap]")))
    (found,) = messages(tmp_path)
    assert found.startswith(
        "policies/maps.yaml:5:3: Warn: policy no-secrets-in-maps judges nothing"
    )
    assert "its rules name no kind" in found


def test_validate_finds_selectors_that_leave_out_everything(tmp_path: Path) -> None:
    selected = POLICY.replace(
        "  validations:", "    objectSelector: {matchLabels: {typo: here}}\n  validations:"
    )
    build.fleet(tmp_path, files(policy=selected))
    (found,) = messages(tmp_path)
    assert "selectors leave out every object of its kinds" in found


def test_a_policy_that_waits_for_its_first_object_is_no_finding(tmp_path: Path) -> None:
    build.fleet(tmp_path, files(policy=POLICY.replace("[configmaps]", "[persistentvolumes]")))
    assert messages(tmp_path) == []


def test_validate_finds_a_loop_without_end_by_its_place(tmp_path: Path) -> None:
    loops = "object.data.all(a, object.data.all(b, object.data.all(c, a + b != c)))"
    policy = POLICY.replace("object == null ||\n", f"{loops} ||\n")
    large = "".join(f"  key{number}: v\n" for number in range(200))
    app = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: large}}\ndata:\n{large}"
    build.fleet(tmp_path, files(policy=policy, app=app))
    (found,) = messages(tmp_path)
    assert found.startswith("bases/app/app.yaml:1:0: Deny: ConfigMap/default/large: expression '")
    assert "past the API server's cost budget" in found
    assert "(policy no-secrets-in-maps at policies/maps.yaml:9:5)" in found
