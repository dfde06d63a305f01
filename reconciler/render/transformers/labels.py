"""``labels`` and ``commonLabels``: the same labels on every object.

``commonLabels`` also go into selectors and templates; ``labels`` only where
``includeSelectors``, ``includeTemplates`` or own ``fields`` ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.render.context import Context
from reconciler.render.fieldspecs import FieldSpec, Specs
from reconciler.render.ids import Kind
from reconciler.render.items import Step
from reconciler.render.transformers.entries import put_entries

_METADATA = FieldSpec(Kind(), "metadata/labels", True)


def from_field(words: list[dict[str, Any]], context: Context) -> Iterator[Step]:
    """``labels`` of a kustomization."""
    for index, row in enumerate(words):
        here = context.under(index)
        with here.placing():
            specs = _specs(row, context)
        yield put_entries(row.get("pairs", {}), specs, here)


def common_from_field(words: dict[str, str] | None, context: Context) -> Iterator[Step]:
    """``commonLabels`` of a kustomization; kustomize counts them also where there are only
    ``labels``."""
    yield put_entries(words or {}, context.config.common_labels, context)


def from_file(words: dict[str, Any], context: Context) -> Step:
    """LabelTransformer: ``labels``, ``fieldSpecs``."""
    return put_entries(words.get("labels", {}), context.specs(words), context)


def _specs(row: dict[str, Any], context: Context) -> Specs:
    config = context.config
    specs = Specs(FieldSpec.of(spec) for spec in row.get("fields", ())).merged(config.labels)
    if row.get("includeSelectors"):
        return specs.merged(config.common_labels)
    if row.get("includeTemplates"):
        specs = specs.merged(config.template_labels)
    return specs.merged([_METADATA])
