"""Whether a policy, or a binding, applies to a request, as Kubernetes decides it.

What is not known (the labels of a namespace that the site does not declare) never makes a policy
apply less: it is taken to apply, and the verdict is uncertain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.refs import Kind
from reconciler.policy.admission import selectors
from reconciler.policy.admission.requests import GENERATED, Request, Resource, labels
from reconciler.policy.admission.values import Match, Rule

UNKNOWN_LABELS = "the labels of its namespace are not declared by the site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """``kind`` is the version in which the rule wants the object; ``doubt`` is why it may not."""

    kind: Kind
    doubt: str = ""


def matched(match: Match, request: Request) -> Matched | None:
    """None where it does not apply."""
    kind = by_rules(match, request)
    return selected(match, request, kind) if kind else None


def by_rules(match: Match, request: Request) -> Kind | None:
    """The version in which its rules want the object, None where they do not.

    Requests for one resource, operation and name have one answer."""
    if _by_rules(match.exclude, match, request, excludes=True):
        return None
    if not match.include:
        return request.resource.kind
    return _by_rules(match.include, match, request, excludes=False)


def selected(match: Match, request: Request, kind: Kind) -> Matched | None:
    """What its selectors make of what ``by_rules`` found."""
    fits, doubt = _in_namespaces(match.namespaces, request)
    if not fits or not _fits_object(match.objects, request):
        return None
    return Matched(kind=kind, doubt=doubt)


def _in_namespaces(selector: Mapping[str, Any], request: Request) -> tuple[bool, str]:
    """Objects of the cluster are in no namespace, and a namespace is in itself."""
    if not selectors.keys(selector):
        return True, ""
    if (request.resource.kind.group, request.resource.kind.kind) == ("", "Namespace"):
        shown = request.labels if request.value is not None else request.old_labels
        return selectors.matches(selector, {**shown, GENERATED: request.ref.name}), ""
    space = request.namespace
    if not request.resource.namespaced:
        return True, ""
    if space.known or selectors.keys(selector) <= {GENERATED}:
        return selectors.matches(selector, labels(space.value)), ""
    return True, UNKNOWN_LABELS


def _fits_object(selector: Mapping[str, Any], request: Request) -> bool:
    """Either the new or the old object is enough."""
    if not selectors.keys(selector):
        return True
    shown = [value for value in (request.value, request.old) if value is not None]
    return any(selectors.matches(selector, labels(value)) for value in shown)


def _by_rules(
    rules: Iterable[Rule], match: Match, request: Request, *, excludes: bool
) -> Kind | None:
    """What excludes must be known to fit; what includes is taken to, where that is not known."""
    resource, kind = request.resource, request.resource.kind
    rules = tuple(rules)
    listed = tuple(rule for rule in rules if _fits_rule(rule, request, kind, excludes=excludes))
    if any(_any(rule.versions, kind.version) for rule in listed):
        return kind
    if match.exact:
        return None
    for rule in rules:
        for twin in resource.twins:
            is_meant = _fits_rule(rule, request, twin, excludes=excludes)
            if is_meant and _any(rule.versions, twin.version):
                return twin
    return _in_version(listed, resource, excludes=excludes)


def _in_version(listed: Iterable[Rule], resource: Resource, *, excludes: bool) -> Kind | None:
    """Another version of it that a rule names. One that nobody knows to be served may be."""
    kind = resource.kind
    served = [each for rule in listed for each in resource.versions if each in rule.versions]
    asked = [each for rule in listed for each in rule.versions if kind.group]
    others = served if excludes else [*served, *asked]
    return Kind(kind.group, others[0], kind.kind) if others else None


def _fits_rule(rule: Rule, request: Request, kind: Kind, *, excludes: bool) -> bool:
    """Of a kind that nothing here defines neither the plural nor the scope is known."""
    resource = request.resource
    may_be = not resource.known and not excludes
    is_namespace = (resource.kind.group, resource.kind.kind) == ("", "Namespace")
    scoped = "Namespaced" if resource.namespaced and not is_namespace else "Cluster"
    return (
        _any(rule.operations, request.operation)
        and _any(rule.groups, kind.group)
        and (
            _fits_resource(rule.resources, resource.plural)
            or (may_be and any(_may_be(word, resource.kind.kind) for word in rule.resources))
        )
        and (may_be or rule.scope in ("*", scoped))
        and (not rule.names or request.ref.name in rule.names)
    )


def names(rule: Rule, group: str, plural: str) -> bool:
    """Whether a rule speaks of a resource at all."""
    return _any(rule.groups, group) and _fits_resource(rule.resources, plural)


def _fits_resource(resources: Iterable[str], plural: str) -> bool:
    """No subresource is ever judged, and ``pods/*`` holds pods as well."""
    return any(word in ("*", "*/*", plural, f"{plural}/*") for word in resources)


def _may_be(word: str, kind: str) -> bool:
    """Whether a kind may be called so: ``net-attaches`` of NetAttach, ``gateways`` of Gateway."""
    singular = kind.lower()
    plurals = (singular, f"{singular}s", f"{singular}es", f"{singular[:-1]}ies")
    return word.partition("/")[0].replace("-", "") in plurals


def _any(words: Iterable[str], word: str) -> bool:
    return any(each in ("*", word) for each in words)
