"""The site's report: what happened, put into the words of the note and the Site object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.overrides import Dropped, Overridden
from reconciler.model.pauses import Held
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Finding
from reconciler.model.values import (
    Awaited,
    Contest,
    Counts,
    Failure,
    Health,
    HeldPrune,
    Report,
    State,
    Sync,
    Unwell,
)
from reconciler.status import note

_NOTHING = Counts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the engine knows. ``offline`` is why the last fetch failed, ``""`` if it did not."""

    commit: str = ""
    applied: str = ""
    sync: Sync = Sync.PROGRESSING
    reason: str = ""
    message: str = ""
    offline: str = ""
    objects: Counts = _NOTHING
    failed: tuple[Failure, ...] = ()
    findings: tuple[Finding, ...] = ()
    drift_open: int = 0
    drift_corrected: int = 0
    paused: tuple[Held, ...] = ()
    overridden: tuple[Overridden, ...] = ()  # values as shown
    dropped: tuple[Dropped, ...] = ()
    held: tuple[HeldPrune, ...] = ()
    contested: tuple[Contest, ...] = ()
    health: Health = Health.UNKNOWN
    unwell: tuple[Unwell, ...] = ()
    waiting: tuple[Awaited, ...] = ()


_STATE_OF_SYNC: Mapping[Sync, State] = {
    Sync.FAILED: State.FAILED,
    Sync.BLOCKED: State.BLOCKED,
    Sync.PROGRESSING: State.PROGRESSING,
    Sync.SYNCED: State.SYNCED,
}


def state(sync: Sync, health: Health, drift_open: int, *, paused: bool = False) -> State:
    """The first that holds, in the order of State."""
    holds = {_STATE_OF_SYNC[sync]}
    if paused:
        holds.add(State.PAUSED)
    if health is Health.DEGRADED:
        holds.add(State.DEGRADED)
    if drift_open:
        holds.add(State.DRIFTED)
    return next(word for word in State if word in holds)


def make(situation: Situation, site: SiteName, *, time: float, agent: str) -> Report:
    """The report of this situation. A failed fetch is its reason only where nothing worse is."""
    reason, message = situation.reason, situation.message
    if not reason:
        words = [*map(_sentence, situation.paused), message, situation.offline]
        message = "; ".join(filter(None, words))
        reason = note.OFFLINE if situation.offline else ""
    return Report(
        site=site,
        commit=situation.commit,
        applied=situation.applied,
        time=time,
        agent=agent,
        state=state(
            situation.sync,
            situation.health,
            situation.drift_open,
            paused=bool(situation.paused),
        ),
        sync=situation.sync,
        health=situation.health,
        reason=reason,
        message=message,
        objects=situation.objects,
        failed=situation.failed,
        findings=situation.findings,
        drift_open=situation.drift_open,
        drift_corrected=situation.drift_corrected,
        paused=situation.paused,
        overridden=situation.overridden,
        dropped=situation.dropped,
        held=situation.held,
        contested=situation.contested,
        unwell=situation.unwell,
        waiting=situation.waiting,
    )


def _sentence(held: Held) -> str:
    what = f"{held.object} is paused" if held.object else "paused"
    if held.until is None:
        return held.reason
    return f"{what} until {note.timestamp(held.until)}: {held.reason}"


def worse(before: State, now: State) -> bool:
    """Whether ``now`` is news that must not wait."""
    if now is State.PROGRESSING:
        return False  # on its way to what comes next
    order = list(State)
    return order.index(now) < order.index(before)
