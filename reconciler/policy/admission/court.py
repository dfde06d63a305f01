"""Judges requests by a site's policies: what the API server would decide, before it is asked.

In: a Library, parameters, requests. Out: Decisions. A policy that cannot be used fails as its
failurePolicy says; an evaluation that goes past our bounds is a denial whatever it says, as the
API server may have run out of its budget there.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from reconciler.cel.cost import CONDITIONS
from reconciler.cel.errors import EvaluationError, TooCostly
from reconciler.cel.scope import Program, Scope, Seen, Shared
from reconciler.documents import load
from reconciler.model.refs import Kind
from reconciler.policy.admission import kept, matching
from reconciler.policy.admission.compiled import Check, Compiled
from reconciler.policy.admission.library import Library
from reconciler.policy.admission.params import NoKind, Params
from reconciler.policy.admission.requests import Request, Resource
from reconciler.policy.admission.values import GROUP, Binding, Field, Source
from reconciler.schema import conversions, defaults, kubernetes

MOST_MESSAGE = 5 * 1024  # bytes of what a messageExpression may give
_SERVER_SET = "it reads what the API server sets itself"
_COSTLY = "it may be past the API server's cost budget"


@dataclass(frozen=True, slots=True)
class Place:
    """Of a field in a policy's file. It is looked up when somebody asks."""

    source: Source
    field: Field

    @property
    def position(self) -> tuple[int, int]:
        """Line and column."""
        return load.locate(self.source.data, self.source.document, self.field)

    def __str__(self) -> str:
        line, column = self.position
        return f"{self.source.path}:{line}:{column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Against a request, or an audit annotation (``actions`` is Audit then).

    ``failed``: the policy could not say, and failurePolicy did. ``doubt`` is why the API server
    may decide otherwise, ``""`` where it will not. ``passing``: it is to be asked again. ``at``
    is where in the policy's file it went wrong, where it did; ``misconfigured``: it did so for
    every object, as the binding is wrong.
    """

    policy: str
    binding: str
    actions: tuple[str, ...]
    message: str
    reason: str = "Invalid"
    failed: bool = False
    doubt: str = ""
    passing: bool = False
    at: Place | None = None
    misconfigured: bool = False


class Applied(NamedTuple):
    """A policy that judged a request, whatever it said of it."""

    policy: str
    binding: str
    doubt: str


_Planned = tuple[Compiled, Kind]


class Court:
    """Judges one site's requests."""

    def __init__(self, library: Library, params: Params) -> None:
        self._library = library
        self._params = params
        # Of the request at hand, by its version and parameter; parameters outlive the court.
        self._shared: dict[tuple[str, bool, int, bool], Shared] = {}
        self._seen: Seen | None = None
        self._filled: Request | None = None  # with stand-ins for what the server sets
        self._seen_params: dict[int, Seen] = {}
        self._plans: dict[tuple[Resource, str, str], tuple[_Planned, ...]] = {}
        matches = [each.policy.match for each in library.policies]
        self._by_name = any(rule.names for each in matches for rule in each.include + each.exclude)
        self.used: set[str] = set()  # policies that applied to something
        self.fitting: Counter[str] = Counter()  # requests that a policy's rules fit
        self.missing: dict[tuple[str, str], None] = {}  # policies and bindings without parameters
        self.applied: list[Applied] = []  # to the request at hand

    def judge(self, request: Request) -> Iterator[Decision]:
        """What there is against this request, in the policies' order."""
        if request.resource.kind.group == GROUP:
            return  # Kubernetes judges no policies by policies
        words: dict[str, Any] | None = None
        self._shared.clear()
        self._seen = None
        self._filled = None
        self.applied.clear()
        for compiled, kind in self._plan(request):
            self.fitting[compiled.name] += 1
            found = matching.selected(compiled.policy.match, request, kind)
            if found is None:
                continue
            bindings = self._library.bindings.get(compiled.name, ())
            words = words or request.words()
            for binding in bindings:
                yield from self._bound(compiled, binding, request, found, words)

    def concerns(self, request: Request) -> bool:
        """Whether any policy's rules fit it; its objects need not be there yet."""
        return bool(self._plan(request))

    def _plan(self, request: Request) -> tuple[_Planned, ...]:
        """The policies whose rules fit such a request, found once for all that are alike."""
        key = (request.resource, request.operation, request.ref.name if self._by_name else "")
        found = self._plans.get(key)
        if found is None:
            rows = [
                (each, matching.by_rules(each.policy.match, request))
                for each in self._library.policies
            ]
            found = tuple((each, kind) for each, kind in rows if kind)
            self._plans[key] = found
        return found

    def _bound(
        self,
        compiled: Compiled,
        binding: Binding,
        request: Request,
        found: matching.Matched,
        words: dict[str, Any],
    ) -> Iterator[Decision]:
        doubt = found.doubt or _own_doubt(compiled, request)
        if binding.match is not None:
            bound = matching.matched(binding.match, request)
            if bound is None:
                return
            doubt = doubt or bound.doubt
        if not doubt and compiled.reads_namespace and not request.namespace.known:
            doubt = matching.UNKNOWN_LABELS
        if not doubt and compiled.reads_server_set and not request.is_live:
            doubt = _SERVER_SET
        self.used.add(compiled.name)
        self.applied.append(Applied(policy=compiled.name, binding=binding.name, doubt=doubt))
        case = _Case(compiled=compiled, binding=binding, doubt=doubt)
        kind = request.resource.kind
        in_other = found.kind != kind and found.kind not in request.resource.twins
        if in_other and request.resource.converts:
            why = f"only the API server can make {found.kind.api_version} of {kind.api_version}"
            yield case.denied(why)
            return
        try:
            listed = self._params.of(compiled.policy, binding.params, request.space)
        except ValueError as error:
            what = "policy" if isinstance(error, NoKind) else "binding"
            yield from case.failed(f"failed to configure {what}: {error}", misconfigured=True)
            return
        if not listed:
            self.missing[compiled.name, binding.name] = None
        is_filled = compiled.reads_server_set and not request.is_live
        seen = self._stand_in(request) if is_filled else request
        for param in listed:
            data = _data(compiled, seen, param, words, found)
            key = (found.kind.api_version, "params" in data, id(param), is_filled)
            if key not in self._shared:
                self._shared[key] = Shared(data, *self._look(request, words, param))
            yield from case.decide(data, self._shared[key])

    def _stand_in(self, request: Request) -> Request:
        if self._filled is None:
            kind = request.resource.kind
            known = kubernetes.is_cluster_scoped(kind.group, kind.kind) is not None
            value, old = kept.pair(request.value, request.old, known=known)
            self._filled = dataclasses.replace(request, value=value, old=old)
        return self._filled

    def _look(
        self, request: Request, words: dict[str, Any], param: Mapping[str, Any] | None
    ) -> Iterator[Seen]:
        if self._seen is None:
            self._seen = Seen(request.value, request.old, request.namespace.value, words)
        yield self._seen
        if param is not None:
            yield self._seen_params.setdefault(id(param), Seen(param))


def _own_doubt(compiled: Compiled, request: Request) -> str:
    """Why the object may be another one, if that can matter to this policy."""
    kind = request.resource.kind
    sure = defaults.GENERATED.get((kind.api_version, kind.kind))
    return "" if sure is not None and compiled.looks_within(sure) else request.doubt


def _data(
    compiled: Compiled,
    request: Request,
    param: Mapping[str, Any] | None,
    words: dict[str, Any],
    found: matching.Matched,
) -> dict[str, Any]:
    """The variables of an evaluation."""
    kind = found.kind
    data: dict[str, Any] = {
        "object": _converted(request.value, kind, request.resource),
        "oldObject": _converted(request.old, kind, request.resource),
        "request": words,
        "namespaceObject": request.namespace.value,
    }
    if kind != request.resource.kind:
        named = {"group": kind.group, "version": kind.version}
        data["request"] = {
            **words,
            "kind": {**named, "kind": kind.kind},
            "resource": {**named, "resource": request.resource.plural},
        }
    if compiled.policy.params is not None:
        data["params"] = param
    return data


def _converted(
    value: Mapping[str, Any] | None, kind: Kind, resource: Resource
) -> Mapping[str, Any] | None:
    """The object in a rule's version, as far as that is known."""
    if value is None or value.get("apiVersion") == kind.api_version:
        return value
    if kind in resource.twins:
        return conversions.converted(value, kind.api_version)
    return {**value, "apiVersion": kind.api_version}


@dataclass(slots=True, kw_only=True)
class _Case:
    """One policy, one binding, one request; not frozen, as there are many and that costs."""

    compiled: Compiled
    binding: Binding
    doubt: str

    def failed(
        self, message: str, *, misconfigured: bool = False, at: Place | None = None
    ) -> Iterator[Decision]:
        """What failurePolicy makes of it; a binding that is misconfigured denies at once."""
        if self.compiled.policy.fails:
            actions = ("Deny",) if misconfigured else self.binding.actions
            if misconfigured:
                at = Place(self.binding.source, ("spec", "paramRef"))
            found = self._decision(message, actions=actions, failed=True, at=at)
            yield dataclasses.replace(found, misconfigured=misconfigured)

    def denied(self, message: str) -> Decision:
        """What cannot be judged, whatever failurePolicy says."""
        return self._decision(message, actions=("Deny",), failed=True)

    def decide(self, data: dict[str, Any], shared: Shared) -> Iterator[Decision]:
        """Match conditions first; then validations, then audit annotations."""
        scope = Scope(self.compiled.variables, data, shared, self.compiled.bounds)
        try:
            yield from self._decided(scope, data)
        except TooCostly as error:
            message, at = f"{error}: {_COSTLY}", self._at(error.text)
            yield self._decision(message, actions=("Deny",), failed=True, at=at)

    def _decided(self, scope: Scope, data: dict[str, Any]) -> Iterator[Decision]:
        applies, why = self._applies(data)
        if why:
            yield from self.failed(why)
            return
        if not applies:
            return
        checks = self.compiled.checks
        for validation, check in zip(self.compiled.policy.validations, checks, strict=True):
            try:
                passed = check.expression.value(scope)
            except TooCostly:
                raise
            except EvaluationError as error:
                at = self._at(check.expression.text)
                yield from self.failed(_erred(check.expression, error), at=at)
                continue
            if passed is not True:
                message = _message(check, scope, validation.message)
                reason = validation.reason or "Invalid"
                yield self._decision(message, actions=self.binding.actions, reason=reason)
        yield from self._annotations(scope)

    def _at(self, text: str) -> Place | None:
        """Where an expression stands."""
        field = self.compiled.policy.field_of(text)
        return Place(self.compiled.policy.source, field) if field else None

    def _applies(self, data: dict[str, Any]) -> tuple[bool, str]:
        """Whether all conditions hold; why that cannot be said, unless one surely does not."""
        if not self.compiled.conditions:
            return True, ""
        seen = {**data, "namespaceObject": None}  # conditions do not see it
        scope = Scope({}, seen, budget=CONDITIONS)
        errors: list[str] = []
        for condition in self.compiled.conditions:
            try:
                if condition.value(scope) is False:
                    return False, ""
            except TooCostly:
                raise
            except EvaluationError as error:
                errors.append(_erred(condition, error))
        if not errors:
            return True, ""
        if not self.compiled.policy.fails:
            return False, ""
        unique = list(dict.fromkeys(errors))
        return False, unique[0] if len(unique) == 1 else f"[{', '.join(unique)}]"

    def _annotations(self, scope: Scope) -> Iterator[Decision]:
        audit = self.compiled.policy.audit
        for annotation, program in zip(audit, self.compiled.audit, strict=True):
            try:
                value = program.value(scope)
            except TooCostly:
                raise
            except EvaluationError as error:
                if self.compiled.policy.fails:
                    words = _erred(program, error)
                    at = self._at(program.text)
                    yield self._decision(words, actions=("Deny",), failed=True, at=at)
                continue
            text = value.strip() if isinstance(value, str) else ""
            if text:
                words = f"{self.compiled.name}/{annotation.name}: {text}"
                yield self._decision(words, actions=("Audit",))

    def _decision(
        self,
        message: str,
        *,
        actions: tuple[str, ...],
        failed: bool = False,
        reason: str = "Invalid",
        at: Place | None = None,
    ) -> Decision:
        return Decision(
            policy=self.compiled.name,
            binding=self.binding.name,
            actions=actions,
            message=message,
            reason=reason,
            failed=failed,
            doubt=self.doubt,
            at=at,
        )


def _erred(program: Program, error: EvaluationError) -> str:
    return f"expression '{program.text}' resulted in error: {error}"


def _message(check: Check, scope: Scope, fixed: str) -> str:
    """messageExpression's, else message's, else the expression."""
    text = ""
    if check.message is not None:
        try:
            value = check.message.value(scope)
        except TooCostly:
            raise
        except EvaluationError:
            value = ""
        text = value.strip() if isinstance(value, str) else ""
        if len(text.encode()) > MOST_MESSAGE or "\n" in text:
            text = ""
    return text or fixed.strip() or f"failed expression: {check.expression.text.strip()}"
