"""Names: sites, kinds and objects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "fleet-reconciler.dev/"
SITE_LABEL = PREFIX + "site"
WAVE = PREFIX + "wave"
DEPENDS_ON = PREFIX + "depends-on"
WAIT = PREFIX + "wait"
TRUE = "true"  # the value of WAIT: later waves wait until the object is healthy
PRUNE = PREFIX + "prune"
CONFIRM = "confirm"  # the value of PRUNE: not pruned unless that is allowed
REPLACE = PREFIX + "replace"
ALLOW = "allow"  # the value of REPLACE: deleted and made anew where a field is immutable
FIELD_MANAGER = "fleet-reconciler"
API_VERSION = PREFIX + "v1alpha1"
POLICIES = "policies"  # the folder of the fleet repository that holds them

_PART = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


@dataclass(frozen=True, slots=True, order=True)
class SiteName:
    """A site in its region. ``str()`` is ``REGION/SITE``, ``.label`` is ``REGION.SITE``."""

    region: str
    site: str

    @classmethod
    def parse(cls, text: str) -> SiteName:
        """Read ``REGION/SITE``; each part at most 31 of ``[a-z0-9-]``. Raises ValueError."""
        parts = text.split("/")
        if len(parts) != 2 or not all(len(p) <= 31 and _PART.fullmatch(p) for p in parts):
            raise ValueError(
                f"{text!r} is not REGION/SITE: each part is 1 to 31 characters of a-z, 0-9 and"
                " '-', and begins and ends with a letter or digit"
            )
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.region}/{self.site}"

    @property
    def label(self) -> str:
        return f"{self.region}.{self.site}"

    @property
    def folder(self) -> str:
        """The overlay's folder in the fleet repository."""
        return f"sites/{self.region}/{self.site}"

    @property
    def notes_ref(self) -> str:
        return f"refs/notes/fleet/{self.region}/{self.site}"


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """A kind as manifests name it; group is ``""`` for the core group."""

    group: str
    version: str
    kind: str

    @classmethod
    def of(cls, api_version: str, kind: str) -> Kind:
        group, _, version = api_version.rpartition("/")
        return cls(group, version, kind)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind


_STABILITY = {"": 0, "beta": 1, "alpha": 2}
_VERSION = re.compile(r"v(\d{1,9})(?:(alpha|beta)(\d{1,9}))?")


def by_stability(version: str) -> tuple[int, int, int, str]:
    """Sorts as Kubernetes prefers versions: v2, v1, v1beta2, v1beta1, v1alpha1, then others.

    https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#version-priority
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        return (3, 0, 0, version)
    major, stage, minor = found.groups("")
    return (_STABILITY[stage], -int(major), -int(minor or 0), version)


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """An object without its version. Text form ``KIND[.GROUP]/[NAMESPACE/]NAME``."""

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> ObjectRef:
        """The ref of a manifest that has apiVersion, kind and metadata.name as strings."""
        metadata = manifest.get("metadata") or {}
        group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
        namespace = str(metadata.get("namespace") or "")
        return cls(group, str(manifest.get("kind", "")), namespace, str(metadata.get("name", "")))

    @classmethod
    def parse(cls, text: str) -> ObjectRef:
        """Read the text form back. Raises ValueError."""
        kind_group, *names = text.split("/")
        kind, _, group = kind_group.partition(".")
        if not kind or len(names) not in (1, 2) or not all(names):
            raise ValueError(f"{text!r} is not an object: expected KIND[.GROUP]/[NAMESPACE/]NAME")
        return cls(group, kind, names[0] if len(names) == 2 else "", names[-1])

    def __str__(self) -> str:
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return "/".join(filter(None, (kind, self.namespace, self.name)))
