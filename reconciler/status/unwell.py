"""Objects that are not healthy, and what waits for them, put into the site's words.

In: a Situation, and what the engine knows of health. Out: the Situation with both. Called by the
engine for each report.
"""

from __future__ import annotations

import dataclasses

from reconciler.model.values import Awaited, Health, Sync, Unwell
from reconciler.status import note
from reconciler.status.report import Situation


def told(
    situation: Situation,
    *,
    health: Health,
    unwell: tuple[Unwell, ...],
    awaited: tuple[Awaited, ...],
) -> Situation:
    """A wave that waits too long has failed; a site that is degraded says why."""
    now = dataclasses.replace(situation, health=health, unwell=unwell)
    if situation.reason == note.WAITING and awaited:
        late = any(each.late for each in awaited)
        return dataclasses.replace(
            now,
            waiting=awaited,
            sync=Sync.FAILED if late else Sync.PROGRESSING,
            reason=note.STALLED if late else note.WAITING,
            message=_waiting(awaited),
        )
    if health is Health.DEGRADED and not situation.reason:
        words = [first(unwell), situation.message]
        message = "; ".join(word for word in words if word)
        return dataclasses.replace(now, reason=note.STALLED, message=message)
    return now


def first(unwell: tuple[Unwell, ...]) -> str:
    """The worst of them in a sentence; ``""`` where all are healthy."""
    if not unwell:
        return ""
    worst = unwell[0]
    more = f", and {len(unwell) - 1} more" if len(unwell) > 1 else ""
    return f"{worst.ref}: {worst.message}{more}"


def _waiting(awaited: tuple[Awaited, ...]) -> str:
    """Those whose deadline has passed come first."""
    worst = min(awaited, key=lambda each: (not each.late, each.ref))
    count = sum(each.objects for each in awaited)
    words = f"{count} objects wait" if count > 1 else "1 object waits"
    others = f" and {len(awaited) - 1} more" if len(awaited) > 1 else ""
    return f"{words} for {worst.ref}{others}: {worst.message or 'it is healthy by now'}"
