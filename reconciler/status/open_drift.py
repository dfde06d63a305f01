"""Which objects are not as they should be right now, as the state keeps it for ``drift``.

In: the engine's mapping. Out: a short text, and the same mapping of it. The journal alone cannot
say it: what was only warned of ends without a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from reconciler.model.journal import Outcome
from reconciler.model.refs import ObjectRef

KEY = "drift-open"  # in the state's meta table
_MOST = 1_000  # objects that are named


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """``objects`` names at most 1,000 of ``total``."""

    total: int = 0
    objects: Mapping[ObjectRef, Outcome] = field(default_factory=dict)


def pack(standing: Mapping[ObjectRef, Outcome]) -> str:
    """``""`` where all is as it should be."""
    if not standing:
        return ""
    named = sorted((str(ref), str(outcome)) for ref, outcome in standing.items())[:_MOST]
    return orjson.dumps({"total": len(standing), "objects": dict(named)}).decode()


def unpack(text: str) -> Standing:
    """Raises ValueError for what ``pack`` did not make."""
    if not text:
        return Standing()
    words = orjson.loads(text)
    try:
        return Standing(
            total=int(words["total"]),
            objects={
                ObjectRef.parse(ref): Outcome(outcome) for ref, outcome in words["objects"].items()
            },
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no list of open drift: {error!r}") from None
