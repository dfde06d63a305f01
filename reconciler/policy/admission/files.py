"""A policy file's bytes in, its policies, bindings and other objects out, and what is wrong.

Strict, as the API server is with ``kubectl``: an unknown field is an error. Called by ``library``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.documents import load
from reconciler.model.errors import FileError
from reconciler.policy.admission import shapes
from reconciler.policy.admission.values import (
    GROUP,
    Binding,
    Field,
    Match,
    Named,
    ParamRef,
    Policy,
    Problem,
    Rule,
    Source,
    Validation,
)
from reconciler.schema import names

LIMITS = load.Limits(bytes=1 << 20, nodes=50_000, depth=60, aliases=1_000, documents=200)
_VERSION = f"{GROUP}/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """``others`` are objects that may be parameters."""

    policies: tuple[Policy, ...] = ()
    bindings: tuple[Binding, ...] = ()
    others: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[Problem, ...] = ()


def read(path: str, data: bytes) -> Read:
    """What is wrong is left out of the rest, and told."""
    try:
        documents = load.load_all(data, path=path, limits=LIMITS, error=FileError)
    except FileError as error:
        wrong = Problem(message=error.message, path=path, line=error.line or 1, column=error.column)
        return Read(problems=(wrong,))
    policies: list[Policy] = []
    bindings: list[Binding] = []
    others: list[Mapping[str, Any]] = []
    problems: list[Problem] = []
    for number, document in enumerate(documents):
        source = Source(path=path, data=data, document=number, line=document.line)
        kind, found = _sorted(document.value)
        if kind == "other":
            others.append(document.value)
            continue
        weak = kind == "policy" and _ignores(document.value)
        wrong_here = [problem(source, at, words, weak=weak) for at, words in found]
        problems += wrong_here
        if kind == "policy" and not wrong_here:
            policies.append(_policy(document.value, source))
        elif kind == "binding" and not wrong_here:
            bindings.append(_binding(document.value, source))
    if not documents:
        problems.append(Problem(message="the file is empty", path=path, line=1))
    return Read(
        policies=tuple(policies),
        bindings=tuple(bindings),
        others=tuple(others),
        problems=tuple(problems),
    )


def problem(source: Source, at: Field, message: str, *, weak: bool = False) -> Problem:
    """A problem at a field of a document."""
    line, column = load.locate(source.data, source.document, at)
    return Problem(message=message, path=source.path, line=line, column=column, weak=weak)


def _sorted(value: Any) -> tuple[str, list[shapes.Wrong]]:
    """What a document is, and what is wrong with it."""
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        return "", [((), "expected an object with apiVersion and kind")]
    kind, version = value["kind"], value.get("apiVersion")
    if kind == "ValidatingAdmissionPolicy":
        return "policy", _wrong(value, version, shapes.POLICY, shapes.wrong_policy)
    if kind == "ValidatingAdmissionPolicyBinding":
        return "binding", _wrong(value, version, shapes.BINDING, shapes.wrong_binding)
    is_list = kind.endswith("List") and isinstance(value.get("items"), list)
    if is_list or str(version).startswith(f"{GROUP}/"):
        words = f"a {kind[:80]} is not read here: expected policies, bindings and parameters"
        return "", [(("kind",), f"{words}, each a document of its own")]
    return "other", []


def _ignores(value: Mapping[str, Any]) -> bool:
    spec = value.get("spec")
    return isinstance(spec, dict) and spec.get("failurePolicy") == "Ignore"


def _wrong(value: dict[str, Any], version: Any, shape: Any, more: Any) -> list[shapes.Wrong]:
    if version != _VERSION:
        return [(("apiVersion",), f"expected apiVersion: {_VERSION}")]
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str):
        return [((), "metadata.name is missing")]
    found = [*shapes.wrong(value, shape)]
    if why := names.subdomain(name):
        found.append((("metadata", "name"), f"metadata.name {why}"))
    if not found:
        found += more(value.get("spec") or {})
    return found


def _policy(value: dict[str, Any], source: Source) -> Policy:
    spec = value["spec"]
    kind = spec.get("paramKind")
    return Policy(
        name=value["metadata"]["name"],
        source=source,
        match=_match(spec["matchConstraints"]),
        fails=spec.get("failurePolicy", "Fail") != "Ignore",
        params=(kind["apiVersion"], kind["kind"]) if kind else None,
        conditions=_named(spec.get("matchConditions"), "name", "expression"),
        variables=_named(spec.get("variables"), "name", "expression"),
        validations=tuple(
            Validation(
                expression=each["expression"],
                message=each.get("message") or "",
                message_expression=each.get("messageExpression") or "",
                reason=each.get("reason") or "",
            )
            for each in spec.get("validations") or ()
        ),
        audit=_named(spec.get("auditAnnotations"), "key", "valueExpression"),
    )


def _binding(value: dict[str, Any], source: Source) -> Binding:
    spec = value["spec"]
    ref, match = spec.get("paramRef"), spec.get("matchResources")
    return Binding(
        name=value["metadata"]["name"],
        source=source,
        policy=spec["policyName"],
        actions=tuple(spec["validationActions"]),
        match=_match(match) if match is not None else None,
        params=None
        if ref is None
        else ParamRef(
            name=ref.get("name") or "",
            namespace=ref.get("namespace") or "",
            selector=ref.get("selector"),
            denies=ref["parameterNotFoundAction"] == "Deny",
        ),
    )


def _named(rows: list[dict[str, str]] | None, name: str, text: str) -> tuple[Named, ...]:
    return tuple(Named(name=row[name], text=row[text]) for row in rows or ())


def _match(value: Mapping[str, Any]) -> Match:
    return Match(
        include=tuple(_rules(value.get("resourceRules"))),
        exclude=tuple(_rules(value.get("excludeResourceRules"))),
        namespaces=value.get("namespaceSelector") or {},
        objects=value.get("objectSelector") or {},
        exact=value.get("matchPolicy") == "Exact",
    )


def _rules(rows: list[dict[str, Any]] | None) -> Iterator[Rule]:
    for row in rows or ():
        yield Rule(
            operations=tuple(row["operations"]),
            groups=tuple(row["apiGroups"]),
            versions=tuple(row["apiVersions"]),
            resources=tuple(row["resources"]),
            scope=row.get("scope") or "*",
            names=tuple(row.get("resourceNames") or ()),
        )
