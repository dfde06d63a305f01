"""``configurations``: files that add fields to the transformers' table."""

from __future__ import annotations

from reconciler.render import config, shapes
from reconciler.render.config import Config
from reconciler.render.context import Context
from reconciler.render.shapes import Misshapen


def load(path: str, context: Context) -> Config:
    """One file of ``configurations``. Raises RenderError."""
    sources = context.settings(path)
    if not sources:
        return config.EMPTY
    try:
        return config.of(shapes.fit(sources[0].value, shapes.CONFIGURATION, lenient=False))
    except Misshapen as error:
        raise sources[0].error(
            f"error unmarshaling JSON: while decoding JSON: {error}", error.path
        ) from None
