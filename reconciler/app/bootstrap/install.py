"""Objects into the cluster, by server-side apply, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.adapters import kube
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An object that was applied; ``change`` is created, changed or unchanged."""

    ref: ObjectRef
    change: str


def apply(setup: kube.Setup, manifests: Sequence[Manifest], *, force: bool) -> Iterator[Done]:
    """One after the other, so that what is said is what is done. Raises ClusterRefused and
    ClusterUnavailable; doing it again goes on where that ended."""
    for manifest in manifests:
        ref = manifest.ref
        before = setup.read(manifest.kind, ref.namespace, ref.name)
        after = setup.apply(manifest, force=force, dry_run=False)
        if before is None:
            change = "created"
        elif before["metadata"].get("resourceVersion") == after.resource_version:
            change = "unchanged"
        else:
            change = "changed"
        yield Done(ref=ref, change=change)
