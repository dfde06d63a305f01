"""What policies apply to, with what, and what comes of it: policies, and what each is asked of.

A row is a policy for ConfigMaps that denies, but for what it says otherwise. ``test_matching``
lets it see the objects of its own row alone, and sends them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Value = dict[str, Any]

GROUP = "matching.example.org"
NO = "no"  # the message of every policy that says nothing else
STRICTER = "stricter"  # denied by us, allowed by the server
WORDS = "words"  # denied by both, with other messages


@dataclass(frozen=True, kw_only=True)
class Row:
    """``spec`` is a policy's, with the words that it leaves out: a rule, a validation.

    ``params`` are sent before and are part of what the site declares. ``old`` is there before;
    with it each object is a change, and where there is no object, a removal. ``declared``: the
    repository has the definitions of custom kinds. ``differs`` is how our verdict on each object is
    known to differ, STRICTER or WORDS; on those that it leaves out it is the server's.
    """

    spec: Value
    objects: tuple[Value, ...] = ()
    bindings: tuple[Value, ...] = ({},)
    params: tuple[Value, ...] = ()
    old: Value | None = None
    declared: bool = True
    differs: tuple[str, ...] = ()


def rule(
    group: str = "",
    resource: str = "configmaps",
    *versions: str,
    on: tuple[str, ...] = ("CREATE", "UPDATE"),
    **more: Any,
) -> Value:
    words = {"apiGroups": [group], "apiVersions": list(versions) or ["*"], "resources": [resource]}
    return {**words, "operations": list(on), **more}


def match(*rules: Value, **more: Any) -> Value:
    """A policy's or a binding's rules and selectors, by the names that Kubernetes gives them."""
    return {"resourceRules": list(rules) or [rule()], **more}


def to(*rules: Value, **more: Any) -> Value:
    return {"matchConstraints": match(*rules, **more)}


def check(expression: str, **more: Any) -> Value:
    return {"validations": [{"expression": expression, **more}]}


def says(expression: str, **more: Any) -> Value:
    return check("false", messageExpression=expression, **more)


def config(name: str = "one", space: str = "match-prod", **more: Any) -> Value:
    metadata = {"name": name, "namespace": space, "labels": more.pop("labels", {})}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"a": "1"},
        **more,
    }


def deployment(name: str = "one", **spec: Any) -> Value:
    template = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "a", "image": "b:1"}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "match-prod"},
        "spec": {
            "replicas": 4,
            "selector": {"matchLabels": {"a": "b"}},
            "template": template,
            **spec,
        },
    }


def space(name: str, **labels: str) -> Value:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def custom(kind: str, name: str = "one", **more: Any) -> Value:
    """``more`` may place and label it: a kind of the cluster has no namespace."""
    metadata: Value = {"name": name}
    if kind not in CLUSTER:
        metadata["namespace"] = more.pop("space", "match-prod")
    if "labels" in more:
        metadata["labels"] = more.pop("labels")
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata, **more}


def scaler(version: str, **spec: Any) -> Value:
    return {
        "apiVersion": f"autoscaling/{version}",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "one", "namespace": "match-prod"},
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": "x", "apiVersion": "apps/v1"},
            "maxReplicas": 3,
            **spec,
        },
    }


def _definition(kind: str, plural: str, schema: Value, *versions: str) -> Value:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Cluster" if kind in CLUSTER else "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [
                {
                    "name": version,
                    "served": version != "v3",
                    "storage": version == "v1",
                    "schema": {"openAPIV3Schema": schema},
                }
                for version in versions or ("v1",)
            ],
        },
    }


CLUSTER = ("Globe", "Land")
_ANY = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_LIMIT = {
    "type": "object",
    "properties": {
        "spec": {"type": "object", "properties": {"max": {"type": "integer", "default": 3}}}
    },
}
PLURALS: Mapping[str, str] = {
    "Limit": "limits",
    "Widget": "widgets",
    "Globe": "globes",
    "Gateway": "gateways",
    "NetAttach": "net-attaches",
    "Land": "lands",
}
DEFINITIONS = tuple(
    _definition(
        kind,
        plural,
        _LIMIT if kind == "Limit" else _ANY,
        *(("v1", "v2", "v3") if kind == "Widget" else ()),
    )
    for kind, plural in PLURALS.items()
)
SPACES = (
    space("match-prod", env="prod", tier="1"),
    space("match-dev", env="dev"),
    space("match-none"),
)

EVERYWHERE = (config(), config(space="match-dev"), config(space="match-none"))
ALL = rule("*", "*")
DEPLOYMENTS = rule("apps", "deployments", "v1")
SPACED = rule("", "namespaces", "v1")
_IN = "In"


def _key(key: str, operator: str, *values: str) -> Value:
    words = {"key": key, "operator": operator}
    return {"matchExpressions": [{**words, "values": list(values)} if values else words]}


SELECTED = (
    Row(
        spec=to(ALL, excludeResourceRules=[rule(resourceNames=["one"])]),
        objects=(config(), config("two")),
    ),
    Row(spec=to(rule("*", "*/*")), objects=(config(), deployment())),
    Row(spec=to(rule("apps", "deployments/scale")), objects=(deployment(),)),
    Row(spec=to(rule("apps", "deployments/status")), objects=(deployment(),)),
    Row(spec=to(rule("", "configmaps/*", "v1")), objects=(config(),)),
    Row(spec=to(rule("*", "*", scope="Cluster")), objects=(space("match-new"), config())),
    Row(spec=to(rule("*", "*", scope="Namespaced")), objects=(space("match-new"), config())),
    Row(spec=to(rule(on=("UPDATE", "DELETE"))), objects=(config(),)),
    Row(spec=to(rule(on=("*",))), objects=(config(),)),
    Row(spec=to(namespaceSelector={"matchLabels": {"env": "prod"}}), objects=EVERYWHERE),
    Row(spec=to(namespaceSelector=_key("env", "NotIn", "prod")), objects=EVERYWHERE),
    Row(spec=to(namespaceSelector=_key("env", "Exists")), objects=EVERYWHERE),
    Row(
        spec=to(namespaceSelector=_key("kubernetes.io/metadata.name", _IN, "match-prod", "")),
        objects=EVERYWHERE,
    ),
    Row(
        spec=to(SPACED, namespaceSelector={"matchLabels": {"x": "y"}}),
        objects=(space("match-new", x="y"), space("match-new")),
    ),
    Row(
        spec=to(
            SPACED, namespaceSelector={"matchLabels": {"kubernetes.io/metadata.name": "match-a"}}
        ),
        objects=(space("match-a"), space("match-b")),
    ),
    Row(
        spec=to(objectSelector=_key("skip", "DoesNotExist")),
        objects=(config(), config(labels={"skip": ""})),
    ),
    Row(
        spec=to(objectSelector={"matchLabels": {"a": ""}}),
        objects=(config(), config(labels={"a": ""}), config(labels={"a": "b"})),
    ),
    Row(
        spec=to(rule(GROUP, "globes"), namespaceSelector={"matchLabels": {"not": "one"}}),
        objects=(custom("Globe"),),
    ),
    Row(spec=to(rule(GROUP, "gateways")), objects=(custom("Gateway"),), declared=False),
    Row(spec=to(rule(GROUP, "net-attaches")), objects=(custom("NetAttach"),), declared=False),
    Row(spec=to(rule(GROUP, "*", scope="Cluster")), objects=(custom("Land"),), declared=False),
    Row(
        spec=to(rule(GROUP, "*"), namespaceSelector={"matchLabels": {"not": "one"}}),
        objects=(custom("Land"),),
        declared=False,
    ),
    Row(
        spec=to(rule(GROUP, "lands")) | check("has(request.namespace) || namespaceObject != null"),
        objects=(custom("Land"),),
        declared=False,
    ),
)

_CPU = "object.spec.targetCPUUtilizationPercentage"
_OLD_SCALER = scaler("v1", targetCPUUtilizationPercentage=90)
_TARGET = {"type": "Utilization", "averageUtilization": 90}
_NEW_SCALER = scaler(
    "v2", metrics=[{"type": "Resource", "resource": {"name": "cpu", "target": _TARGET}}]
)
_SCALERS = ("autoscaling", "horizontalpodautoscalers")
_SHOWN = (
    "object.apiVersion + ' ' + request.kind.version + ' ' + request.requestKind.version"
    " + ' ' + request.resource.version + string(request.resource == request.requestResource)"
)
_WIDGET = custom("Widget", spec={"n": 1})
VERSIONS = (
    Row(
        spec=to(
            rule("apps", "deployments"),
            excludeResourceRules=[rule("apps", "deployments", "v1beta1")],
        ),
        objects=(deployment(),),
    ),
    Row(
        spec=to(
            rule("apps", "deployments"), excludeResourceRules=[rule("apps", "deployments", "v1")]
        ),
        objects=(deployment(),),
    ),
    Row(
        spec=to(rule("apps", "deployments", "v1beta1", "v1beta2")),
        objects=(deployment(),),
        differs=(STRICTER,),
    ),
    Row(
        spec=to(rule(*_SCALERS, "v1")) | check(f"!has({_CPU}) || {_CPU} < 80"),
        objects=(_NEW_SCALER, _OLD_SCALER),
        differs=(WORDS,),  # only the server can make the one of the other
    ),
    Row(
        spec=to(rule(*_SCALERS, "v2"))
        | check(
            "!has(object.spec.metrics)"
            " || object.spec.metrics.all(m, m.resource.target.averageUtilization < 80)"
        ),
        objects=(_OLD_SCALER, _NEW_SCALER),
        differs=(WORDS,),
    ),
    Row(spec=to(rule(*_SCALERS, "v1"), matchPolicy="Exact"), objects=(_OLD_SCALER, _NEW_SCALER)),
    Row(spec=to(rule(GROUP, "widgets", "v2")) | says(_SHOWN), objects=(_WIDGET,)),
    Row(spec=to(rule(GROUP, "widgets", "v2"), matchPolicy="Exact"), objects=(_WIDGET,)),
    Row(spec=to(rule(GROUP, "widgets", "v3")), objects=(_WIDGET,)),
    Row(spec=to(rule(GROUP, "widgets", "v9", "v2")) | says(_SHOWN), objects=(_WIDGET,)),
    Row(
        spec=to(rule(GROUP, "widgets"), excludeResourceRules=[rule(GROUP, "widgets", "v3")]),
        objects=(_WIDGET,),
    ),
    Row(
        spec=to(
            rule(GROUP, "widgets", "v2"),
            excludeResourceRules=[rule(GROUP, "widgets", "v1", on=("UPDATE",))],
        ),
        objects=(_WIDGET,),
    ),
    Row(
        spec=to(rule(GROUP, "widgets", "v1"), excludeResourceRules=[rule(GROUP, "widgets", "v2")]),
        objects=(_WIDGET,),
    ),
)


_EVENTS = "events.k8s.io"
_ABOUT = {"kind": "Pod", "name": "x", "namespace": "match-prod"}


def event(api_version: str, **fields: Any) -> Value:
    metadata = {"name": "one", "namespace": "match-prod"}
    return {"apiVersion": api_version, "kind": "Event", "metadata": metadata, **fields}


BOTH_EVENTS = (
    event(
        "v1",
        involvedObject=_ABOUT,
        reason="R",
        message="M",
        type="Normal",
        count=3,
        source={"component": "c", "host": "h"},
        firstTimestamp="2026-01-01T00:00:00Z",
    ),
    event(
        f"{_EVENTS}/v1",
        regarding=_ABOUT,
        reason="R",
        note="N",
        type="Normal",
        action="A",
        eventTime="2026-01-01T00:00:00.000000Z",
        reportingController="example.org/a",
        reportingInstance="i",
    ),
    event("v1", involvedObject={"namespace": "match-prod"}),
)
_EVENT_FIELDS = (
    "apiVersion involvedObject regarding message note source deprecatedSource count"
    " deprecatedCount firstTimestamp deprecatedFirstTimestamp lastTimestamp"
    " deprecatedLastTimestamp reportingComponent reportingController reportingInstance eventTime"
    " action reason type"
)
_EVENT_SHOWN = says(
    f"'%s %s %s %s'.format([dyn('{_EVENT_FIELDS}'.split(' ').map(k, k in object"
    " ? [dyn(k), dyn(object[k])] : [])),"
    " request.kind.group, request.requestKind.group, request.resource.group])"
)
EVENTS = (
    *(
        Row(spec=constraints | _EVENT_SHOWN, objects=BOTH_EVENTS)
        for constraints in (
            to(rule("", "events")),
            to(rule(_EVENTS, "events")),
            to(rule("", "events", "v1"), matchPolicy="Exact"),
            to(rule(_EVENTS, "events", "v1"), matchPolicy="Exact"),
            to(rule("*", "events")),
            to(rule("", "*"), rule(_EVENTS, "*")),
            to(rule(_EVENTS, "*"), rule("", "*")),
            to(ALL, excludeResourceRules=[rule("", "events")]),
            to(ALL, excludeResourceRules=[rule(_EVENTS, "events")]),
            to(rule("", "events", "v2")),
            to(rule(_EVENTS, "events", resourceNames=["two"])),
            to(rule("apps", "events")),
        )
    ),
    *(
        Row(
            spec=to(rule("*", "events")), bindings=({"matchResources": bound},), objects=BOTH_EVENTS
        )
        for bound in (
            match(rule("", "events")),
            match(rule(_EVENTS, "events")),
            match(rule(_EVENTS, "events"), matchPolicy="Exact"),
        )
    ),
)


def _bound(*bindings: Value, spec: Value | None = None, objects: tuple[Value, ...] = ()) -> Row:
    both = to(rule(on=("*",)), rule("apps", "deployments", on=("*",)))
    return Row(spec=spec or both, bindings=bindings, objects=objects or (config(), deployment()))


BOUND = (
    _bound({"matchResources": {"namespaceSelector": {"matchLabels": {"env": "dev"}}}}),
    _bound({"matchResources": match(DEPLOYMENTS)}),
    _bound({"matchResources": {"objectSelector": {"matchLabels": {"a": "b"}}}}),
    _bound({"matchResources": {"excludeResourceRules": [rule("apps", "deployments", "v1beta2")]}}),
    _bound({"matchResources": {"excludeResourceRules": [DEPLOYMENTS]}}),
    _bound({"matchResources": match(rule("apps", "deployments", "v1beta2"), matchPolicy="Exact")}),
    _bound({"validationActions": ["Warn"]}),
    _bound({"validationActions": ["Audit"]}),
    _bound(
        {"validationActions": ["Warn"]},
        {"validationActions": ["Audit"]},
        {
            "validationActions": ["Deny", "Audit"],
            "matchResources": {"objectSelector": {"matchLabels": {"q": "w"}}},
        },
        objects=(config(), config(labels={"q": "w"})),
    ),
)


def _when(*expressions: str, differs: str = "", **more: Any) -> Row:
    conditions = [{"name": f"c{n}", "expression": text} for n, text in enumerate(expressions)]
    spec = {"matchConditions": conditions, **more}
    return Row(spec=spec, objects=(config(),), differs=(differs,))


_ERRS = "object.spec.foo == 1"
CONDITIONS = (
    _when("true"),
    _when(_ERRS),
    _when(_ERRS, "false"),
    _when("false", _ERRS),
    _when(_ERRS, failurePolicy="Ignore"),
    _when(_ERRS, "object.spec.bar == 1"),
    _when("namespaceObject == null"),
    _when("namespaceObject.metadata.labels.env == 'prod'", differs=WORDS),  # it is null
    _when("request.dryRun && false"),
    _when("request.namespace == 'match-prod' && request.name == 'one'"),
)


def _by(expression: str, differs: str = "", **variables: str) -> Row:
    listed = [{"name": name, "expression": text} for name, text in variables.items()]
    spec = {"variables": listed, **check(expression)}
    return Row(spec=spec, objects=(config(),), differs=(differs,))


VARIABLES = (
    _by("false && variables.b == 2", a="object.spec.x", b="variables.a + 1"),
    _by("true || variables.b", a="object.spec.x", b="variables.a == 1"),
    _by("variables.b || true", a="object.spec.x", b="variables.a == 1"),
    _by("variables.b", a="object.spec.x", b="variables.a == 1"),
    _by("has(variables.a)", WORDS, a="object.spec.x"),
    _by("variables.b != 5", a="object.?spec.?x", b="variables.a.orValue(5)"),
    _by("variables.b", a="object.data", b="variables.a.all(k, v, k != 'a' || int(v) < 1)"),
    _by("variables.b > 0", a="int(object.data.a)", b="9223372036854775807 + variables.a"),
    _by("object.metadata.name.matches(variables.a)", a="'['"),
)


def _told(spec: Value, **data: str) -> Row:
    return Row(spec=spec, objects=(config(data={"a": "1"} | data),))


def _audited(**more: Any) -> Row:
    note = {"key": "k", "valueExpression": "string(object.data.zz)"}
    return Row(spec={"validations": [], "auditAnnotations": [note], **more}, objects=(config(),))


MESSAGES = (
    _told(check("false")),
    _told(check("  false\n || false\n")),
    _told(check("false", message="  fixed  ", reason="Forbidden")),
    _told(says("string(object.data.zz)")),
    _told(says("string(object.data.zz)", message="fixed")),
    _told(says(r"'a\nb'", message="fixed")),
    _told(says("'  '", message="  fixed  ")),
    _told(says(r"'x' + '\n'")),
    _told(says(r"'é'.lowerAscii() + object.data.a + '\r'")),
    _told(says("string(object.data.a)", message="short"), a="x" * 6000),
    _told(says("string(object.data.a)", message="short"), a="é" * 2600),
    _told({"validations": [{"expression": "object.data.zz == '1'"}, {"expression": "false"}]}),
    _told(check("object.data.zz == '1'") | {"failurePolicy": "Ignore"}),
    _told(check("object.data.a == '2'") | {"failurePolicy": "Ignore"}),
    _audited(),
    _audited(failurePolicy="Ignore"),
    Row(
        spec=_audited().spec | check("false"),
        bindings=({"validationActions": ["Audit"]},),
        objects=(config(),),
    ),
    Row(
        spec=check("object.data.zz == '1'"),
        bindings=({"validationActions": ["Warn"]},),
        objects=(config(),),
    ),
)

_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}
_LIMITS = {"apiVersion": f"{GROUP}/v1", "kind": "Limit"}
_GLOBES = {"apiVersion": f"{GROUP}/v1", "kind": "Globe"}
_NOTHING = {"apiVersion": "nothing.example.org/v1", "kind": "Nothing"}
_ABSENT = {"name": "absent"}
_BOTH_WORDS = (WORDS, WORDS)
_MOST = "object.spec.replicas <= params.spec.max"


def _with(
    kind: Value,
    of: Value | None,
    expression: str,
    *params: Value,
    to_whom: Value = DEPLOYMENTS,
    objects: tuple[Value, ...] = (),
    absent: str = "Deny",
    **more: Any,
) -> Row:
    """A policy with parameters; ``of`` is its binding's paramRef."""
    bound = {"paramRef": {"parameterNotFoundAction": absent, **of}} if of else {}
    return Row(
        spec={"paramKind": kind, **to(to_whom), **check(expression)},
        bindings=(bound,),
        params=params,
        objects=objects or (deployment(), deployment(replicas=2)),
        **more,
    )


def _limit(name: str, space: str = "match-prod", **more: Any) -> Value:
    labels = {"limit": name.partition("-")[0]}
    return custom("Limit", name, space=space, labels=labels, **more)


PARAMS = (
    _with(_MAP, _ABSENT, "true"),
    _with(_MAP, _ABSENT, "false", absent="Allow"),
    _with(_MAP, None, "params == null"),
    _with(_MAP, None, "params.data.x == '1'", differs=_BOTH_WORDS),
    _with(_MAP, {"name": "empty"}, "has(params.data)", config("empty", data={})),
    _with(
        _MAP,
        {"name": "plain"},
        "params.kind == 'ConfigMap' && params.data.a == '1'",
        config("plain"),
    ),
    _with(_NOTHING, _ABSENT, "false", absent="Allow", differs=_BOTH_WORDS),  # names no binding
    _with(_NOTHING, None, "true", differs=_BOTH_WORDS),
    _with(_LIMITS, {"name": "given"}, _MOST, _limit("given", spec={"max": 5})),
    _with(_LIMITS, {"name": "filled"}, _MOST, _limit("filled", spec={})),
    _with(
        _LIMITS, {"name": "asked"}, f"!has(params.spec.max) || {_MOST}", _limit("asked", spec={})
    ),
    _with(_LIMITS, {"name": "bare"}, f"!has(params.spec) || {_MOST}", _limit("bare")),
    _with(
        _LIMITS,
        {"selector": {"matchLabels": {"limit": "two"}}},
        _MOST,
        _limit("two-a", spec={"max": 5}),
        _limit("two-b", spec={"max": 2}),
    ),
    _with(
        _LIMITS,
        {"selector": {"matchLabels": {"limit": "zero"}}},
        "false",
    ),
    _with(
        _LIMITS,
        {"selector": {}, "namespace": "match-none"},
        _MOST,
        _limit("far", "match-none", spec={"max": 2}),
    ),
    _with(_GLOBES, {"name": "one", "namespace": "match-prod"}, "false", absent="Allow"),
    _with(
        _GLOBES,
        {"name": "round"},
        f"has(params.spec.x) ? true : {_MOST}",
        custom("Globe", "round", spec={"x": None, "max": 2}),
    ),
    _with(_MAP, _ABSENT, "false", absent="Allow", to_whom=SPACED, objects=(space("match-new"),)),
    _with(_LIMITS, {"selector": {}}, "true", to_whom=SPACED, objects=(space("match-new"),)),
    _with(
        _MAP,
        _ABSENT,
        "true",
        absent="Allow",
        to_whom=rule(GROUP, "globes"),
        objects=(custom("Globe"),),
    ),
    Row(
        spec=to(DEPLOYMENTS),
        bindings=({"paramRef": {"parameterNotFoundAction": "Deny", **_ABSENT}},),
        objects=(deployment(),),
    ),
    *(
        _with(kind, {"name": name}, expression, param, objects=(deployment(),))
        for kind, name, param in (
            (_MAP, "kept", config("kept")),
            (_LIMITS, "kept", _limit("kept", spec={"max": 5})),
        )
        for expression in (
            "has(params.metadata.uid)",
            "!has(params.metadata.resourceVersion)",
            "!has(params.metadata.creationTimestamp)",
            "!has(params.metadata.managedFields)",
            "!has(params.metadata.generation)",
            "params.metadata.size() < 6",
            "params.metadata.uid == 'x'",
            "params.all(k, k != 'status')",
        )
    ),
)


# What is there of an object that is made, beside what was written.
SEEN = tuple(
    Row(spec=to(DEPLOYMENTS) | check(expression), objects=(deployment(),))
    for expression in (
        "!has(object.metadata.uid)",
        "!has(object.metadata.creationTimestamp)",
        "!has(object.metadata.generation)",
        "!has(object.metadata.managedFields)",
        "!has(object.metadata.resourceVersion)",
        "!has(object.metadata.selfLink)",
        "!('uid' in object.metadata)",
        "object.metadata.?generation.orValue(0) == 0",
        "object.all(k, k != 'status')",
        "!has(object.status)",
        "!has(request.subResource)",
        "request.subResource == ''",
        "has(request.options.fieldManager)",
        "request.options.kind == 'PatchOptions'",
        "!has(request.options.force)",
        "request.?options.?force.orValue(false) == false",
        "namespaceObject.status.phase != 'Active'",
        "namespaceObject.metadata.labels.env == 'prod'",
        "namespaceObject.metadata.?annotations.hasValue()",
        "!has(namespaceObject.metadata.creationTimestamp)",
        "!has(namespaceObject.metadata.resourceVersion)",
        "!has(namespaceObject.metadata.generation)",
        "oldObject == null",
        "oldObject == {}",
    )
)

_OTHER_FIELDS = "['name', 'namespace', 'labels']"
# What sees fields that the server sets and names none.
WHOLE = tuple(
    Row(spec=to(DEPLOYMENTS) | check(expression), objects=(deployment(),))
    for expression in (
        "object.metadata.size() < 6",
        "size(object.metadata) == 7",
        "object.metadata.map(k, k).size() < 6",
        "!object.metadata.exists(k, k.startsWith('u'))",
        f"object.metadata.all(k, k in {_OTHER_FIELDS})",
        "object.size() < 5",
        "object.size() == 5",
        "object.metadata == {'name': object.metadata.name}",
        "[object.metadata].map(m, m.size())[0] < 6",
        "object.metadata.transformList(k, v, k).size() < 6",
        "!(['u' + 'id'][0] in object.metadata)",
        "!(['u', 'i', 'd'].join() in object.metadata)",
        "!('%s'.format([dyn(object)]).contains('u' + 'id'))",
        "!('%s'.format([object.metadata]).contains('creation'))",
        "object.?metadata.orValue({}).size() < 6",
        "object['metadata'].size() < 6",
        "object[?'metadata'].orValue({}).size() < 6",
        "has(object.metadata) && 'name' in object.metadata",
    )
)

_ANYTHING = to(rule("*", "*", on=("UPDATE", "DELETE")))


def _changed(expression: str, old: Value, *objects: Value) -> Row:
    return Row(spec=_ANYTHING | check(expression), old=old, objects=objects)


# Each with how our verdict on a removal differs: nobody is asked about it, what the server set
# is not known then, and of null the server says that it has no such key.
_OF_BOTH: Mapping[str, str] = {
    "oldObject == null": "",
    "object == oldObject": "",
    "object.data == oldObject.data": WORDS,
    "oldObject.data.a != '1'": "",
    "object == null": "",
    "has(oldObject.metadata.uid)": "",
    "!has(oldObject.metadata.uid)": "",
    "!has(oldObject.metadata.resourceVersion)": "",
    "!has(oldObject.metadata.creationTimestamp)": "",
    "!has(oldObject.metadata.managedFields)": "",
    "has(oldObject.metadata.generation)": "",
    "oldObject.metadata.size() < 7": "",
    "!has(oldObject.status)": "",
    "object.metadata.uid == oldObject.metadata.uid": WORDS,
    "request.operation == 'DELETE'": "",
    "request.name == ''": "",
    "request.options.kind == 'UpdateOptions'": "",
    "request.options.kind == 'PatchOptions'": "",
    "object.metadata.labels == oldObject.metadata.labels": WORDS,
    "object.metadata.generation > 1": WORDS,
    "!has(object.metadata.generation)": WORDS,
    "oldObject.data.exists(k, v, !(k in object.data))": WORDS,
    "oldObject.metadata.resourceVersion != object.metadata.resourceVersion": WORDS,
    "object.metadata.creationTimestamp != oldObject.metadata.creationTimestamp": WORDS,
    "oldObject.?status.hasValue()": "",
    "has(request.options.propagationPolicy)": STRICTER,
    "has(request.options.preconditions)": "",
}
CHANGED = (
    *(_changed(each, config(), config(data={"a": "2"})) for each in _OF_BOTH),
    *(
        _changed(expression, deployment(replicas=0), deployment(replicas=3))
        for expression in (
            "object.spec == oldObject.spec",
            "object.spec.replicas <= oldObject.spec.replicas",
            "object.spec.template.spec.containers[0].image"
            " == oldObject.spec.template.spec.containers[0].image",
            "has(object.status)",
            "oldObject.spec.template.spec.terminationGracePeriodSeconds == 30",
        )
    ),
)
REMOVED = tuple(
    Row(spec=_ANYTHING | check(expression), old=config(), differs=(said,))
    for expression, said in _OF_BOTH.items()
)

PARTS: Mapping[str, tuple[Row, ...]] = {
    "selected": SELECTED,
    "versions": VERSIONS,
    "events": EVENTS,
    "bound": BOUND,
    "conditions": CONDITIONS,
    "variables": VARIABLES,
    "messages": MESSAGES,
    "params": PARAMS,
    "seen": SEEN,
    "whole": WHOLE,
    "changed": CHANGED,
    "removed": REMOVED,
}


def named(parts: Mapping[str, tuple[Row, ...]]) -> Iterator[tuple[str, str, Row]]:
    """Each row with its part and a name of its own, as its policy and its objects' label have."""
    for part, listed in parts.items():
        for number, row in enumerate(listed):
            yield part, f"match-{part}-{number}", row
