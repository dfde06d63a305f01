"""``commonAnnotations``: the same annotations on every object and its pod template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.render.context import Context
from reconciler.render.items import Step
from reconciler.render.transformers.entries import put_entries


def from_field(words: dict[str, str], context: Context) -> Iterator[Step]:
    """``commonAnnotations`` of a kustomization."""
    yield put_entries(words, context.config.common_annotations, context)


def from_file(words: dict[str, Any], context: Context) -> Step:
    """AnnotationsTransformer: ``annotations``, ``fieldSpecs``."""
    return put_entries(words.get("annotations", {}), context.specs(words), context)
