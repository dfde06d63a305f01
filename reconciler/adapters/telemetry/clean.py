"""Fields as they may be shown: numbers as they are, all else one bounded, printable line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

LONGEST = 1_000  # characters
_ITEMS = 20

Clean = str | int | float | bool


def clean(fields: Mapping[str, object]) -> dict[str, Clean]:
    """The fields without those that are None or empty."""
    shown = {name: value(found) for name, found in fields.items() if found is not None}
    return {name: found for name, found in shown.items() if found != ""}


def value(found: object) -> Clean:
    if isinstance(found, str):
        return line(found)
    if isinstance(found, bool | int):
        return found
    if isinstance(found, float):
        return round(found, 4) if math.isfinite(found) else str(found)
    if isinstance(found, tuple | list | set | frozenset):
        return line(_listed(found))
    return line(str(found))


def _listed(items: tuple[object, ...] | list[object] | Iterable[object]) -> str:
    every = list(items)
    more = [f"and {len(every) - _ITEMS} more"] if len(every) > _ITEMS else []
    return "; ".join([*(str(item) for item in every[:_ITEMS]), *more])


def line(text: str) -> str:
    """Line ends, escapes and what turns writing around become blanks."""
    clipped = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "".join(c if c.isprintable() else " " for c in clipped).strip()
