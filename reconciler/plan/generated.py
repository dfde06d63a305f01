"""Generated ConfigMaps and Secrets whose content changed: the old one has a successor of another
name, and goes when nobody who is still rolling out needs it.

In: dropped refs and wanted manifests. Out: successors, and which declared workloads use one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.model.values import Record

_KINDS = {("", "ConfigMap"), ("", "Secret")}
_HASHED = re.compile(r"(.+)-[2456789bcdfghkmt]{10}")  # how a content's hash ends a name

ROLLED_OUT = frozenset(("CronJob", "DaemonSet", "Deployment", "StatefulSet"))

Base = tuple[str, str, str]  # kind, namespace, name without its hash


def successors(
    dropped: Iterable[ObjectRef],
    records: Mapping[ObjectRef, Record],
    objects: Iterable[Manifest],
) -> dict[ObjectRef, ObjectRef]:
    """Which of the dropped objects another generation of the same one took the place of.

    Without a record, as after the database was lost, the name alone says that it was generated.
    """
    newest = {
        base: manifest.ref
        for manifest in objects
        if manifest.origin.generator and (base := _base(manifest.ref))
    }
    found = {}
    for ref in dropped:
        record = records.get(ref)
        base = _base(ref)
        if base in newest and (record is None or record.origin.generator):
            found[ref] = newest[base]
    return found


def users(objects: Iterable[Manifest], old: ObjectRef, new: ObjectRef) -> tuple[Manifest, ...]:
    """Declared workloads that name either of the two: their Pods may still run with the old."""
    words = [f'"{ref.name}"'.encode() for ref in (old, new)]
    return tuple(
        manifest
        for manifest in objects
        if manifest.ref.namespace == old.namespace
        and manifest.ref.kind in ROLLED_OUT
        and any(word in manifest.body for word in words)
    )


def _base(ref: ObjectRef) -> Base | None:
    found = _HASHED.fullmatch(ref.name) if (ref.group, ref.kind) in _KINDS else None
    return (ref.kind, ref.namespace, found[1]) if found else None
