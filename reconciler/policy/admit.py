"""A site's manifests and policies in, findings out: the second half of the judge.

Called in the render child, after ``judge``, where the site's settings name policies. Findings
point at the line of the fleet repository that an object came from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from reconciler.model.refs import ALLOW, REPLACE, Kind, ObjectRef, Origin
from reconciler.model.values import UNCONFIRMED, Action, Finding, Manifest, Verdict
from reconciler.policy import asking
from reconciler.policy.admission import idle
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
# Of Kubernetes' own kinds, those that it serves in several versions (as of 1.34).
_VERSIONS = {("autoscaling", "HorizontalPodAutoscaler"): ("v2", "v1")}
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

    @property
    def kind(self) -> Kind:
        return Kind.of(self.api_version, self.ref.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    ref: ObjectRef
    kind: Kind
    value: Mapping[str, Any]
    origin: Origin
    manifest: Manifest | None = None


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
        self._defined: dict[tuple[str, str], Resource] = {}
        self._schemas: dict[tuple[str, str, str], Mapping[str, Any]] = {}
        self._spaces: dict[str, Mapping[str, Any]] = {}
        self._resources: dict[Kind, Resource] = {}
        for each in objects:
            if (each.kind.group, each.kind.kind) == _CRD:
                self._define(mapping(each.value.get("spec")))
            elif (each.kind.group, each.kind.kind) == _NAMESPACE:
                self._spaces[each.ref.name] = each.value

    def _define(self, spec: Mapping[str, Any]) -> None:
        words = mapping(spec.get("names"))
        key = (str(spec.get("group", "")), str(words.get("kind", "")))
        versions = [mapping(each) for each in items(spec.get("versions"))]
        self._defined[key] = Resource(
            kind=Kind(key[0], "", key[1]),
            plural=str(words.get("plural", "")),
            namespaced=spec.get("scope") != "Cluster",
            versions=tuple(str(each.get("name", "")) for each in versions),
            converts=mapping(spec.get("conversion")).get("strategy", "None") != "None",
        )
        for each in versions:
            schema = mapping(mapping(each.get("schema")).get("openAPIV3Schema"))
            self._schemas[(*key, str(each.get("name", "")))] = schema

    def defaulted(self, each: _Object) -> tuple[Mapping[str, Any], str]:
        """The object as the API server makes it, and why it may make another one."""
        kind = each.kind
        schema = self._schemas.get((kind.group, kind.kind, kind.version))
        return defaults.defaulted(each.value, schema)

    def param(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """A parameter as the API server keeps it."""
        kind = Kind.of(str(value.get("apiVersion", "")), str(value.get("kind", "")))
        schema = self._schemas.get((kind.group, kind.kind, kind.version))
        return defaults.defaulted(value, schema)[0]

    def defined(self) -> tuple[Resource, ...]:
        """What the site's definitions bring, in any version."""
        return tuple(self._defined.values())

    def resource(self, kind: Kind) -> Resource:
        found = self._resources.get(kind)
        if found is None:
            found = self._resources[kind] = self._resource(kind)
        return found

    def _resource(self, kind: Kind) -> Resource:
        """By the site's own definitions, by Kubernetes' kinds, or guessed as they are called."""
        defined = self._defined.get((kind.group, kind.kind))
        if defined:
            return dataclasses.replace(defined, kind=kind)
        cluster = kubernetes.is_cluster_scoped(kind.group, kind.kind)
        return Resource(
            kind=kind,
            plural=resources.plural(kind.kind),
            namespaced=not cluster,
            known=cluster is not None,
            versions=_VERSIONS.get((kind.group, kind.kind), ()),
            converts=cluster is not None,
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
    ask: asking.Ask | None = None,
) -> Verdict:
    """What the policies find against these objects, and against the removal of what is not
    among them any more. Findings of the policy files themselves come first.

    ``ask`` is what the API server says of an object, where there is one to ask.
    """
    sitting = Sitting(objects, library, before=before, user=user, ask=ask)
    tray = _Tray()
    tray.add(_told(problem) for problem in library.problems)
    for request, decisions in sitting.judged():
        tray.add(_finding(decision, request) for decision in decisions)
        if tray.is_full:
            return Verdict(findings=(*tray.all(), _more()))
    tray.add(_told(problem) for problem in idle.missing(library, sitting.court))
    unused = tuple(_told(problem) for problem in idle.idle(library, sitting.court, sitting.defined))
    return Verdict(findings=tray.all(), idle=unused)


class _Tray:
    """Findings, each once and bounded: denials end the judging, of warnings the rest is counted."""

    def __init__(self) -> None:
        self._findings: dict[Finding, None] = {}
        self._denials = 0
        self._left_out = 0

    def add(self, findings: Iterable[Finding]) -> None:
        for each in findings:
            if each in self._findings:
                continue
            is_denial = each.action is Action.DENY
            if not is_denial and len(self._findings) - self._denials >= FINDINGS:
                self._left_out += 1
                continue
            self._findings[each] = None
            self._denials += is_denial

    @property
    def is_full(self) -> bool:
        return self._denials >= FINDINGS

    def all(self) -> tuple[Finding, ...]:
        if not self._left_out:
            return tuple(self._findings)
        words = f"{self._left_out} warnings more than {FINDINGS}"
        rest = Finding(rule="finding-count", message=words, action=Action.WARN)
        return (*self._findings, rest)


def judged(
    objects: Iterable[Manifest],
    library: Library,
    *,
    before: Iterable[Before] = (),
    user: User,
    ask: asking.Ask | None = None,
) -> Iterator[tuple[Request, list[Decision]]]:
    """Each object's request, then each removal's, with what the policies decide of it."""
    return Sitting(objects, library, before=before, user=user, ask=ask).judged()


class Sitting:
    """One site's objects before its policies. ``defined`` are kinds of its definitions."""

    def __init__(
        self,
        objects: Iterable[Manifest],
        library: Library,
        *,
        before: Iterable[Before],
        user: User,
        ask: asking.Ask | None,
    ) -> None:
        wanted = [_manifest(each) for each in objects]
        self._site = Site(wanted)
        self._user = user
        self._ask = ask
        self._placed = {_placed(each, self._site): each for each in wanted}
        self._applied = {_placed(each, self._site): each for each in before}
        self.court = Court(library, _params(wanted, library, self._site))
        self.defined = self._site.defined()

    def judged(self) -> Iterator[tuple[Request, list[Decision]]]:
        """Each object's request, then each removal's, with what the policies decide of it.

        What no policy's rules fit is left out, and not even read.
        """
        for ref, each in self._placed.items():
            old = self._applied.get(ref)
            bare = self._bare(ref, each.kind, "UPDATE" if old else "CREATE")
            if not self.court.concerns(bare):
                if old and _may_be_made_anew(each, old):
                    yield from self._removed(ref, old)
                continue
            request = _request(each, _before(old) if old else None, self._site, bare)
            decisions = list(self.court.judge(request))
            if self._ask and each.manifest and any(found.doubt for found in self.court.applied):
                answer = self._ask(each.manifest)
                request, decisions = asking.judged(self.court, request, decisions, answer)
            yield request, decisions
            if old and _may_be_made_anew(each, old):
                yield from self._removed(ref, old)
        for ref, old in self._applied.items():
            if ref not in self._placed:
                yield from self._removed(ref, old)

    def _removed(self, ref: ObjectRef, old: Before) -> Iterator[tuple[Request, list[Decision]]]:
        bare = self._bare(ref, old.kind, "DELETE")
        if self.court.concerns(bare):
            request = _removal(_before(old), self._site, bare)
            yield request, list(self.court.judge(request))

    def _bare(self, ref: ObjectRef, kind: Kind, operation: str) -> Request:
        """A request without its objects."""
        resource = self._site.resource(kind)
        return Request(
            ref=ref,
            resource=resource,
            operation=operation,
            value=None,
            old=None,
            namespace=self._site.namespace(resource, ref.namespace),
            user=self._user,
        )


def _may_be_made_anew(each: _Object, old: Before) -> bool:
    """Whether the object may be deleted on the way, as its annotation allows: no annotation lets
    it past what is said of removals."""
    notes = mapping(mapping(each.value.get("metadata")).get("annotations"))
    is_changed = each.manifest is not None and each.manifest.body != old.body
    return notes.get(REPLACE) == ALLOW and is_changed


def _manifest(each: Manifest) -> _Object:
    found = _read(each.ref, each.api_version, each.body, each.origin)
    return dataclasses.replace(found, manifest=each)


def _before(each: Before) -> _Object:
    return _read(each.ref, each.api_version, each.body, each.origin)


def _read(ref: ObjectRef, api_version: str, body: bytes, origin: Origin) -> _Object:
    value = mapping(orjson.loads(body))
    return _Object(ref=ref, kind=Kind.of(api_version, ref.kind), value=value, origin=origin)


def _params(wanted: list[_Object], library: Library, site: Site) -> Params:
    def resource(api_version: str, kind: str) -> Resource:
        return site.resource(Kind.of(api_version, kind))

    kinds = {each.policy.params for each in library.policies}
    found = [*(each.value for each in wanted), *library.params]
    meant = (each for each in found if (each.get("apiVersion"), each.get("kind")) in kinds)
    return Params([site.param(each) for each in meant], resource)


def _placed(each: _Object | Before, site: Site) -> ObjectRef:
    """Where the API server will see it."""
    namespaced = site.resource(each.kind).namespaced
    ref = each.ref
    return ObjectRef(
        ref.group, ref.kind, (ref.namespace or "default") if namespaced else "", ref.name
    )


def _request(each: _Object, old: _Object | None, site: Site, bare: Request) -> Request:
    value, doubt = site.defaulted(each)
    return dataclasses.replace(
        bare,
        value=_shown(value, bare.ref),
        old=_shown(site.defaulted(old)[0], bare.ref) if old else None,
        origin=each.origin,
        doubt=doubt,
    )


def _removal(old: _Object, site: Site, bare: Request) -> Request:
    """Its status is not that of an object just made, and nobody is asked what it is."""
    value = {key: each for key, each in site.defaulted(old)[0].items() if key != "status"}
    return dataclasses.replace(bare, old=_shown(value, bare.ref), origin=old.origin)


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
    if decision.misconfigured and decision.at:
        return _of_binding(decision)
    return Finding(
        rule=UNCONFIRMED if decision.passing else decision.policy,
        message=_words(decision, request),
        ref=request.ref,
        origin=request.origin,
        action=_strongest(decision.actions),
        policy=decision.policy,
    )


def _of_binding(decision: Decision) -> Finding:
    """The same for every object that it is about, so that it is told once."""
    assert decision.at is not None
    line, column = decision.at.position
    return Finding(
        rule=decision.policy,
        message=f"{decision.message} (policy {decision.policy})",
        origin=Origin(decision.at.source.path, line),
        action=_strongest(decision.actions),
        policy=decision.policy,
        column=column,
    )


def _words(decision: Decision, request: Request) -> str:
    words = f"{decision.message} (policy {decision.policy}"
    words += f" at {decision.at}" if decision.at else ""
    words += ", when it is deleted" if request.value is None else ""
    if request.old is not None:
        old = "the live object" if request.is_live else "what was last applied"
        words += f"; oldObject is {old}"
    return f"{words}); unconfirmed: {decision.doubt}" if decision.doubt else f"{words})"


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
