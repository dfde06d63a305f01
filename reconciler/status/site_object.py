"""The Site object: the report as the cluster shows it, with conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.refs import API_VERSION, Kind, ObjectRef
from reconciler.model.values import Health, Report, Sync
from reconciler.status import note, unwell

KIND = Kind.of(API_VERSION, "Site")
_HEALTHY = {
    Health.HEALTHY: "True",
    Health.PROGRESSING: "Unknown",
    Health.DEGRADED: "False",
    Health.UNKNOWN: "Unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """``since`` is when the status last changed, RFC 3339."""

    type: str
    status: str
    reason: str
    message: str
    since: str


def ref(report: Report) -> ObjectRef:
    return ObjectRef(KIND.group, KIND.kind, "", report.site.label)


def conditions(
    report: Report, offline: str, before: Mapping[str, tuple[str, str]]
) -> tuple[Condition, ...]:
    """Ready, Fetched, Synced, Healthy.

    ``offline`` is why the last fetch failed, ``""`` if it did not; ``before`` maps a type to its
    last (status, since), kept where the status is the same.
    """
    ready = report.sync is Sync.SYNCED and report.health is not Health.DEGRADED
    fetched = not offline and bool(report.commit)
    synced = report.sync is Sync.SYNCED
    reason = report.reason or str(report.sync)
    applied = (str(report.sync), "") if synced and report.reason == note.STALLED else None
    rows = (
        ("Ready", _word(ready), reason, report.message),
        ("Fetched", _word(fetched), "Fetched" if fetched else "FetchFailed", offline),
        ("Synced", _word(synced), *(applied or (reason, report.message))),
        ("Healthy", _HEALTHY[report.health], str(report.health), unwell.first(report.unwell)),
    )
    now = note.timestamp(report.time)
    return tuple(
        Condition(
            type=kind,
            status=status,
            reason=reason,
            message=note.short(message),
            since=since if (since := _since(before.get(kind), status)) else now,
        )
        for kind, status, reason, message in rows
    )


def status(report: Report, conditions: tuple[Condition, ...]) -> dict[str, Any]:
    """The object's status; ``time`` is the report's, so it is written only with other news."""
    listed = [
        {
            "type": condition.type,
            "status": condition.status,
            "reason": condition.reason,
            "message": condition.message,
            "lastTransitionTime": condition.since,
        }
        for condition in conditions
    ]
    return {**note.content(report), "conditions": listed}


def _word(truth: bool) -> str:
    return "True" if truth else "False"


def _since(before: tuple[str, str] | None, status: str) -> str:
    return before[1] if before and before[0] == status else ""
