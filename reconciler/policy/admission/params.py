"""A binding's parameters, out of what the site declares and what came with the policies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler.policy.admission import selectors
from reconciler.policy.admission.requests import Resource, labels
from reconciler.policy.admission.values import ParamRef, Policy

Scoped = tuple[str, str]  # apiVersion and kind, or group and kind
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
        self._converted: dict[tuple[str, int], Mapping[str, Any]] = {}  # each the same each time
        for value in objects:
            metadata = value.get("metadata")
            if not isinstance(metadata, dict):
                continue
            kind = (str(value.get("apiVersion", "")), str(value.get("kind", "")))
            space = (
                str(metadata.get("namespace") or "default") if resource(*kind).namespaced else ""
            )
            key = (space, str(metadata.get("name", "")))
            self._by_kind.setdefault(grouped(*kind), {}).setdefault(key, value)

    def of(
        self, policy: Policy, ref: ParamRef | None, namespace: str
    ) -> list[Mapping[str, Any] | None]:
        """One run of the policy for each; ``[None]`` runs it without. Raises ValueError."""
        if policy.params is None:
            return [None]
        self._must_be_served(*policy.params)
        if ref is None:
            return [None]
        space = self._space(policy.params, ref, namespace)
        found: list[Mapping[str, Any] | None] = [*self._found(policy.params, ref, space)]
        if not found and ref.denies:
            raise ValueError(NOT_FOUND)
        return found

    def _must_be_served(self, api_version: str, kind: str) -> None:
        """Raises NoKind. Of a kind that nothing defines there is what the site declares."""
        resource = self._resource(api_version, kind)
        listed = self._by_kind.get(grouped(api_version, kind), {}).values()
        has = any(each.get("apiVersion") == api_version for each in listed)
        if resource.kind.version not in resource.served if resource.known else not has:
            group, version = resource.kind.group, resource.kind.version
            raise NoKind(_NO_KIND % (f"{group}/{version}", kind))

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
        known = self._by_kind.get(grouped(*kind), {})
        if ref.name:
            value = known.get((space, ref.name))
            return () if value is None else (self._in(kind[0], value),)
        selector = ref.selector or {}
        return [
            self._in(kind[0], value)
            for (where, _), value in known.items()
            if where == space and selectors.matches(selector, labels(value))
        ]

    def _in(self, api_version: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """A parameter in the version that a policy wants. Raises ValueError."""
        own = str(value.get("apiVersion"))
        if own == api_version:
            return value
        if self._resource(own, str(value.get("kind"))).converts:
            raise ValueError(f"only the API server can make {api_version} of {own}")
        key = (api_version, id(value))
        return self._converted.setdefault(key, {**value, "apiVersion": api_version})


def grouped(api_version: str, kind: str) -> Scoped:
    """Group and kind: an object is there in each version that is served."""
    return api_version.rpartition("/")[0], kind
