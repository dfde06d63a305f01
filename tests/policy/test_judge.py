"""The judge: every rule fires on what it is for, and on nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.origins import Origin
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Finding, Manifest, SiteSettings
from reconciler.policy import judge as judging
from reconciler.render.manifest import manifest

SITE = SiteName("north", "barn-7")
RBAC = "rbac.authorization.k8s.io/v1"
CRD = "apiextensions.k8s.io/v1"


def thing(
    api_version: str = "v1", kind: str = "ConfigMap", name: Any = "app", **fields: Any
) -> Manifest:
    metadata = {"name": name, "namespace": "serving", **fields.pop("metadata", {})}
    value = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}
    return manifest(value, Origin(f"{kind}.yaml", 3), SITE)


def judged(
    *objects: Manifest, forbid: tuple[str, ...] = (), from_repository: bool = False
) -> tuple[Finding, ...]:
    verdict = judging.judge(
        objects,
        SiteSettings(fleet="farms", labels={}, forbid=forbid),
        agent_namespace="fleet-system",
        from_repository=from_repository,
    )
    return verdict.findings


def rules(*objects: Manifest, **more: Any) -> list[str]:
    return [finding.rule for finding in judged(*objects, **more)]


@pytest.mark.parametrize(
    "good",
    [
        thing(),
        thing(name="a.b-c.1"),
        thing("v1", "Namespace", "serving", metadata={"namespace": None}),
        thing("v1", "Service", "web"),
        thing("apps/v1", "Deployment", "1-app"),
        thing(RBAC, "ClusterRole", "system:Odd_Name", metadata={"namespace": None}),
        thing("example.org/v1beta1", "Widget", "Any Name"),
        thing("batch/v1", "CronJob", "c" * 52),
        thing(metadata={"labels": {"app.kubernetes.io/name": "A_b.c", "empty": ""}}),
        thing(metadata={"annotations": {"Example.org/x": "any text\n", "x": ""}}),
        thing(metadata={"annotations": {"fleet-reconciler.dev/wave": "2"}}),
        thing(RBAC, "RoleBinding", subjects=[{"kind": "ServiceAccount", "name": "app"}]),
    ],
    ids=lambda found: str(found.ref),
)
def test_what_is_fine_is_allowed(good: Manifest) -> None:
    assert judged(good) == ()


@pytest.mark.parametrize(
    ("bad", "rule", "message"),
    [
        (thing("", "ConfigMap"), "kind", "apiVersion '' must be VERSION"),
        (thing("apps/", "ConfigMap"), "kind", "apiVersion 'apps/' must be"),
        (thing("a/b/c", "Widget"), "kind", "apiVersion 'a/b/c' must be"),
        (thing("v1", "Config/Map"), "kind", "kind 'Config/Map' must be"),
        (thing(name="App"), "name", "metadata.name 'App' must be 1 to 253 of a-z"),
        (thing(name="a..b"), "name", "must be 1 to 253"),
        (thing(name=""), "name", "metadata.name '' must be"),
        (thing(name=5), "name", "metadata.name must be a string, and is '5': quote it"),
        (thing(name=None), "name", "metadata.name is missing"),
        (thing(name="x" * 254), "name", "x...' must be 1 to 253"),
        (thing("v1", "Service", "1web"), "name", "begin with a letter"),
        (thing("batch/v1", "CronJob", "c" * 53), "name", "at most 52 characters"),
        (thing("v1", "Namespace", "a.b"), "name", "must be 1 to 63"),
        (thing(RBAC, "Role", "a/b"), "name", "must not contain '/'"),
        (thing("example.org/v1", "Widget", ".."), "name", "must not be empty, '.' or '..'"),
        (thing("example.org/v1", "Widget", "a\nb"), "name", "'a\\nb' must be at most 253"),
        (thing(metadata={"namespace": "A"}), "name", "metadata.namespace 'A' must be 1 to 63"),
        (thing(metadata={"generateName": "a-"}), "generate-name", "generateName is refused"),
        (thing(metadata={"labels": {"a b": "c"}}), "label", "label's key 'a b' has a name that"),
        (thing(metadata={"labels": {"A/b": "c"}}), "label", "has a prefix that must be"),
        (thing(metadata={"labels": {"a": "b c"}}), "label", "label 'a' 'b c' must be 1 to 63"),
        (thing(metadata={"labels": {"a": 1}}), "label", "label 'a' must be a string"),
        (thing(metadata={"labels": {"a": None}}), "label", "label 'a' is missing"),
        (thing(metadata={"annotations": {"a b": ""}}), "annotation", "annotation's key 'a b'"),
        (thing(metadata={"annotations": {"a": True}}), "annotation", "must be a string: quote it"),
        (thing(metadata={"annotations": {"a": "x" * 300_000}}), "annotation", "at most 262144"),
        (
            thing(metadata={"annotations": {"fleet-reconciler.dev/wavee": "1"}}),
            "our-prefix",
            "unknown annotation 'fleet-reconciler.dev/wavee': expected one of"
            " fleet-reconciler.dev/depends-on, fleet-reconciler.dev/prune,"
            " fleet-reconciler.dev/replace, fleet-reconciler.dev/wait,"
            " fleet-reconciler.dev/wave",
        ),
        (
            thing(metadata={"annotations": {"fleet-reconciler.dev/prune": "never"}}),
            "our-prefix",
            "annotation fleet-reconciler.dev/prune must be confirm",
        ),
        (
            thing(metadata={"annotations": {"fleet-reconciler.dev/wait": "yes"}}),
            "our-prefix",
            "annotation fleet-reconciler.dev/wait must be true",
        ),
        (
            thing(metadata={"annotations": {"fleet-reconciler.dev/replace": "yes"}}),
            "our-prefix",
            "annotation fleet-reconciler.dev/replace must be allow",
        ),
        (
            thing(metadata={"labels": {"fleet-reconciler.dev/wave": "1"}}),
            "our-prefix",
            "unknown label 'fleet-reconciler.dev/wave'",
        ),
        (thing(data={"a": "x" * judging.OBJECT_BYTES}), "object-size", "at most 1468006"),
    ],
)
def test_what_the_api_server_would_refuse_is_found(bad: Manifest, rule: str, message: str) -> None:
    (found,) = judged(bad)
    assert found.rule == rule
    assert message in found.message
    assert (found.ref, found.origin) == (bad.ref, bad.origin)


def test_an_object_with_a_generated_name_alone_is_told_once() -> None:
    nameless = thing(metadata={"generateName": "a-"})
    value = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "a-"}}
    assert rules(manifest(value, nameless.origin, SITE)) == ["generate-name"]


def test_forbidden_kinds_are_found_by_kind_and_group() -> None:
    ingress = thing("networking.k8s.io/v1", "Ingress")
    assert rules(ingress, forbid=("Ingress.networking.k8s.io",)) == ["forbidden-kind"]
    assert rules(ingress, forbid=("Ingress", "Ingress.extensions")) == []
    assert rules(thing("v1", "Secret"), forbid=("Secret",)) == ["forbidden-kind"]


def test_an_object_is_listed_once() -> None:
    (found,) = judged(thing(), thing(name="other"), thing())
    assert (found.rule, found.message) == (
        "duplicate-object",
        "the same object is also in ConfigMap.yaml:3",
    )


@pytest.mark.parametrize(
    ("api_version", "kind", "others", "same"),
    [
        ("v1", "ConfigMap", (None, "default"), True),
        ("v1", "ConfigMap", ("a", "b"), False),
        (RBAC, "ClusterRole", ("a", None), True),
        ("example.org/v1", "Widget", ("a", None), False),
    ],
)
def test_objects_are_compared_where_the_server_will_see_them(
    api_version: str, kind: str, others: tuple[str | None, ...], same: bool
) -> None:
    objects = [thing(api_version, kind, metadata={"namespace": space}) for space in others]
    assert rules(*objects) == (["duplicate-object"] if same else [])


def test_a_definition_beside_them_tells_the_scope_of_custom_objects() -> None:
    spec = {"group": "example.org", "names": {"kind": "Widget"}, "scope": "Cluster"}
    objects = [
        thing("example.org/v1", "Widget", metadata={"namespace": "a"}),
        thing("example.org/v1", "Widget", metadata={"namespace": "b"}),
        thing(CRD, "CustomResourceDefinition", "widgets.example.org", spec=spec),
    ]
    assert rules(*objects) == ["duplicate-object"]


AGENTS = [
    thing("v1", "ConfigMap", metadata={"namespace": "fleet-system"}),
    thing("example.org/v1", "Widget", metadata={"namespace": "fleet-system"}),
    thing("v1", "Namespace", "fleet-system"),
    thing("fleet-reconciler.dev/v1alpha1", "Site", "north.barn-7"),
    thing("fleet-reconciler.dev/v9", "Other"),
    thing(CRD, "CustomResourceDefinition", "sites.fleet-reconciler.dev"),
    thing(CRD, "CustomResourceDefinition", "a.b", spec={"group": "fleet-reconciler.dev"}),
    thing(RBAC, "ClusterRole", "fleet-reconciler"),
    thing(RBAC, "ClusterRoleBinding", "fleet-reconciler-cluster", metadata={"namespace": "x"}),
    thing(RBAC, "ClusterRole", "a", metadata={"labels": {"fleet-reconciler.dev/agent": "true"}}),
    thing(
        RBAC,
        "ClusterRoleBinding",
        "innocent",
        subjects=[{"kind": "ServiceAccount", "name": "x", "namespace": "fleet-system"}],
    ),
    thing(
        RBAC,
        "RoleBinding",
        "innocent",
        subjects=[{"kind": "User", "name": "system:serviceaccount:fleet-system:fleet-reconciler"}],
    ),
    thing(
        RBAC,
        "RoleBinding",
        "innocent",
        subjects=[{"kind": "Group", "name": "system:serviceaccounts:fleet-system"}],
    ),
]


@pytest.mark.parametrize("own", AGENTS, ids=lambda found: str(found.ref))
def test_no_commit_touches_the_agent(own: Manifest) -> None:
    (found,) = judged(own)
    assert found.rule == "agent-object"
    assert "agent.fromRepository" in found.message


@pytest.mark.parametrize("own", AGENTS, ids=lambda found: str(found.ref))
def test_the_sites_own_configuration_can_allow_it(own: Manifest) -> None:
    assert judged(own, from_repository=True) == ()


def test_the_inventory_is_never_the_repositorys() -> None:
    own = thing(name="fleet-inventory-0", metadata={"namespace": "fleet-system"})
    assert rules(own, from_repository=True) == ["agent-object"]
    assert rules(thing(name="fleet-inventory-0")) == []


def test_an_agent_in_the_default_namespace_is_guarded_too() -> None:
    verdict = judging.judge(
        [thing(metadata={"namespace": None})],
        SiteSettings(fleet="farms", labels={}),
        agent_namespace="default",
        from_repository=False,
    )
    assert [found.rule for found in verdict.findings] == ["agent-object"]
    assert not verdict.allowed


def test_ten_thousand_objects_are_enough() -> None:
    one = thing()
    (found,) = judged(*[one] * (judging.OBJECTS + 1))
    assert (found.rule, found.ref) == ("object-count", None)
    assert found.message == "10001 objects; at most 10000 are applied"


def test_findings_are_bounded() -> None:
    found = judged(*[thing(name=f"A{n}") for n in range(judging.FINDINGS + 50)])
    assert len(found) == judging.FINDINGS + 1
    assert found[-1].rule == "finding-count"


def test_exactly_as_many_findings_as_are_shown_are_all_shown() -> None:
    found = judged(*[thing(name=f"A{n}") for n in range(judging.FINDINGS)])
    assert {finding.rule for finding in found} == {"name"}


def depending(name: str, *others: str) -> Manifest:
    notes = {"fleet-reconciler.dev/depends-on": ",".join(others)} if others else {}
    return thing(name=name, metadata={"annotations": notes})


def test_what_an_object_depends_on_is_declared() -> None:
    assert judged(depending("a", "ConfigMap/serving/b"), depending("b")) == ()
    (found,) = judged(depending("a", "ConfigMap/serving/bee"), depending("b"))
    assert (found.rule, found.origin) == ("depends-on", Origin("ConfigMap.yaml", 3))
    assert "ConfigMap/serving/bee, which the site does not declare" in found.message


def test_objects_that_depend_on_each_other_are_found_before_any_site_sees_them() -> None:
    (found,) = judged(depending("a", "ConfigMap/serving/b"), depending("b", "ConfigMap/serving/a"))
    assert found.rule == "depends-on" and "leads back" in found.message
