"""Deletions that wait to be allowed, in words: for the note, the Site object and their message."""

from __future__ import annotations

from reconciler.model.values import HeldPrune

_NAMED = 3  # in the message; the list says more


def words(held: tuple[HeldPrune, ...]) -> str:
    """What is held, and what allows it."""
    named = ", ".join(str(each.ref) for each in held[:_NAMED])
    more = f" and {len(held) - _NAMED} more" if len(held) > _NAMED else ""
    whys = "; ".join(list(dict.fromkeys(each.why for each in held))[:_NAMED])
    return (
        f"not deleted: {named}{more}: {whys}. A commit with the trailer Fleet-Allow-Prune: all,"
        " or with their names in its place, lets them go, and so does prune.allow"
    )
