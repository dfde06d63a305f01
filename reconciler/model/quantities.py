"""Kubernetes quantities as exact numbers: ``500m``, ``2Gi``, ``1e3``, ``30``."""

from __future__ import annotations

import re
from decimal import Context, Decimal

# Bounded on all sides, as strangers write them: no number has more digits than a disk has bytes.
_FORM = re.compile(r"([+-]?[0-9]{1,30}(?:\.[0-9]{0,30})?)([eE][+-]?[0-9]{1,2}|[A-Za-z]{0,2})")
_EXACT = Context(prec=200)
_SUFFIXES = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal("1e3"),
    **{name: Decimal(f"1e{3 * power}") for power, name in enumerate("MGTPE", start=2)},
    **{f"{name}i": Decimal(1024**power) for power, name in enumerate("KMGTPE", start=1)},
}


def parse(text: str) -> Decimal | None:
    """None for what is no quantity."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    number, suffix = found.groups()
    if suffix[:1] in ("e", "E") and suffix[1:]:
        return _EXACT.scaleb(Decimal(number), int(suffix[1:]))
    scale = _SUFFIXES.get(suffix)
    return None if scale is None else _EXACT.multiply(Decimal(number), scale)
