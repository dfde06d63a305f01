"""``reconciler validate`` and policies: what it says where it cannot be sure, and of bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app import build

POLICY = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: own
spec:
  matchConstraints:
    resourceRules:
    - {{apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: [configmaps]}}
  validations:
  - expression: {expression}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: own}}
spec: {{policyName: own, validationActions: [Deny]}}
"""


def fleet(folder: Path, expression: str) -> Path:
    files = {
        "fleet.yaml": build.FLEET + "policies: {use: [own]}\n",
        "policies/own.yaml": POLICY.format(expression=expression),
        "sites/north/a/kustomization.yaml": build.overlay(),
    }
    return build.fleet(folder, files)


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_what_is_allowed_in_doubt_is_unconfirmed_in_every_form(tmp_path: Path, form: str) -> None:
    done = build.run("validate", fleet(tmp_path, "object.metadata.uid != 'x'"), "-o", form)
    assert done.exit_code == 0
    assert "allowed by own (policy own); unconfirmed: it reads what the API server" in done.stdout


def test_what_the_server_denies_for_having_what_it_sets_is_denied(tmp_path: Path) -> None:
    done = build.run("validate", fleet(tmp_path, '"!has(object.metadata.uid)"'), "-o", "json")
    assert done.exit_code == 1
    (found,) = json.loads(done.stdout)["findings"]
    assert found["action"] == "Deny"
    assert "failed expression: !has(object.metadata.uid)" in found["message"]


def test_an_authorizer_is_refused_by_name_with_its_place(tmp_path: Path) -> None:
    expression = "authorizer.group('apps').resource('deployments').check('get').allowed()"
    done = build.run("validate", fleet(tmp_path, f"true && {expression}"))
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0].startswith(
        "policies/own.yaml:10:25: does not compile: authorizer is not available before objects are"
        " sent to the API server: leave it to a policy that is installed in the cluster"
    )
