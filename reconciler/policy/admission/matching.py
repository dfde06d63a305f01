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
from reconciler.policy.admission.requests import GENERATED, Request, labels
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
    if _by_rules(match.exclude, match, request):
        return None
    if not match.include:
        return request.resource.kind
    return _by_rules(match.include, match, request)


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


def _by_rules(rules: Iterable[Rule], match: Match, request: Request) -> Kind | None:
    kind = request.resource.kind
    listed = tuple(rules)
    for rule in listed:
        if _fits_rule(rule, request) and (_any(rule.versions, kind.version)):
            return kind
    if match.exact:
        return None
    for rule in listed:  # the same resource in another version
        if _fits_rule(rule, request) and request.resource.known:
            other = next((each for each in rule.versions if each != "*"), "")
            return Kind(kind.group, other, kind.kind) if _served(kind, other) else None
    return None


def _fits_rule(rule: Rule, request: Request) -> bool:
    resource = request.resource
    is_namespace = (resource.kind.group, resource.kind.kind) == ("", "Namespace")
    scoped = "Namespaced" if resource.namespaced and not is_namespace else "Cluster"
    return (
        _any(rule.operations, request.operation)
        and _any(rule.groups, resource.kind.group)
        and _fits_resource(rule.resources, resource.plural)
        and rule.scope in ("*", scoped)
        and (not rule.names or request.ref.name in rule.names)
    )


def _fits_resource(resources: Iterable[str], plural: str) -> bool:
    """No subresource is ever judged, and ``pods/*`` holds pods as well."""
    return any(word in ("*", "*/*", plural, f"{plural}/*") for word in resources)


def _any(words: Iterable[str], word: str) -> bool:
    return any(each in ("*", word) for each in words)


def _served(kind: Kind, version: str) -> bool:
    return bool(version) and (kind.group, kind.version) != ("", version)
