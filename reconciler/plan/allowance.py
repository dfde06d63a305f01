"""What may be deleted though the budget would hold it, by trailers and by ``prune.allow``.

In: texts that anybody who commits may write. Out: whether an object is meant. A word is an
object's ref or ``all``; what is neither means nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reconciler.model.refs import ObjectRef
from reconciler.model.rules import PruneAllowance

ALL = "all"
_WORDS = 2_000  # of one commit


def words(texts: Iterable[str]) -> frozenset[str]:
    """``REF[, REF...]`` or ``all`` in each text; the refs in their one form."""
    parts = [part.strip() for text in texts for part in text.split(",")]
    return frozenset(filter(None, map(_word, parts[:_WORDS])))


def covers(allowed: Collection[str], ref: ObjectRef) -> bool:
    """Whether these words mean the object."""
    return ALL in allowed or str(ref) in allowed


def by_settings(rules: Iterable[PruneAllowance], ref: ObjectRef, now: float) -> bool:
    """Whether one of the rules that hold at ``now``, Unix seconds, means the object."""
    return any(now < rule.until and covers(rule.refs, ref) for rule in rules)


def _word(text: str) -> str:
    if text.lower() == ALL:
        return ALL
    try:
        return str(ObjectRef.parse(text))
    except ValueError:
        return ""
