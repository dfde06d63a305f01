"""The transformer configuration: which fields of which kinds each transformer touches.

kustomize's own table, with what ``configurations`` and ``crds`` of a level add. A level's
configuration is part of what it hands up, so that an overlay knows its bases' kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from reconciler.render.fieldspecs import FieldSpec, Specs
from reconciler.render.ids import Kind
from reconciler.schema import kustomize


class NameReference(NamedTuple):
    """Fields (``referrers``) that hold the name of an object of ``kind``."""

    kind: Kind
    referrers: Specs


_NONE = Specs()
_REMEMBERED = 1024


class Config(NamedTuple):
    """One list of specs a transformer, under the names of a configuration file.

    Told apart by identity.
    """

    name_prefix: Specs = _NONE
    name_suffix: Specs = _NONE
    namespace: Specs = _NONE
    common_labels: Specs = _NONE
    labels: Specs = _NONE
    template_labels: Specs = _NONE
    common_annotations: Specs = _NONE
    var_reference: Specs = _NONE
    images: Specs = _NONE
    replicas: Specs = _NONE
    name_reference: tuple[NameReference, ...] = ()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def merged(self, other: Config) -> Config:
        """This and the other's additions; this itself if there are none.

        A spec that an earlier, narrower one covers is no addition, so that a configuration can
        take the place of kustomize's own. Raises fieldspecs.Unfit.
        """
        return self if other is self else _merged(self, other)


@lru_cache(_REMEMBERED)
def _merged(mine: Config, theirs: Config) -> Config:
    changes: dict[str, Any] = {}
    for name, before, more in zip(Config._fields, mine, theirs, strict=True):
        after = _MERGE.get(name, Specs.merged)(before, more)
        if after is not before:
            changes[name] = _SORT.get(name, _sorted)(after)
    return mine._replace(**changes) if changes else mine


def of(words: Mapping[str, Any]) -> Config:
    """From the mapping of a configuration file, its shape already checked."""
    found: dict[str, Any] = {_FIELDS[name]: _specs(rows) for name, rows in words.items()}
    if "nameReference" in words:
        found["name_reference"] = _sorted_references(_references(words["nameReference"]))
    return Config(**found)


@cache
def default() -> Config:
    """kustomize's own table."""
    return of(kustomize.field_specs())


def _specs(rows: list[dict[str, Any]]) -> Specs:
    return _sorted(Specs(FieldSpec.of(row) for row in rows))


def _references(rows: list[dict[str, Any]]) -> tuple[NameReference, ...]:
    return tuple(
        NameReference(
            Kind(row.get("group", ""), row.get("version", ""), row.get("kind", "")),
            Specs(FieldSpec.of(spec) for spec in row.get("fieldSpecs", ())),
        )
        for row in rows
    )


def _merge_references(
    mine: tuple[NameReference, ...], theirs: tuple[NameReference, ...]
) -> tuple[NameReference, ...]:
    result = list(mine)
    for kind, referrers in theirs:
        at = next((n for n, known in enumerate(result) if known.kind == kind), None)
        if at is None:
            result.append(NameReference(kind, referrers))
        else:
            result[at] = NameReference(kind, result[at].referrers.merged(referrers))
    same = len(result) == len(mine) and all(
        a.referrers is b.referrers for a, b in zip(result, mine, strict=True)
    )
    return mine if same else tuple(result)


def _rank(kind: Kind) -> tuple[int, str]:
    """The order in which kinds are listed: by the table of kinds, then by name."""
    name = "_".join((kind.group or "~G", kind.version or "~V", kind.kind or "~K"))
    return kustomize.kind_rank(kind.kind), name


def _sorted(specs: Specs) -> Specs:
    return Specs(sorted(specs, key=lambda spec: _rank(spec.kind)))


def _sorted_references(rows: tuple[NameReference, ...]) -> tuple[NameReference, ...]:
    return tuple(sorted(rows, key=lambda row: _rank(row.kind)))


_FIELDS: Mapping[str, str] = {
    "namePrefix": "name_prefix",
    "nameSuffix": "name_suffix",
    "namespace": "namespace",
    "commonLabels": "common_labels",
    "labels": "labels",
    "templateLabels": "template_labels",
    "commonAnnotations": "common_annotations",
    "varReference": "var_reference",
    "images": "images",
    "replicas": "replicas",
    "nameReference": "name_reference",
}
_MERGE: Mapping[str, Callable[[Any, Any], Any]] = {"name_reference": _merge_references}
_SORT: Mapping[str, Callable[[Any], Any]] = {"name_reference": _sorted_references}
EMPTY = Config()
