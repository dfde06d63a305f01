"""What is printed for a build's objects."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.documents import dump
from reconciler.render.build import Resource


def to_yaml(resources: Iterable[Resource]) -> str:
    """The bytes of ``kustomize build``, as text."""
    return dump.dump_all(resource.value for resource in resources)
