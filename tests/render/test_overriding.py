"""Local overrides: what may pass, and every way past the bounds that did not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.model.overrides import LocalFile
from reconciler.model.refs import SiteName
from reconciler.model.rules import OverrideRule
from reconciler.render import build, overriding
from reconciler.render.manifest import manifest
from tests.trees import DictTree

SITE = SiteName("north", "barn-7")
OBJECTS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: camera, namespace: farm, labels: {app: camera}}
data: {rate: "30", mode: quiet, url: "http://a"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: camera, namespace: farm}
spec:
  replicas: 2
  paused: false
  template:
    spec:
      containers:
      - name: main
        image: "camera:1"
        ports: [{containerPort: 80}, {containerPort: 81}]
        env: [{name: RATE, value: "30"}, {name: MODE, value: quiet}]
        resources: {limits: {memory: 1Gi}}
      - {name: side, image: "side:1"}
---
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: farm}
stringData: {pin: "1234"}
"""
OVERLAY = """\
resources: [objects.yaml]
configMapGenerator: [{name: tuned, namespace: farm, literals: [gain=3]}]
"""
MAIN = "/spec/template/spec/containers/[name=main]"


def rule(kind: str, name: str, field: str, **bounds: Any) -> OverrideRule:
    return OverrideRule(kind=kind, name=name, field=field, **bounds)


RULES = (
    rule("ConfigMap", "camera", "/data/rate", least="5", most="60"),
    rule("ConfigMap", "cam*", "/data/mode", enum=('"quiet"', '"loud"')),
    rule("ConfigMap", "tuned-*", "/data/gain", least="1", most="9"),
    rule("Deployment.apps", "camera", "/spec/replicas", least="1", most="3"),
    rule("Deployment.apps", "camera", "/spec/paused", enum=("true", "false")),
    rule("Deployment.apps", "camera", f"{MAIN}/env/[name=RATE]/value", pattern="[0-9]{1,2}"),
    rule("Deployment.apps", "camera", f"{MAIN}/resources/limits/*", most="2Gi"),
    rule("Deployment.apps", "camera", f"{MAIN}/ports/[containerPort=80]/hostPort", most="9000"),
    rule("Secret", "keys", "/stringData/pin", pattern="[0-9]{4}"),
)


def built() -> tuple[build.Resource, ...]:
    files = {"site/kustomization.yaml": OVERLAY, "site/objects.yaml": OBJECTS}
    return build.build(DictTree(files), "site")


def lay(*texts: str, rules: tuple[OverrideRule, ...] = RULES) -> overriding.Laid:
    files = [LocalFile(name=f"{number}.yaml", text=text) for number, text in enumerate(texts)]
    return overriding.lay(
        built(), files, rules, lambda each: manifest(each.value, each.origin, SITE)
    )


def config_map(**data: Any) -> str:
    return named("ConfigMap", "v1", "camera", data=data)


def named(kind: str, version: str, name: str, **more: Any) -> str:
    metadata = {"name": name, "namespace": "farm"}
    return json.dumps({"apiVersion": version, "kind": kind, "metadata": metadata, **more})


def deployment(**spec: Any) -> str:
    return named("Deployment", "apps/v1", "camera", spec=spec)


def containers(*items: Mapping[str, Any]) -> str:
    return deployment(template={"spec": {"containers": list(items)}})


def operations(*rows: Mapping[str, Any], kind: str = "Deployment", name: str = "camera") -> str:
    return json.dumps({"target": {"kind": kind, "name": name}, "patch": json.dumps(rows)})


def value(laid: overriding.Laid, kind: str) -> Mapping[str, Any]:
    (found,) = [
        each.value
        for each in laid.resources
        if each.value["kind"] == kind and not each.value["metadata"]["name"].startswith("tuned")
    ]
    return found


def test_a_technician_lowers_a_frame_rate() -> None:
    laid = lay(config_map(rate="10"))
    assert value(laid, "ConfigMap")["data"] == {"rate": "10", "mode": "quiet", "url": "http://a"}
    (row,) = laid.overridden
    assert (str(row.ref), row.field, row.rule) == (
        "ConfigMap/farm/camera",
        "data.rate",
        "/data/rate",
    )
    assert (row.value, row.file) == ('"10"', "0.yaml")
    assert not laid.dropped


def test_a_number_in_the_place_of_a_quoted_one_is_text_as_it_was() -> None:
    """As a strategic merge has it; and it is within the rule's limits as that text is."""
    laid = lay(config_map(rate=10))
    assert not laid.dropped
    assert value(laid, "ConfigMap")["data"]["rate"] == "10"
    assert lay(config_map(rate=61)).dropped


@pytest.mark.parametrize(
    "patch",
    [
        deployment(replicas=3),
        deployment(paused=True),
        containers({"name": "main", "env": [{"name": "RATE", "value": "10"}]}),
        containers({"name": "main", "resources": {"limits": {"memory": "512Mi", "cpu": "1"}}}),
        containers({"name": "main", "ports": [{"containerPort": 80, "hostPort": 8080}]}),
        operations({"op": "replace", "path": "/spec/replicas", "value": 1}),
        operations(
            {"op": "replace", "path": "/spec/template/spec/containers/0/env/0/value", "value": "9"}
        ),
        named("Secret", "v1", "keys", stringData={"pin": "4321"}),
        config_map(mode="loud"),
        config_map(rate="5.5"),
    ],
)
def test_what_the_rules_allow_passes(patch: str) -> None:
    laid = lay(patch)
    assert not laid.dropped, laid.dropped
    assert laid.overridden and laid.resources != built()


OUTSIDE = {
    "too much": config_map(rate="61"),
    "too little": config_map(rate="4"),
    "no number": config_map(rate="fast"),
    "another type": config_map(mode=5),
    "not in the list": config_map(mode="shout"),
    "null removes": config_map(rate=None),
    "another field": config_map(url="http://b"),
    "one more field": config_map(more="1"),
    "a map in the place of a value": config_map(rate={"a": "10"}),
    "true is not 1": deployment(replicas=True),
    "a half": deployment(replicas="2"),
    "an allowed field and another": config_map(rate="10", url="http://b"),
    "another container": containers({"name": "side", "env": [{"name": "RATE", "value": "9"}]}),
    "another variable": containers({"name": "main", "env": [{"name": "MODE", "value": "9"}]}),
    "a longer text": containers({"name": "main", "env": [{"name": "RATE", "value": "999"}]}),
    "lines in a pattern": containers({"name": "main", "env": [{"name": "RATE", "value": "9\n"}]}),
    "a variable more": containers({"name": "main", "env": [{"name": "NEW", "value": "9"}]}),
    "a container more": containers({"name": "new", "image": "evil:1"}),
    "an image": containers({"name": "main", "image": "evil:1"}),
    "another port": containers({"name": "main", "ports": [{"containerPort": 81, "hostPort": 80}]}),
    "metadata": named("ConfigMap", "v1", "camera", data={"rate": "10"}).replace(
        '"farm"}', '"farm", "labels": {"app": "x"}}'
    ),
    "an annotation": named("ConfigMap", "v1", "camera").replace(
        '"farm"}', '"farm", "annotations": {"fleet-reconciler.dev/wave": "9"}}'
    ),
    "status": named("Deployment", "apps/v1", "camera", status={"replicas": 3}),
    "replace the object": named(
        "ConfigMap", "v1", "camera", data={"rate": "10"}, **{"$patch": "replace"}
    ),
    "replace a map": config_map(rate="10", **{"$patch": "replace"}),
    "delete the object": named("ConfigMap", "v1", "camera", **{"$patch": "delete"}),
    "delete a list's item": containers({"name": "side", "$patch": "delete"}),
    "replace a list": containers({"name": "main", "image": "camera:1"}, {"$patch": "replace"}),
    "an object that is not there": named("ConfigMap", "v1", "other", data={"rate": "10"}),
    "another namespace": named("ConfigMap", "v1", "camera", data={"rate": "9"}).replace(
        '"farm"', '"barn"'
    ),
    "a kind that is not there": named("Pod", "v1", "camera", spec={}),
    "move": operations(
        {"op": "move", "from": "/spec/replicas", "path": "/spec/minReadySeconds"},
    ),
    "move an item to another list": operations(
        {
            "op": "move",
            "from": "/spec/template/spec/containers/0/env/0",
            "path": "/spec/template/spec/containers/0/env/-",
        },
        {
            "op": "move",
            "from": "/spec/template/spec/containers/1",
            "path": "/spec/template/spec/initContainers",
        },
    ),
    "an item in the place of another": operations(
        {
            "op": "copy",
            "from": "/spec/template/spec/containers/1",
            "path": "/spec/template/spec/containers/0",
        },
        {"op": "remove", "path": "/spec/template/spec/containers/2"},
    ),
    "nothing but another order": operations(
        {
            "op": "move",
            "from": "/spec/template/spec/containers/1",
            "path": "/spec/template/spec/containers/0",
        }
    ),
    "copy": operations(
        {"op": "copy", "from": "/spec/replicas", "path": "/spec/minReadySeconds"},
    ),
    "remove": operations({"op": "remove", "path": "/spec/replicas"}),
    "rename by operation": operations({"op": "replace", "path": "/metadata/name", "value": "lens"}),
    "another kind by operation": operations({"op": "replace", "path": "/kind", "value": "Pod"}),
    "an index that means another": operations(
        {"op": "replace", "path": "/spec/template/spec/containers/0/env/1/value", "value": "9"}
    ),
    "swap two by their names": operations(
        {"op": "replace", "path": "/spec/template/spec/containers/0/name", "value": "side"},
        {"op": "replace", "path": "/spec/template/spec/containers/1/name", "value": "main"},
    ),
    "the whole object": operations({"op": "replace", "path": "", "value": {"a": 1}}),
    "no patch at all": "just words",
    "a list alone": '[{"op": "remove", "path": "/spec"}]',
    "options": json.dumps(
        {
            "target": {"kind": "ConfigMap"},
            "patch": "metadata: {name: lens}",
            "options": {"allowNameChange": True},
        }
    ),
    "a target that is no mapping": '{"target": 3, "patch": "[]"}',
    "not YAML": "{",
    "two documents, one outside": config_map(rate="10") + "\n---\n" + config_map(url="x"),
    "nothing new": config_map(rate="30"),
    "an empty file": "",
    "a number that is none": config_map(rate=".nan"),
    "a number without end": deployment(replicas=10**400),
    "a great exponent": config_map(rate="1e99"),
    "aliases in aliases": "a: &a [x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 8)}]\n" for n in range(9)
    ),
    "nested without end": "[" * 5000,
    "doubled again and again": operations(
        *({"op": "copy", "from": "/spec", "path": f"/spec/x{n}"} for n in range(40))
    ),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_the_rules_do_not_allow_is_dropped_and_the_rest_goes_on(name: str) -> None:
    laid = lay(OUTSIDE[name], deployment(replicas=3))
    (dropped,) = laid.dropped
    assert dropped.file == "0.yaml" and dropped.reason and len(dropped.reason) <= 300
    assert [row.field for row in laid.overridden] == ["spec.replicas"]
    assert lay(deployment(replicas=3)).resources == laid.resources


def test_items_keep_their_order_whatever_a_patch_names_first() -> None:
    mode = rule("Deployment.apps", "camera", f"{MAIN}/env/*/value", pattern="[a-z0-9]*")
    laid = lay(
        containers({"name": "main", "env": [{"name": "MODE", "value": "loud"}]}), rules=(mode,)
    )
    (row,) = laid.overridden
    assert row.field == "spec.template.spec.containers[name=main].env[name=MODE].value"
    main, side = value(laid, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in (main, side)] == ["main", "side"]
    assert main["env"] == [{"name": "RATE", "value": "30"}, {"name": "MODE", "value": "loud"}]


def test_nothing_is_allowed_without_rules() -> None:
    laid = lay(config_map(rate="10"), rules=())
    assert [str(each.reason) for each in laid.dropped] == [
        "data.rate of ConfigMap/farm/camera is not what `overrides` allows"
    ]
    assert laid.resources == built()


def test_the_last_rule_that_names_a_field_decides() -> None:
    tight = rule("ConfigMap", "camera", "/data/rate", most="10")
    assert lay(config_map(rate="20"), rules=(*RULES, tight)).dropped
    assert not lay(config_map(rate="20"), rules=(tight, *RULES)).dropped


def test_a_later_file_goes_over_an_earlier_one_and_each_field_has_its_file() -> None:
    laid = lay(config_map(rate="10", mode="loud"), config_map(rate="20"), config_map(rate="99"))
    assert value(laid, "ConfigMap")["data"]["rate"] == "20"
    assert {row.field: row.file for row in laid.overridden} == {
        "data.mode": "0.yaml",
        "data.rate": "1.yaml",
    }
    assert [each.file for each in laid.dropped] == ["2.yaml"]


def test_bounds_are_those_of_the_difference_from_the_overlay_not_from_the_file_before() -> None:
    steps = [operations({"op": "replace", "path": "/spec/replicas", "value": n}) for n in (3, 4)]
    laid = lay(*steps)
    assert value(laid, "Deployment")["spec"]["replicas"] == 3
    assert [each.file for each in laid.dropped] == ["1.yaml"]


def test_a_file_that_takes_an_earlier_one_back_leaves_nothing_overridden() -> None:
    laid = lay(config_map(rate="10"), config_map(rate="30"))
    assert (laid.overridden, laid.dropped, laid.resources) == ((), (), built())


def test_a_generated_object_is_known_by_its_own_name_and_keeps_the_one_it_has() -> None:
    (before,) = [each for each in built() if each.value["metadata"]["name"].startswith("tuned")]
    laid = lay(named("ConfigMap", "v1", "tuned", data={"gain": "5"}))
    (row,) = laid.overridden
    assert row.ref.name == before.value["metadata"]["name"] != "tuned"


def test_why_a_secret_s_override_was_dropped_shows_nothing_of_it() -> None:
    for patch in (
        named("Secret", "v1", "keys", stringData={"pin": "98765"}),
        named("Secret", "v1", "keys", stringData=["98765"]),
        named("Secret", "v1", "keys", stringData={"other": "98765"}),
    ):
        (dropped,) = lay(patch).dropped
        assert "98765" not in dropped.reason


def test_a_patch_with_a_target_may_be_a_strategic_merge() -> None:
    patch = json.dumps(
        {"target": {"kind": "ConfigMap", "name": "camera"}, "patch": config_map(rate="9")}
    )
    assert [row.field for row in lay(patch).overridden] == ["data.rate"]
