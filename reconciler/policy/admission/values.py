"""A policy and a binding as they were read: the API server's own fields, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GROUP = "admissionregistration.k8s.io"
Field = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One document of a policy file."""

    path: str
    data: bytes = field(repr=False)
    document: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    operations: tuple[str, ...]
    groups: tuple[str, ...]
    versions: tuple[str, ...]
    resources: tuple[str, ...]
    scope: str = "*"
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """``include`` is empty only in a binding, where it leaves all that the policy matches.

    Selectors are Kubernetes' own mappings.
    """

    include: tuple[Rule, ...] = ()
    exclude: tuple[Rule, ...] = ()
    namespaces: Mapping[str, Any] = field(default_factory=dict)
    objects: Mapping[str, Any] = field(default_factory=dict)
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An expression with a name: a match condition, a variable, an audit annotation."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    expression: str
    message: str = ""
    message_expression: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamRef:
    """By ``name``, or by ``selector``. ``denies`` where there is no such object."""

    name: str
    namespace: str
    selector: Mapping[str, Any] | None
    denies: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``params`` is the apiVersion and kind of its parameters; ``fails`` is failurePolicy: Fail."""

    name: str
    source: Source
    match: Match
    fails: bool = True
    params: tuple[str, str] | None = None
    conditions: tuple[Named, ...] = ()
    variables: tuple[Named, ...] = ()
    validations: tuple[Validation, ...] = ()
    audit: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """``actions`` are of Deny, Warn and Audit."""

    name: str
    source: Source
    policy: str
    actions: tuple[str, ...]
    match: Match | None = None
    params: ParamRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with a policy file, and where. ``policy`` is the policy's name if known.

    ``weak``: no reason to hold a commit, as the API server would take it or the policy says
    failurePolicy: Ignore.
    """

    message: str
    path: str
    line: int
    column: int = 0
    policy: str = ""
    weak: bool = False
