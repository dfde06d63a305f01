"""What a policy applies to, and with which parameters, where not all is known: never less."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.refs import ALLOW, REPLACE
from reconciler.policy import admit
from tests.policy.differential import ours

GROUP = "example.org"
VERSION = "admissionregistration.k8s.io/v1"


def rule(resource: str, group: str = GROUP, version: str = "*", **more: Any) -> dict[str, Any]:
    words = {"apiGroups": [group], "apiVersions": [version], "resources": [resource]}
    return {**words, "operations": ["*"], **more}


def messages(
    match: dict[str, Any],
    value: dict[str, Any],
    *around: dict[str, Any],
    check: str = "false",
    binding: dict[str, Any] | None = None,
    **spec: Any,
) -> str:
    head = {"apiVersion": VERSION, "metadata": {"name": "p"}}
    validations = [{"expression": check, "message": "no"}]
    policy = {"matchConstraints": match, "validations": validations, **spec}
    bound = {"policyName": "p", "validationActions": ["Deny"], **(binding or {})}
    documents = [
        {**head, "kind": "ValidatingAdmissionPolicy", "spec": policy},
        {**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": bound},
    ]
    return ours.Ours(ours.library(documents), around).message(value)


def thing(kind: str, api: str = f"{GROUP}/v1", **more: Any) -> dict[str, Any]:
    metadata = {"name": "one", "namespace": "app"}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **more}


SCALER = {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "x"}}


@pytest.mark.parametrize(
    ("kind", "resource", "scope"),
    [
        ("Gateway", "gateways", "*"),
        ("NetAttach", "net-attaches", "*"),
        ("Policy", "policies", "*"),
        ("Fleet", "fleets", "Cluster"),
    ],
)
def test_a_kind_that_nothing_defines_may_be_called_as_the_rule_says(
    kind: str, resource: str, scope: str
) -> None:
    assert messages({"resourceRules": [rule(resource, scope=scope)]}, thing(kind))
    assert not messages({"resourceRules": [rule("others")]}, thing(kind))


def test_a_version_that_is_not_served_excludes_nothing() -> None:
    included = [rule("deployments", "apps", "v1")]
    for version, applies in (("v1beta1", True), ("v1", False)):
        excluded = [rule("deployments", "apps", version)]
        match = {"resourceRules": included, "excludeResourceRules": excluded}
        value = thing("Deployment", "apps/v1", spec={})
        assert bool(messages(match, value)) is applies


def test_what_has_other_fields_in_the_rules_version_is_denied() -> None:
    match = {"resourceRules": [rule("horizontalpodautoscalers", "autoscaling", "v1")]}
    value = thing("HorizontalPodAutoscaler", "autoscaling/v2", spec=SCALER)
    said = messages(match, value, check="!has(object.spec.targetCPUUtilizationPercentage)")
    assert said.endswith("only the API server can make autoscaling/v1 of autoscaling/v2")


PARAMS = {"paramRef": {"name": "limits", "parameterNotFoundAction": "Allow"}}


def test_a_kind_of_parameters_that_is_nowhere_denies() -> None:
    kind = {"apiVersion": "no.such/v1", "kind": "Nothing"}
    said = messages(
        {"resourceRules": [rule("configmaps", "")]},
        thing("ConfigMap", "v1"),
        binding=PARAMS,
        paramKind=kind,
    )
    assert "failed to find resource referenced by paramKind: 'no.such/v1, Kind=Nothing'" in said


def test_parameters_have_their_schemas_defaults() -> None:
    most = {"type": "integer", "default": 3}
    spec = {"type": "object", "default": {}, "properties": {"most": most}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"limits.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": "limits", "kind": "Limit"},
            "versions": [
                {
                    "name": "v1",
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}},
                }
            ],
        },
    }
    param = {**thing("Limit"), "metadata": {"name": "limits", "namespace": "app"}}
    said = messages(
        {"resourceRules": [rule("configmaps", "")]},
        thing("ConfigMap", "v1"),
        definition,
        param,
        check="!has(params.spec.most) || params.spec.most > 5",
        binding=PARAMS,
        paramKind={"apiVersion": f"{GROUP}/v1", "kind": "Limit"},
    )
    assert said.endswith(": no")


def test_a_namespaces_parameters_are_in_it() -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "app"}}
    param = thing("ConfigMap", "v1", data={"a": "b"})
    said = messages(
        {"resourceRules": [rule("namespaces", "")]},
        space,
        {**param, "metadata": {"name": "limits", "namespace": "app"}},
        check="params.data.a != 'b'",
        binding=PARAMS,
        paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
    )
    assert said.endswith(": no")


def test_what_the_server_sets_is_uncertain() -> None:
    documents = [
        {
            "apiVersion": VERSION,
            "kind": kind,
            "metadata": {"name": "p"},
            "spec": spec,
        }
        for kind, spec in (
            (
                "ValidatingAdmissionPolicy",
                {
                    "matchConstraints": {"resourceRules": [rule("configmaps", "")]},
                    "validations": [{"expression": "!has(object.metadata.uid)"}],
                },
            ),
            (
                "ValidatingAdmissionPolicyBinding",
                {"policyName": "p", "validationActions": ["Deny"]},
            ),
        )
    ]
    judge = ours.Ours(ours.library(documents))
    (found,) = judge.decisions(thing("ConfigMap", "v1"))
    assert found.doubt == "it reads what the API server sets itself"


def test_what_is_removed_has_no_status_that_lets_it_go() -> None:
    head = {"apiVersion": VERSION, "metadata": {"name": "p"}}
    removals = {**rule("persistentvolumeclaims", ""), "operations": ["DELETE"]}
    policy = {
        "matchConstraints": {"resourceRules": [removals]},
        "validations": [{"expression": "oldObject.status.phase != 'Bound'"}],
    }
    bound = {"policyName": "p", "validationActions": ["Deny"]}
    documents = [
        {**head, "kind": "ValidatingAdmissionPolicy", "spec": policy},
        {**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": bound},
    ]
    said = ours.Ours(ours.library(documents)).removal(claim("1Gi"))
    assert said.endswith("no such key: phase")


def test_what_may_be_made_anew_is_judged_as_removed() -> None:
    head = {"apiVersion": VERSION, "metadata": {"name": "p"}}
    removals = {**rule("persistentvolumeclaims", ""), "operations": ["DELETE"]}
    policy = {
        "matchConstraints": {"resourceRules": [removals]},
        "validations": [{"expression": "false", "message": "it is kept"}],
    }
    bound = {"policyName": "p", "validationActions": ["Deny"]}
    library = ours.library(
        [
            {**head, "kind": "ValidatingAdmissionPolicy", "spec": policy},
            {**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": bound},
        ]
    )

    def found(notes: dict[str, str], size: str) -> tuple[str, ...]:
        new = claim(size)
        new["metadata"]["annotations"] = notes
        old = ours.thing({**new, "spec": claim("1Gi")["spec"]})
        before = admit.Before(
            ref=old.ref, api_version=old.api_version, body=old.body, origin=old.origin
        )
        user = admit.agent("fleet-system")
        verdict = admit.admit([ours.thing(new)], library, before=[before], user=user)
        return tuple(each.message for each in verdict.findings)

    assert found({REPLACE: ALLOW}, "2Gi")[0].startswith("it is kept")
    assert found({REPLACE: ALLOW}, "1Gi") == found({}, "2Gi") == ()


def claim(size: str) -> dict[str, Any]:
    return thing("PersistentVolumeClaim", "v1", spec={"resources": {"requests": {"storage": size}}})


def test_what_only_a_conversion_webhook_can_make_is_denied() -> None:
    """Its own version is judged as it is; another one only the API server can make."""
    head = {"apiVersion": VERSION, "metadata": {"name": "p"}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.org"},
        "spec": {
            "group": "example.org",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "conversion": {"strategy": "Webhook"},
            "versions": [{"name": "v1"}, {"name": "v2"}],
        },
    }
    value = {
        "apiVersion": "example.org/v1",
        "kind": "Widget",
        "metadata": {"name": "one", "namespace": "serving"},
    }
    said = {}
    for version in ("v1", "v2"):
        words = {**rule("widgets", "example.org"), "apiVersions": [version]}
        policy = {
            "matchConstraints": {"resourceRules": [words]},
            "validations": [{"expression": "object.apiVersion == 'example.org/v1'"}],
        }
        bound = {"policyName": "p", "validationActions": ["Deny"]}
        documents = [
            {**head, "kind": "ValidatingAdmissionPolicy", "spec": policy},
            {**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": bound},
        ]
        said[version] = ours.Ours(ours.library(documents), [definition]).message(value)
    assert said["v1"] == ""
    assert said["v2"].endswith("only the API server can make example.org/v2 of example.org/v1")
