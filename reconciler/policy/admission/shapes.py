"""What a policy or a binding may hold, as the API server's strict reading has it.

A value and its shape in, what is wrong out; called by ``files``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.policy.admission.values import Field
from reconciler.schema import names

Shape = Any  # a type, a list of one shape, a mapping of shapes, or a tuple of allowed words
Wrong = tuple[Field, str]

_REQUIREMENT = {
    "key": str,
    "operator": ("In", "NotIn", "Exists", "DoesNotExist"),
    "values": [str],
}
_SELECTOR = {"matchLabels": dict, "matchExpressions": [_REQUIREMENT]}
_RULE = {
    "resourceNames": [str],
    "operations": [("CREATE", "UPDATE", "DELETE", "CONNECT", "*")],
    "apiGroups": [str],
    "apiVersions": [str],
    "resources": [str],
    "scope": ("Cluster", "Namespaced", "*"),
}
_MATCH = {
    "namespaceSelector": _SELECTOR,
    "objectSelector": _SELECTOR,
    "resourceRules": [_RULE],
    "excludeResourceRules": [_RULE],
    "matchPolicy": ("Exact", "Equivalent"),
}
_REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
_HEAD = {"apiVersion": str, "kind": str, "metadata": dict, "status": dict}
POLICY = {
    **_HEAD,
    "spec": {
        "paramKind": {"apiVersion": str, "kind": str},
        "matchConstraints": _MATCH,
        "validations": [
            {"expression": str, "message": str, "messageExpression": str, "reason": _REASONS}
        ],
        "failurePolicy": ("Fail", "Ignore"),
        "auditAnnotations": [{"key": str, "valueExpression": str}],
        "matchConditions": [{"name": str, "expression": str}],
        "variables": [{"name": str, "expression": str}],
    },
}
BINDING = {
    **_HEAD,
    "spec": {
        "policyName": str,
        "paramRef": {
            "name": str,
            "namespace": str,
            "selector": _SELECTOR,
            "parameterNotFoundAction": ("Allow", "Deny"),
        },
        "matchResources": _MATCH,
        "validationActions": [("Deny", "Warn", "Audit")],
    },
}

_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*", re.ASCII)
_RESERVED = frozenset(
    ("true", "false", "null", "in", "as", "break", "const", "continue", "else")
) | {
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
}
_MOST_CONDITIONS = 64
_MOST_ANNOTATIONS = 20
# Bounds of ours: each variable is read with all that come before it.
_MOST_VARIABLES = 256
_MOST_VALIDATIONS = 1_000
_TYPES: Mapping[type, str] = {str: "a string", dict: "a mapping"}


def wrong(value: Any, shape: Shape, at: Field = ()) -> Iterator[Wrong]:
    """What does not fit: types, words that are not allowed, fields that nobody knows."""
    if value is None and at:
        return
    if isinstance(shape, type):
        if not isinstance(value, shape):
            yield at, f"expected {_TYPES[shape]}"
    elif isinstance(shape, tuple):
        if value not in shape:
            yield at, f"expected one of {', '.join(shape)}"
    elif isinstance(shape, list):
        yield from _wrong_items(value, shape[0], at)
    elif not isinstance(value, dict):
        yield at, "expected a mapping"
    else:
        for key, inner in value.items():
            if key not in shape:
                yield (*at, str(key)), f"unknown field {str(key)[:80]!r}"
            else:
                yield from wrong(inner, shape[key], (*at, key))


def _wrong_items(value: Any, shape: Shape, at: Field) -> Iterator[Wrong]:
    if not isinstance(value, list):
        yield at, "expected a list"
        return
    for number, inner in enumerate(value):
        if inner is None:
            yield (*at, number), "expected a value"
        yield from wrong(inner, shape, (*at, number))


def wrong_policy(spec: Mapping[str, Any]) -> Iterator[Wrong]:
    """What is missing or does not go together in a policy's spec that has its shape."""
    match = spec.get("matchConstraints")
    if not match:
        yield ("spec",), "matchConstraints is missing"
    else:
        if not match.get("resourceRules"):
            yield ("spec", "matchConstraints"), "resourceRules is missing"
        yield from _wrong_match(match, ("spec", "matchConstraints"))
    if kind := spec.get("paramKind"):
        for word in ("apiVersion", "kind"):
            if not kind.get(word):
                yield ("spec", "paramKind"), f"{word} is missing"
    if not spec.get("validations") and not spec.get("auditAnnotations"):
        yield ("spec",), "validations or auditAnnotations must have an item"
    yield from _wrong_conditions(spec.get("matchConditions") or [])
    for key, most in (("variables", _MOST_VARIABLES), ("validations", _MOST_VALIDATIONS)):
        if len(spec.get(key) or []) > most:
            yield ("spec", key), f"at most {most} {key}"
    for number, each in enumerate(spec.get("variables") or []):
        yield from _wrong_variable(each, ("spec", "variables", number))
    for number, each in enumerate(spec.get("validations") or []):
        yield from _wrong_validation(each, ("spec", "validations", number))
    yield from _wrong_annotations(spec.get("auditAnnotations") or [])


def wrong_binding(spec: Mapping[str, Any]) -> Iterator[Wrong]:
    """The same for a binding's spec."""
    if not spec.get("policyName"):
        yield ("spec",), "policyName is missing"
    elif why := names.subdomain(spec["policyName"]):
        yield ("spec", "policyName"), f"policyName {why}"
    actions = spec.get("validationActions") or []
    if not actions:
        yield ("spec",), "validationActions is missing: expected Deny, Warn or Audit"
    if len(set(actions)) != len(actions):
        yield ("spec", "validationActions"), "an action stands there twice"
    if {"Deny", "Warn"} <= set(actions):
        yield ("spec", "validationActions"), "must not contain both Deny and Warn"
    if match := spec.get("matchResources"):
        yield from _wrong_match(match, ("spec", "matchResources"))
    if (ref := spec.get("paramRef")) is not None:
        yield from _wrong_ref(ref, ("spec", "paramRef"))


def _wrong_match(match: Mapping[str, Any], at: Field) -> Iterator[Wrong]:
    for key in ("resourceRules", "excludeResourceRules"):
        for number, rule in enumerate(match.get(key) or []):
            yield from _wrong_rule(rule, (*at, key, number))
    for key in ("namespaceSelector", "objectSelector"):
        yield from _wrong_selector(match.get(key) or {}, (*at, key))


def _wrong_rule(rule: Mapping[str, Any], at: Field) -> Iterator[Wrong]:
    for key in ("operations", "apiGroups", "apiVersions", "resources"):
        words = rule.get(key) or []
        if not words:
            yield at, f"{key} is missing"
        elif "*" in words and len(words) > 1 and key != "resources":
            yield (*at, key), "if '*' is present, there must be nothing else"
        elif "" in words and key != "apiGroups":
            yield (*at, key), "there is an empty word"
    yield from _wrong_resources(rule.get("resources") or [], (*at, "resources"))
    listed = rule.get("resourceNames") or []
    if len(set(listed)) != len(listed):
        yield (*at, "resourceNames"), "a name stands there twice"


def _wrong_resources(resources: list[str], at: Field) -> Iterator[Wrong]:
    """``*/*``, ``*`` and ``pods/*`` leave no room for what they contain."""
    words = set(resources)
    if len(words) != len(resources):
        yield at, "a resource stands there twice"
    if "*/*" in words and len(words) > 1:
        yield at, "if '*/*' is present, there must be nothing else"
    elif "*" in words and any("/" not in word and word != "*" for word in words):
        yield at, "if '*' is present, there must be no other resource without a subresource"
    for word in resources:
        name, slash, sub = word.partition("/")
        if slash and (not name or not sub):
            yield at, f"{word!r} is no resource"


def _wrong_selector(selector: Mapping[str, Any], at: Field) -> Iterator[Wrong]:
    for key, value in (selector.get("matchLabels") or {}).items():
        if not isinstance(value, str):
            yield (*at, "matchLabels", key), "expected a string"
        elif why := names.qualified(key) or names.label_value(value):
            yield (*at, "matchLabels", key), f"the label {why}"
    for number, each in enumerate(selector.get("matchExpressions") or []):
        place = (*at, "matchExpressions", number)
        if why := names.qualified(each.get("key") or ""):
            yield place, f"key {why}"
        has_values, operator = bool(each.get("values")), each.get("operator")
        if operator is None:
            yield place, "operator is missing"
        elif operator in ("In", "NotIn") and not has_values:
            yield place, f"values must be given for {operator}"
        elif operator in ("Exists", "DoesNotExist") and has_values:
            yield place, f"values may not be given for {operator}"


def _wrong_conditions(conditions: list[Mapping[str, Any]]) -> Iterator[Wrong]:
    if len(conditions) > _MOST_CONDITIONS:
        yield ("spec", "matchConditions"), f"at most {_MOST_CONDITIONS} conditions"
    seen: set[str] = set()
    for number, each in enumerate(conditions):
        at = ("spec", "matchConditions", number)
        name = each.get("name") or ""
        if why := names.qualified(name):
            yield at, f"name {why}"
        if name in seen:
            yield at, f"another condition is called {name!r}"
        seen.add(name)
        if not (each.get("expression") or "").strip():
            yield at, "expression is missing"


def _wrong_variable(each: Mapping[str, Any], at: Field) -> Iterator[Wrong]:
    name = each.get("name") or ""
    if not _IDENTIFIER.fullmatch(name) or name in _RESERVED:
        yield at, f"name {name[:80]!r} is no CEL identifier"
    if not (each.get("expression") or "").strip():
        yield at, "expression is missing"


def _wrong_validation(each: Mapping[str, Any], at: Field) -> Iterator[Wrong]:
    if not (each.get("expression") or "").strip():
        yield at, "expression is missing"
    for key in ("message", "messageExpression"):
        text = each.get(key)
        if text and not text.strip():
            yield (*at, key), f"{key} must be non-empty if specified"
    if "\n" in (each.get("message") or "").strip():
        yield (*at, "message"), "message must not contain line breaks"


def _wrong_annotations(annotations: list[Mapping[str, Any]]) -> Iterator[Wrong]:
    if len(annotations) > _MOST_ANNOTATIONS:
        yield ("spec", "auditAnnotations"), f"at most {_MOST_ANNOTATIONS} annotations"
    seen: set[str] = set()
    for number, each in enumerate(annotations):
        at = ("spec", "auditAnnotations", number)
        key = each.get("key") or ""
        if why := names.word(key):
            yield at, f"key {why}"
        if key in seen:
            yield at, f"another annotation is called {key!r}"
        seen.add(key)
        if not (each.get("valueExpression") or "").strip():
            yield at, "valueExpression is missing"


def _wrong_ref(ref: Mapping[str, Any], at: Field) -> Iterator[Wrong]:
    has_name, has_selector = bool(ref.get("name")), ref.get("selector") is not None
    if has_name and has_selector:
        yield at, "name and selector are mutually exclusive"
    if not has_name and not has_selector:
        yield at, "one of name or selector must be specified"
    if not ref.get("parameterNotFoundAction"):
        yield at, "parameterNotFoundAction is missing: expected Allow or Deny"
    if has_name and (why := names.path_segment(ref["name"])):
        yield (*at, "name"), f"name {why}"
    yield from _wrong_selector(ref.get("selector") or {}, (*at, "selector"))
