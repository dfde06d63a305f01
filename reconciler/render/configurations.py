"""``configurations``: files that add fields to the transformers' table."""

from __future__ import annotations

from typing import Any

from reconciler.render import config, gonames, shapes
from reconciler.render.config import Config
from reconciler.render.context import Context
from reconciler.render.shapes import Misshapen


def load(path: str, context: Context) -> Config:
    """One file of ``configurations``. Raises RenderError."""
    sources = context.settings(path)
    if not sources:
        return config.EMPTY
    try:
        value = _with_texts(sources[0].value)
        return config.of(shapes.fit(value, shapes.CONFIGURATION, (gonames.CONFIGURATION,)))
    except Misshapen as error:
        raise sources[0].error(
            f"error unmarshaling JSON: while decoding JSON: {error}", error.path[1:]
        ) from None


def _with_texts(value: Any) -> Any:
    """The value with each ``path`` as text: the one scalar of which sigs.k8s.io/yaml makes one.

    It knows the type of a field that is not of an embedded struct (github.com/kubernetes-sigs/yaml,
    ``convertToJSONableObject``).
    """
    if isinstance(value, list):
        return [_with_texts(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _text(item) if key.lower() == "path" else _with_texts(item)
        for key, item in value.items()
    }


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    return _shortest(value) if isinstance(value, float) else value


def _shortest(value: float) -> str:
    """As Go's ``FormatFloat(value, 'g', -1, 64)``: with an exponent from -5 down and 6 up."""
    from decimal import Decimal  # which few files need

    exact = Decimal(repr(value)).normalize()
    _, digits, exponent = exact.as_tuple()
    assert isinstance(exponent, int)  # there are no infinities
    power = len(digits) + exponent - 1
    if -5 < power < 6:
        return f"{exact:f}"
    mantissa, _, _ = f"{value:.{len(digits) - 1}e}".partition("e")
    return f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02}"
