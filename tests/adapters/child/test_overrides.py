"""Local overrides within the bounded child: the commit goes on, whatever lies in the folder."""

from __future__ import annotations

import json

import orjson
import pytest

from reconciler.adapters.child import ChildRenderer, Limits
from reconciler.model.overrides import LocalFile
from reconciler.model.rendered import Rendered
from tests.adapters.child.fleet import FILES, OBJECTS, SITE, no_fetch, tree
from tests.trees import DictTree

SETTINGS = f"{FILES[f'{SITE.folder}/site.yaml']!s}" + (
    "overrides:\n"
    "- {kind: ConfigMap, name: app, field: /data/key, pattern: '.*'}\n"
    "- {kind: ConfigMap, name: app, field: /data/*, min: 1, max: 9}\n"
    "- {kind: ConfigMap, name: app, field: /data/key, pattern: '.*'}\n"
)
GOOD = LocalFile(
    name="good.yaml",
    text="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app, namespace: serving}\n"
    "data: {key: local}\n",
)


def rendered(
    *files: LocalFile, site: str = SETTINGS, given: DictTree | None = None, **limits: float
) -> Rendered:
    bounded = Limits(**limits)  # type: ignore[arg-type]  # cpu, memory: whole numbers are given
    renderer = ChildRenderer(
        agent_namespace="fleet-system",
        from_repository=False,
        overrides=lambda: files,
        limits=bounded,
        warm=0,
    )
    return renderer.render(given or tree(site=site), SITE, "c0ffee", no_fetch)


def data(found: Rendered) -> object:
    (body,) = [each.body for each in found.objects if each.ref.kind == "ConfigMap"]
    return orjson.loads(body)["data"]


def test_a_file_goes_to_the_child_and_back_comes_what_it_changed() -> None:
    found = rendered(GOOD)
    assert data(found) == {"key": "local"}
    (row,) = found.overridden
    assert (row.file, row.field, row.value) == ("good.yaml", "data.key", '"local"')
    assert found.dropped == () and found.verdict.allowed


def test_a_file_that_could_not_be_read_is_dropped_and_the_others_hold() -> None:
    found = rendered(LocalFile(name="a.yaml", problem="a symbolic link"), GOOD)
    assert [(each.file, each.reason) for each in found.dropped] == [("a.yaml", "a symbolic link")]
    assert data(found) == {"key": "local"}


def test_a_file_that_starves_the_child_leaves_the_commit_as_it_is() -> None:
    copies = [{"op": "copy", "from": "/data", "path": f"/data/x{n}"} for n in range(18)]
    bomb = json.dumps({"target": {"kind": "ConfigMap"}, "patch": json.dumps(copies)})
    found = rendered(GOOD, *(LocalFile(name=f"{n}", text=bomb) for n in range(20)), cpu=1)
    assert data(found) == {"key": "wörd"}
    assert len(found.dropped) == 21
    assert {each.reason for each in found.dropped} == {
        "with it, rendering needs more than 1 s of CPU time (render.cpu)"
    }


POLICY = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: not-local}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: [configmaps]}
  validations:
  - {expression: "object.data.key != 'local'", message: nothing is local}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: not-local}
spec: {policyName: not-local, validationActions: [Deny]}
"""


def test_a_file_by_which_a_policy_would_deny_the_commit_is_dropped() -> None:
    objects = f"{FILES[OBJECTS]!s}---\n" + GOOD.text.replace("name: app", "name: more").replace(
        "local", "no"
    )
    rule = "- {kind: ConfigMap, name: more, field: /data/key, pattern: '.*'}\n"
    files = {
        **FILES,
        OBJECTS: objects,
        f"{SITE.folder}/site.yaml": f"{SETTINGS}{rule}policies: {{add: [not-local]}}\n",
        "policies/not-local.yaml": POLICY,
    }
    text = GOOD.text.replace("name: app", "name: more").replace("local", "'5'")
    other = LocalFile(name="other.yaml", text=text)
    found = rendered(GOOD, other, given=DictTree(files))
    assert found.verdict.allowed
    assert [each.file for each in found.overridden] == ["other.yaml"]
    (dropped,) = found.dropped
    assert dropped.file == "good.yaml" and "not-local" in dropped.reason


@pytest.mark.parametrize("site", [f"{FILES[f'{SITE.folder}/site.yaml']!s}"])
def test_without_rules_nothing_is_overridden(site: str) -> None:
    found = rendered(GOOD, site=site)
    assert data(found) == {"key": "wörd"} and found.overridden == ()
    assert [each.file for each in found.dropped] == ["good.yaml"]
