"""Settings in files of their own: configurations."""

from __future__ import annotations

from reconciler.render import config, shapes
from reconciler.render.config import Config
from reconciler.render.context import Context
from reconciler.render.shapes import Misshapen


def configuration(path: str, context: Context) -> Config:
    """A file of ``configurations``. Raises RenderError."""
    sources = context.settings(path)
    if not sources:
        return config.EMPTY
    try:
        return config.of(shapes.fit(sources[0].value, shapes.CONFIGURATION))
    except Misshapen as error:
        raise sources[0].error(f"error unmarshaling: while decoding {error}", error.path) from None
