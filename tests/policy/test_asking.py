"""What the API server says counts where the table of defaults is not sure, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.model.rendered import UNCONFIRMED, Action, Finding, Manifest
from reconciler.model.values import Preview
from reconciler.policy import admit
from tests.policy.differential import ours

NAMED = "admissionregistration.k8s.io/v1"
SPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "serving"}}


def policy(expression: str, *resources: str) -> list[dict[str, Any]]:
    rule = {
        "apiGroups": ["*"],
        "apiVersions": ["*"],
        "operations": ["*"],
        "resources": list(resources) or ["*"],
    }
    head = {"apiVersion": NAMED, "metadata": {"name": "p"}}
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": expression, "message": "no"}],
    }
    binding = {"policyName": "p", "validationActions": ["Deny"]}
    return [
        {**head, "kind": "ValidatingAdmissionPolicy", "spec": spec},
        {**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": binding},
    ]


def service(**spec: Any) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": "serving"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def widget(api: str = "example.org/v1") -> dict[str, Any]:
    metadata = {"name": "one", "namespace": "serving"}
    return {"apiVersion": api, "kind": "Widget", "metadata": metadata, "spec": {}}


def findings(
    expression: str,
    value: dict[str, Any],
    answer: Preview | Callable[[Manifest], Preview],
    *,
    space: bool = True,
) -> tuple[Finding, ...]:
    ask = answer if callable(answer) else lambda _: answer
    objects = [ours.thing(value)] + ([ours.thing(SPACE)] if space else [])
    plural = value["kind"].lower() + "s"
    library = ours.library(policy(expression, plural))
    return admit.admit(objects, library, user=admit.agent("fleet-system"), ask=ask).findings


TYPE = "object.spec.type"
HAS_ADDRESS = "has(object.spec.clusterIP)"
ANSWERED = Preview(value=service(clusterIP="10.0.0.1"))


def test_the_servers_object_is_judged_where_the_table_is_not_sure() -> None:
    (found,) = findings(HAS_ADDRESS, service(), Preview())
    assert "unconfirmed: the API server fills in fields" in found.message
    assert findings(HAS_ADDRESS, service(), ANSWERED) == ()
    (found,) = findings(f"!{HAS_ADDRESS}", service(), ANSWERED)
    assert found.message == "no (policy p)"


def test_the_live_object_is_the_old_one_where_the_server_was_asked() -> None:
    live = service(clusterIP="10.0.0.9")
    same = "oldObject == null || object.spec.clusterIP == oldObject.spec.clusterIP"
    answer = Preview(value=service(clusterIP="10.0.0.1"), old=live)
    (found,) = findings(same, service(), answer)
    assert found.message == "no (policy p; oldObject is the live object)"


def test_the_server_knows_that_a_kind_lives_in_no_namespace() -> None:
    value = widget()
    del value["metadata"]["namespace"]
    expression = "!has(request.namespace) && namespaceObject == null"
    assert findings(expression, value, Preview())
    assert findings(expression, value, Preview(value=value)) == ()


def test_nobody_is_asked_where_the_table_is_sure() -> None:
    def ask(_: Manifest) -> Preview:
        raise AssertionError("nobody needs to ask")

    value = {**widget("v1"), "kind": "ConfigMap"}
    (found,) = findings("false", value, ask)
    assert found.message == "no (policy p)"
    (found,) = findings(f"{TYPE} == 'NodePort' && has(object.metadata.name)", service(), ask)
    assert found.message == "no (policy p)"


@pytest.mark.parametrize("name", ["uid", r"\x75id", r"\u0075id"])
def test_a_field_that_the_server_sets_is_known_however_it_is_spelt(name: str) -> None:
    text = f"object.metadata['{name}'] != '00000000-0000-4000-8000-000000000001'"
    value = {**widget("v1"), "kind": "ConfigMap"}
    (found,) = findings(text, value, Preview(failed="no route"))
    assert "it reads what the API server sets itself" in found.message


@pytest.mark.parametrize(
    "expression",
    [
        HAS_ADDRESS,
        f"{TYPE} == 'ClusterIP' && object.spec.size() > 0",
        "[object].all(o, has(o.spec.type))",
        "object.spec['cluster' + 'IP'] == ''",
        "object.spec.ports.all(p, p.size() == 2)",
        "object.?spec.?clusterIP.hasValue()",
        "oldObject == null || oldObject.spec == object.spec",
    ],
)
def test_whatever_may_see_what_the_server_fills_in_is_asked(expression: str) -> None:
    asked: list[Manifest] = []

    def ask(manifest: Manifest) -> Preview:
        asked.append(manifest)
        return Preview(denied="")

    findings(expression, service(ports=[{"port": 80}]), ask)
    assert len(asked) == 1


def test_a_failed_answer_leaves_the_tables_verdict_unconfirmed() -> None:
    failed = Preview(failed="a webhook says no")
    (denied,) = findings(HAS_ADDRESS, service(), failed)
    assert denied.action is Action.DENY
    assert denied.message.endswith("and the API server gave no answer: a webhook says no")
    (allowed,) = findings(f"!{HAS_ADDRESS}", service(), failed)
    assert (allowed.action, allowed.rule) == (Action.AUDIT, "p")
    assert "allowed by p" in allowed.message and "unconfirmed" in allowed.message


def test_a_kind_that_the_table_does_not_know_is_denied_without_an_answer() -> None:
    (found,) = findings("true", widget(), Preview(failed="no route"))
    assert (found.action, found.rule) == (Action.DENY, UNCONFIRMED)
    assert "no route" in found.message
    assert findings("true", widget(), Preview(value=widget())) == ()


def test_what_is_allowed_in_doubt_and_was_not_asked_about_is_unconfirmed() -> None:
    (found,) = findings("true", widget(), Preview())
    assert (found.action, found.policy) == (Action.AUDIT, "p")
    assert found.message.startswith("allowed by p (policy p); unconfirmed: the kind's definition")
    (found,) = findings("object.metadata.uid != 'a'", SPACE, Preview(), space=False)
    assert found.message.endswith("unconfirmed: it reads what the API server sets itself")


def test_a_denial_of_the_clusters_own_policies_is_a_denial() -> None:
    words = "forbidden: ValidatingAdmissionPolicy 'q' with binding 'b' denied request: x"
    (found,) = findings(f"!{HAS_ADDRESS}", service(), Preview(denied=words))
    assert (found.action, found.policy) == (Action.DENY, "q")
    assert found.message.startswith("the cluster's own policies: x")


def test_the_labels_of_a_namespace_that_is_not_declared_are_the_servers() -> None:
    labelled = {**SPACE, "metadata": {"name": "serving", "labels": {"kind": "test"}}}
    text = "has(namespaceObject.metadata.labels.kind)"
    value = {**widget("v1"), "kind": "ConfigMap"}
    (found,) = findings(text, value, Preview(), space=False)
    assert "the labels of its namespace are not declared" in found.message
    assert findings(text, value, Preview(value=value, space=labelled), space=False) == ()
