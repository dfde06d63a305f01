"""What the checker is told: Kubernetes 1.34's environment for admission policies, as YAML.

The engine's own declarations of a function can only be replaced whole, so those that Kubernetes
adds to (comparisons across numbers, ``string``, the strings library for ``indexOf``) are here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from reconciler.cel.functions import FUNCTIONS, OPAQUE

# Variables of every expression by the server's types; what has members is declared member by
# member, as the engine knows no types with fields but protocol buffers' own.
_KIND = {"group": "string", "version": "string", "kind": "string"}
_RESOURCE = {"group": "string", "version": "string", "resource": "string"}
_Fields = Mapping[str, Any]  # a type, or fields again

REQUEST: _Fields = {
    "kind": _KIND,
    "resource": _RESOURCE,
    "subResource": "string",
    "requestKind": _KIND,
    "requestResource": _RESOURCE,
    "requestSubResource": "string",
    "name": "string",
    "namespace": "string",
    "operation": "string",
    "userInfo": {
        "username": "string",
        "uid": "string",
        "groups": "list(string)",
        "extra": "map(string, list(string))",
    },
    "dryRun": "bool",
    "options": "dyn",
}
NAMESPACE: _Fields = {
    "metadata": {
        "name": "string",
        "generateName": "string",
        "namespace": "string",
        "labels": "map(string, string)",
        "annotations": "map(string, string)",
        "UID": "string",
        "creationTimestamp": "timestamp",
        "deletionGracePeriodSeconds": "int",
        "deletionTimestamp": "timestamp",
        "generation": "int",
        "resourceVersion": "string",
        "finalizers": "list(string)",
    },
    "spec": {"finalizers": "list(string)"},
    "status": {"conditions": "list(dyn)", "phase": "string"},
}
SHAPES: Mapping[str, _Fields] = {"request": REQUEST, "namespaceObject": NAMESPACE}
PLAIN = ("object", "oldObject")

_ORDERED = ("bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration")
_NUMBERS = ("int", "uint", "double")

# Of the strings library, version 2, and ``string``: the name, the parameters, what it returns.
_MEMBERS = (
    ("charAt", "string int", "string"),
    ("indexOf", "string string", "int"),
    ("indexOf", "string string int", "int"),
    ("lastIndexOf", "string string", "int"),
    ("lastIndexOf", "string string int", "int"),
    ("join", "list(string)", "string"),
    ("join", "list(string) string", "string"),
    ("lowerAscii", "string", "string"),
    ("upperAscii", "string", "string"),
    ("replace", "string string string", "string"),
    ("replace", "string string string int", "string"),
    ("split", "string string", "list(string)"),
    ("split", "string string int", "list(string)"),
    ("substring", "string int", "string"),
    ("substring", "string int int", "string"),
    ("trim", "string", "string"),
    ("format", "string list(dyn)", "string"),
)
_GLOBALS = (
    ("strings.quote", "string", "string"),
    *(
        ("string", of, "string")
        for of in ("bool", "bytes", "double", "duration", "int", "string", "timestamp", "uint")
    ),
)
COMPARISONS = ("_<_", "_<=_", "_>_", "_>=_")


def config(variables: Mapping[str, str]) -> str:
    """The environment with these variables more, by name and type."""
    named = [*((name, "dyn") for name in PLAIN), *_members(), *variables.items()]
    return orjson.dumps(
        {
            "name": "kubernetes",
            "stdlib": {"exclude_functions": [{"name": name} for name in ("string", *COMPARISONS)]},
            "extensions": [
                {"name": name} for name in ("sets", "optional", "two-var-comprehensions")
            ],
            "variables": [{"name": name, **spec(of)} for name, of in named],
            "functions": _FUNCTIONS,
        }
    ).decode()


def spec(of: str) -> dict[str, Any]:
    """A type's words in the environment's YAML."""
    head, bracket, inner = of.partition("(")
    found: dict[str, Any] = {"type_name": OPAQUE.get(head, head)}
    if head == "A":
        found["is_type_param"] = True
    if bracket:
        found["params"] = [spec(each) for each in _split(inner[:-1])]
    return found


def _split(text: str) -> list[str]:
    """Type parameters; none of ours holds a map within a map."""
    return re.findall(r"[\w.]+(?:\([^()]*(?:\([^()]*\))?\))?", text)


def _members() -> Iterator[tuple[str, str]]:
    for name, shape in SHAPES.items():
        yield name, "dyn"
        yield masked(name), "dyn"
        yield from _fields(name, shape)
    yield masked("variables"), "dyn"


def masked(name: str) -> str:
    """What a variable is called within ``has()``, which must not find the name of a member."""
    return f"_{name[1:]}"


def _fields(path: str, shape: _Fields) -> Iterator[tuple[str, str]]:
    for name, of in shape.items():
        below = f"{path}.{name}"
        if isinstance(of, str):
            yield below, of
        else:
            yield from _fields(below, of)


def _overload(id_: str, params: tuple[str, ...], result: str, member: bool) -> dict[str, Any]:
    args = [spec(each) for each in params]
    found: dict[str, Any] = {"id": id_, "return": spec(result)}
    if member:
        found["target"] = args.pop(0)
    if args:
        found["args"] = args
    return found


def _overloads() -> Iterator[tuple[str, dict[str, Any]]]:
    for at, (name, params, result) in enumerate(_MEMBERS):
        yield name, _overload(f"{name}_{at}", tuple(params.split(" ")), result, True)
    for at, (name, params, result) in enumerate(_GLOBALS):
        yield name, _overload(f"to_{name}_{at}", tuple(params.split(" ")), result, False)
    for name in COMPARISONS:
        pairs = [(of, of) for of in _ORDERED]
        pairs += [(a, b) for a in _NUMBERS for b in _NUMBERS if a != b]
        for left, right in pairs:
            yield name, _overload(f"{name}{left}_{right}", (left, right), "bool", False)
    for each in FUNCTIONS:
        result = f"optional_type({each.result})" if each.optional else each.result
        yield each.name, _overload(each.id, each.params, result, each.member)


def _grouped() -> list[dict[str, Any]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for name, overload in _overloads():
        grouped.setdefault(name, []).append(overload)
    return [{"name": name, "overloads": overloads} for name, overloads in grouped.items()]


_FUNCTIONS = _grouped()
