"""Scalars as the text that a YAML file would hold, and back.

Several of kustomize's rules compare or join values by their text: merge keys, labels made of
numbers, image names, replacements. Every transformer comes here for that.
"""

from __future__ import annotations

from typing import Any

from reconciler.documents import styles

_WRITTEN = frozenset(
    (styles.Date, styles.Folded, styles.Real, styles.Truth, styles.Unreadable, styles.Whole)
)
CONTAINERS = (dict, list)  # for isinstance: a tuple is made once, ``dict | list`` each time


def is_scalar(value: Any) -> bool:
    """Null counts as a scalar."""
    return not isinstance(value, CONTAINERS)


def text(value: Any) -> str:
    """A scalar's text; ``""`` for a map or a list, which have none."""
    if value.__class__ is str:
        return value
    if value.__class__ in _WRITTEN:
        known: Any = value
        return str(known.written)
    if isinstance(value, str):
        return str(value)
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "null"
    if isinstance(value, float):
        return number(value)
    return str(value) if isinstance(value, int) else ""


def number(value: float) -> str:
    """A float as Go prints it: shortest form, ``1e+21`` and ``1e-07`` beyond plain notation."""
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    shown = repr(value)
    mantissa, e, exponent = shown.partition("e")
    if not e:
        return shown
    return f"{mantissa}e{exponent[0]}{exponent[1:].zfill(2)}"


def string_map(value: Any) -> dict[str, str]:
    """A map of scalars with each value as its text; maps and lists in it become ``""``."""
    if not isinstance(value, dict):
        return {}
    return {key: text(item) for key, item in value.items()}
