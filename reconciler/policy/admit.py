"""A site's manifests and policies in, findings out: the second half of the judge.

Called in the render child, after ``judge``, where the site's settings name policies. Findings
point at the line of the fleet repository that an object came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from reconciler.model.refs import Kind, ObjectRef, Origin
from reconciler.model.values import Action, Finding, Manifest
from reconciler.policy.admission.court import Court, Decision
from reconciler.policy.admission.library import Library
from reconciler.policy.admission.params import Params
from reconciler.policy.admission.requests import GENERATED, Namespace, Request, Resource, User
from reconciler.policy.admission.values import Problem
from reconciler.policy.case import items, mapping
from reconciler.schema import defaults, kubernetes, resources

FINDINGS = 200
_CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
_NAMESPACE = ("", "Namespace")
_STRENGTH: Mapping[str, Action] = {
    "Deny": Action.DENY,
    "Warn": Action.WARN,
    "Audit": Action.AUDIT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What was last applied: a manifest's ref, its body and its origin."""

    ref: ObjectRef
    api_version: str
    body: bytes
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    ref: ObjectRef
    kind: Kind
    value: Mapping[str, Any]
    origin: Origin


def agent(namespace: str, name: str = "fleet-reconciler") -> User:
    """Who applies what is judged."""
    group = "system:serviceaccounts"
    return User(
        name=f"system:serviceaccount:{namespace}:{name}",
        groups=(group, f"{group}:{namespace}", "system:authenticated"),
    )


class Site:
    """What is known of a site's kinds and namespaces, from what it declares."""

    def __init__(self, objects: Iterable[_Object]) -> None:
        self._defined: dict[tuple[str, str], tuple[str, bool]] = {}
        self._schemas: dict[tuple[str, str, str], Mapping[str, Any]] = {}
        self._spaces: dict[str, Mapping[str, Any]] = {}
        for each in objects:
            if (each.kind.group, each.kind.kind) == _CRD:
                self._define(mapping(each.value.get("spec")))
            elif (each.kind.group, each.kind.kind) == _NAMESPACE:
                self._spaces[each.ref.name] = each.value

    def _define(self, spec: Mapping[str, Any]) -> None:
        words = mapping(spec.get("names"))
        key = (str(spec.get("group", "")), str(words.get("kind", "")))
        self._defined[key] = (str(words.get("plural", "")), spec.get("scope") != "Cluster")
        for version in items(spec.get("versions")):
            schema = mapping(mapping(mapping(version).get("schema")).get("openAPIV3Schema"))
            self._schemas[(*key, str(mapping(version).get("name", "")))] = schema

    def defaulted(self, each: _Object) -> tuple[Mapping[str, Any], str]:
        """The object as the API server makes it, and why it may make another one."""
        kind = each.kind
        schema = self._schemas.get((kind.group, kind.kind, kind.version))
        return defaults.defaulted(each.value, schema)

    def resource(self, kind: Kind) -> Resource:
        """By the site's own definitions, by Kubernetes' kinds, or guessed as they are called."""
        defined = self._defined.get((kind.group, kind.kind))
        if defined:
            return Resource(kind=kind, plural=defined[0], namespaced=defined[1])
        cluster = kubernetes.is_cluster_scoped(kind.group, kind.kind)
        return Resource(
            kind=kind,
            plural=resources.plural(kind.kind),
            namespaced=not cluster,
            known=cluster is not None,
        )

    def namespace(self, resource: Resource, name: str) -> Namespace:
        if not resource.namespaced:
            return Namespace(name="", value=None)
        declared = self._spaces.get(name)
        metadata = mapping(mapping(declared).get("metadata"))
        shown = {
            "metadata": {
                **metadata,
                "name": name,
                "labels": {**mapping(metadata.get("labels")), GENERATED: name},
            },
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }
        return Namespace(name=name, value=shown, known=declared is not None)


def admit(
    objects: Iterable[Manifest],
    library: Library,
    *,
    before: Iterable[Before] = (),
    user: User,
) -> tuple[Finding, ...]:
    """What the policies find against these objects, and against the removal of what is not
    among them any more. Findings of the policy files themselves come first."""
    findings = [_told(problem) for problem in library.problems]
    for request, decisions in judged(objects, library, before=before, user=user):
        findings += [_finding(decision, request) for decision in decisions]
        if len(findings) >= FINDINGS:
            return (*findings[:FINDINGS], _more())
    return tuple(findings)


def judged(
    objects: Iterable[Manifest],
    library: Library,
    *,
    before: Iterable[Before] = (),
    user: User,
) -> Iterator[tuple[Request, list[Decision]]]:
    """Each object's request, then each removal's, with what the policies decide of it."""
    wanted = [_read(each.ref, each.api_version, each.body, each.origin) for each in objects]
    site = Site(wanted)
    applied = {_placed(each, site): each for each in map(_before, before)}
    court = Court(library, _params(wanted, library, site))
    placed = {_placed(each, site): each for each in wanted}
    for ref, each in placed.items():
        request = _request(each, applied.get(ref), site, user, ref)
        yield request, list(court.judge(request))
    for ref, old in applied.items():
        if ref not in placed:
            request = _removal(old, site, user)
            yield request, list(court.judge(request))


def _before(each: Before) -> _Object:
    return _read(each.ref, each.api_version, each.body, each.origin)


def _read(ref: ObjectRef, api_version: str, body: bytes, origin: Origin) -> _Object:
    value = mapping(orjson.loads(body))
    return _Object(ref=ref, kind=Kind.of(api_version, ref.kind), value=value, origin=origin)


def _params(wanted: list[_Object], library: Library, site: Site) -> Params:
    def namespaced(api_version: str, kind: str) -> bool:
        return site.resource(Kind.of(api_version, kind)).namespaced

    return Params([*(each.value for each in wanted), *library.params], namespaced)


def _placed(each: _Object, site: Site) -> ObjectRef:
    """Where the API server will see it."""
    namespaced = site.resource(each.kind).namespaced
    ref = each.ref
    return ObjectRef(
        ref.group, ref.kind, (ref.namespace or "default") if namespaced else "", ref.name
    )


def _request(each: _Object, old: _Object | None, site: Site, user: User, ref: ObjectRef) -> Request:
    resource = site.resource(each.kind)
    value, doubt = site.defaulted(each)
    return Request(
        ref=ref,
        resource=resource,
        operation="UPDATE" if old else "CREATE",
        value=_shown(value, ref),
        old=_shown(site.defaulted(old)[0], ref) if old else None,
        namespace=site.namespace(resource, ref.namespace),
        user=user,
        origin=each.origin,
        doubt=doubt,
    )


def _removal(old: _Object, site: Site, user: User) -> Request:
    resource, ref = site.resource(old.kind), _placed(old, site)
    return Request(
        ref=ref,
        resource=resource,
        operation="DELETE",
        value=None,
        old=_shown(site.defaulted(old)[0], ref),
        namespace=site.namespace(resource, ref.namespace),
        user=user,
        origin=old.origin,
    )


def _shown(value: Mapping[str, Any], ref: ObjectRef) -> Mapping[str, Any]:
    """As the API server has it: in its namespace."""
    metadata = mapping(value.get("metadata"))
    if metadata.get("namespace", "") == ref.namespace:
        return value
    changed = {key: each for key, each in metadata.items() if key != "namespace"}
    if ref.namespace:
        changed["namespace"] = ref.namespace
    return {**value, "metadata": changed}


def _finding(decision: Decision, request: Request) -> Finding:
    return Finding(
        rule=decision.policy,
        message=_words(decision, request),
        ref=request.ref,
        origin=request.origin,
        action=_strongest(decision.actions),
        policy=decision.policy,
    )


def _words(decision: Decision, request: Request) -> str:
    words = f"{decision.message} (policy {decision.policy}"
    words += f", when it is {request.operation.lower()}d)" if request.value is None else ")"
    return f"{words}; unconfirmed: {decision.doubt}" if decision.doubt else words


def _strongest(actions: tuple[str, ...]) -> Action:
    return next(strength for word, strength in _STRENGTH.items() if word in actions)


def _told(problem: Problem) -> Finding:
    """Of a policy's file. A policy that cannot be used fails as its failurePolicy says."""
    return Finding(
        rule="policy-file",
        message=problem.message,
        origin=Origin(problem.path, problem.line),
        action=Action.WARN if problem.weak else Action.DENY,
        policy=problem.policy or "policy-file",
        column=problem.column,
    )


def _more() -> Finding:
    return Finding(
        rule="finding-count",
        message=f"more than {FINDINGS} findings; judged no on",
        policy="",
        action=Action.DENY,
    )
