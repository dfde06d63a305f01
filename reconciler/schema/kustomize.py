"""What kustomize knows of kinds: their fields' merge keys, scopes, order, and field specs.

Its tables are those of Kubernetes 1.21, whatever the cluster is. Asked by ``render``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from reconciler.schema.openapi import Shapes
from reconciler.schema.tables import table


@cache
def shapes() -> Shapes:
    """The built-in kinds, as far as a list is merged anywhere in them."""
    return Shapes(table("shapes"))


def definitions() -> Mapping[str, Any]:
    """The built-in OpenAPI definitions by the names that others may refer to, and by the short
    ones that they have for each other; as far as a list is merged anywhere in them."""
    own = table("shapes")
    return {**own, **{name: own[short] for name, short in table("shapenames").items()}}


def field_specs() -> Mapping[str, list[dict[str, Any]]]:
    """Which fields of which kinds each transformer touches, as a ``configurations`` file has it.

    namePrefix, nameSuffix, namespace, commonLabels, templateLabels, commonAnnotations,
    varReference, images, replicas; and nameReference, whose rows are kinds with fieldSpecs.
    """
    specs: Mapping[str, list[dict[str, Any]]] = table("kustomize")["fieldSpecs"]
    return specs


def is_cluster_scoped(api_version: str, kind: str) -> bool:
    """Whether a kind certainly has no namespace; one that is not known counts as having one."""
    return kind in table("kustomize")["clusterScoped"].get(api_version, ())


@cache
def _ranks() -> dict[str, int]:
    orders = table("kustomize")["order"]
    first, last = orders["first"], orders["last"]
    ranks = {kind: place - len(first) for place, kind in enumerate(first)}
    return ranks | {kind: place for place, kind in enumerate(last, 1)}


def kind_rank(kind: str) -> int:
    """A kind's place in the legacy order: below 0 for early kinds, 0 for most, above for late."""
    return _ranks().get(kind, 0)
