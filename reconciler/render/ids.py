"""What names an object while it is built: kind, name and namespace, now and before.

Two objects collide, and a patch finds its object, by ``Id.key``: an object without a
namespace counts as being in ``default``, and one whose kind is cluster-scoped in none.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from reconciler.render.scalars import text
from reconciler.schema import kustomize

DEFAULT = "default"
CLUSTER = "_non_namespaceable_"  # the effective namespace of what has none
_COMMONS = 4096


class Kind(NamedTuple):
    """A kind, or a pattern for kinds in which ``""`` matches anything."""

    group: str = ""
    version: str = ""
    kind: str = ""

    def selects(self, other: Kind) -> bool:
        return (
            (not self.group or self.group == other.group)
            and (not self.version or self.version == other.version)
            and (not self.kind or self.kind == other.kind)
        )

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        return f"{self.kind or '[noKind]'}.{self.version or '[noVer]'}.{self.group or '[noGrp]'}"


class Id(NamedTuple):
    """An object's kind, name and namespace; ``space`` is the namespace that it counts as in."""

    kind: Kind
    name: str
    namespace: str
    space: str

    @property
    def key(self) -> tuple[Kind, str, str]:
        return (self.kind, self.name, self.space)

    def __str__(self) -> str:
        return f"{self.kind}/{self.name or '[noName]'}.{self.namespace or '[noNs]'}"


class Former(NamedTuple):
    """What an object was called before a step changed it; group and version stay the object's."""

    kind: str
    name: str
    space: str


@lru_cache(_COMMONS)
def kind_of(api_version: str, kind: str) -> Kind:
    group, slash, version = api_version.partition("/")
    return Kind(group, version, kind) if slash else Kind("", api_version, kind)


@lru_cache(_COMMONS)
def is_cluster_scoped(kind: Kind) -> bool:
    """Only for kinds that are certainly so; an unknown kind counts as namespaced."""
    return kustomize.is_cluster_scoped(kind.api_version, kind.kind)


def space_of(kind: Kind, namespace: str) -> str:
    if is_cluster_scoped(kind):
        return CLUSTER
    return namespace or DEFAULT


def of(value: Mapping[str, Any]) -> Id:
    """An object's present Id."""
    api_version, kind_name = value.get("apiVersion", ""), value.get("kind", "")
    if api_version.__class__ is not str or kind_name.__class__ is not str:
        api_version, kind_name = text(api_version), text(kind_name)
    kind = kind_of(api_version, kind_name)
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        return Id(kind, "", "", space_of(kind, ""))
    name, namespace = metadata.get("name"), metadata.get("namespace")
    name = name if isinstance(name, str) else _meta_text(name)
    namespace = namespace if isinstance(namespace, str) else _meta_text(namespace)
    return Id(kind, name, namespace, space_of(kind, namespace))


def of_former(kind: Kind, former: Former) -> Id:
    return Id(Kind(kind.group, kind.version, former.kind), former.name, former.space, former.space)


def _meta_text(value: Any) -> str:
    return "" if value is None else text(value)
