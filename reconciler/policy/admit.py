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

from reconciler.model.origins import Origin
from reconciler.model.refs import ALLOW, REPLACE, Kind, ObjectRef
from reconciler.model.rendered import UNCONFIRMED, Action, Finding, Manifest, Verdict
from reconciler.model.values import Preview
from reconciler.policy import asking
from reconciler.policy.admission import idle
from reconciler.policy.admission.court import Court, Decision
from reconciler.policy.admission.library import Library
from reconciler.policy.admission.params import Params, grouped
from reconciler.policy.admission.requests import Request, Resource, User
from reconciler.policy.admission.values import Problem
from reconciler.policy.case import mapping
from reconciler.policy.site import Object, Site

FINDINGS = 200
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


def agent(namespace: str, name: str = "fleet-reconciler") -> User:
    """Who applies what is judged."""
    group = "system:serviceaccounts"
    return User(
        name=f"system:serviceaccount:{namespace}:{name}",
        groups=(group, f"{group}:{namespace}", "system:authenticated"),
    )


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
            if each.manifest and any(found.doubt for found in self.court.applied):
                answer = self._ask(each.manifest) if self._ask else Preview()
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
            decisions = list(self.court.judge(request))
            yield request, [*decisions, *asking.unasked(self.court, decisions)]

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


def _may_be_made_anew(each: Object, old: Before) -> bool:
    """Whether the object may be deleted on the way, as its annotation allows: no annotation lets
    it past what is said of removals."""
    notes = mapping(mapping(each.value.get("metadata")).get("annotations"))
    is_changed = each.manifest is not None and each.manifest.body != old.body
    return notes.get(REPLACE) == ALLOW and is_changed


def _manifest(each: Manifest) -> Object:
    found = _read(each.ref, each.api_version, each.body, each.origin)
    return dataclasses.replace(found, manifest=each)


def _before(each: Before) -> Object:
    return _read(each.ref, each.api_version, each.body, each.origin)


def _read(ref: ObjectRef, api_version: str, body: bytes, origin: Origin) -> Object:
    value = mapping(orjson.loads(body))
    return Object(ref=ref, kind=Kind.of(api_version, ref.kind), value=value, origin=origin)


def _params(wanted: list[Object], library: Library, site: Site) -> Params:
    def resource(api_version: str, kind: str) -> Resource:
        return site.resource(Kind.of(api_version, kind))

    kinds = {grouped(*each.policy.params) for each in library.policies if each.policy.params}
    found = [*(each.value for each in wanted), *library.params]
    meant = (
        each
        for each in found
        if grouped(str(each.get("apiVersion", "")), str(each.get("kind", ""))) in kinds
    )
    return Params([site.param(each) for each in meant], resource)


def _placed(each: Object | Before, site: Site) -> ObjectRef:
    """Where the API server will see it."""
    namespaced = site.resource(each.kind).namespaced
    ref = each.ref
    return ObjectRef(
        ref.group, ref.kind, (ref.namespace or "default") if namespaced else "", ref.name
    )


def _request(each: Object, old: Object | None, site: Site, bare: Request) -> Request:
    value, doubt = site.defaulted(each)
    return dataclasses.replace(
        bare,
        value=_shown(value, bare.ref),
        old=_shown(site.defaulted(old)[0], bare.ref) if old else None,
        origin=each.origin,
        doubt=doubt,
    )


def _removal(old: Object, site: Site, bare: Request) -> Request:
    """It has a status, which is not that of an object just made, and nobody is asked what it is."""
    value = dict(site.defaulted(old)[0])
    if "status" in value:
        value["status"] = {}
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
