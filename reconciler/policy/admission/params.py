"""A binding's parameters, out of what the site declares and what came with the policies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler.policy.admission import selectors
from reconciler.policy.admission.requests import Resource, labels
from reconciler.policy.admission.values import ParamRef, Policy

Scoped = tuple[str, str]  # apiVersion and kind
NOT_FOUND = "no params found for policy binding with `Deny` parameterNotFoundAction"
_NO_KIND = "failed to find resource referenced by paramKind: '%s, Kind=%s'"
_NO_NAMESPACE = (
    "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
)


class NoKind(ValueError):
    """There is no such kind of parameters."""


class Params:
    """Objects by kind, namespace and name; of two with one name the first counts."""

    def __init__(
        self, objects: Iterable[Mapping[str, Any]], resource: Callable[[str, str], Resource]
    ) -> None:
        self._resource = resource
        self._by_kind: dict[Scoped, dict[tuple[str, str], Mapping[str, Any]]] = {}
        for value in objects:
            metadata = value.get("metadata")
            if not isinstance(metadata, dict):
                continue
            kind = (str(value.get("apiVersion", "")), str(value.get("kind", "")))
            space = (
                str(metadata.get("namespace") or "default") if resource(*kind).namespaced else ""
            )
            key = (space, str(metadata.get("name", "")))
            self._by_kind.setdefault(kind, {}).setdefault(key, value)

    def of(
        self, policy: Policy, ref: ParamRef | None, namespace: str
    ) -> list[Mapping[str, Any] | None]:
        """One run of the policy for each; ``[None]`` runs it without. Raises ValueError."""
        if policy.params is None:
            return [None]
        if not self._resource(*policy.params).known and policy.params not in self._by_kind:
            raise NoKind(_NO_KIND % policy.params)
        if ref is None:
            return [None]
        space = self._space(policy.params, ref, namespace)
        found: list[Mapping[str, Any] | None] = [*self._found(policy.params, ref, space)]
        if not found and ref.denies:
            raise ValueError(NOT_FOUND)
        return found

    def _space(self, kind: Scoped, ref: ParamRef, namespace: str) -> str:
        if not self._resource(*kind).namespaced:
            if ref.namespace:
                raise ValueError(
                    "paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
                )
            return ""
        space = ref.namespace or namespace
        if not space:
            raise ValueError(_NO_NAMESPACE)
        return space

    def _found(self, kind: Scoped, ref: ParamRef, space: str) -> Iterable[Mapping[str, Any]]:
        known = self._by_kind.get(kind, {})
        if ref.name:
            value = known.get((space, ref.name))
            return () if value is None else (value,)
        selector = ref.selector or {}
        return [
            value
            for (where, _), value in known.items()
            if where == space and selectors.matches(selector, labels(value))
        ]
