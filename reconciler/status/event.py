"""Kubernetes events: the site's news, and objects that were put right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from reconciler.model import journal
from reconciler.model.journal import Change, Outcome
from reconciler.model.refs import Kind, ObjectRef, SiteName
from reconciler.model.values import Health, Report, Sync
from reconciler.status import note, site_object

_CLUSTER_SCOPED = "default"  # where the API server wants events about objects without a namespace
_REASONS = {
    Outcome.CORRECTED: "DriftCorrected",
    Outcome.WARNED: "DriftWarned",
    Outcome.CONTESTED: "DriftContested",
    Outcome.PAUSED: "DriftPaused",
    Outcome.FAILED: "DriftNotCorrected",
}
_ENDINGS = {
    Outcome.CORRECTED: "it is as declared again",
    Outcome.WARNED: "it is left so, as its mode is warn",
    Outcome.CONTESTED: "it is left so for a while, as it was taken back again and again",
    Outcome.PAUSED: "it is left so until the pause ends",
    Outcome.FAILED: "it could not be put right",
}
_TOLD = 3  # changes of one object in an event


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One event: about which object, in which namespace, and what it says.

    ``uid`` is the object's, ``""`` where it is not known: kubectl describe finds events by it.
    """

    about: ObjectRef
    uid: str = ""
    kind: Kind
    namespace: str
    warning: bool
    reason: str
    message: str


def of_report(report: Report, uid: str) -> Words:
    """The site's state in a sentence; ``uid`` is the Site object's."""
    if report.sync is Sync.SYNCED and not report.message:
        message = f"commit {report.applied[:12]} is applied: {report.objects.total} objects"
    else:
        message = f"commit {report.commit[:12]}: {report.message or report.sync}"
    return Words(
        about=site_object.ref(report),
        uid=uid,
        kind=site_object.KIND,
        namespace=_CLUSTER_SCOPED,
        warning=report.sync in (Sync.FAILED, Sync.BLOCKED) or report.health is Health.DEGRADED,
        reason=report.reason or str(report.sync),
        message=message,
    )


def of_drift(
    site: SiteName,
    ref: ObjectRef,
    kind: Kind,
    changes: Sequence[Change],
    outcome: Outcome,
    *,
    uid: str,
) -> Words:
    """Drift and what became of it, told where the object lives."""
    said = [journal.sentence(change) for change in changes[:_TOLD]]
    if len(changes) > _TOLD:
        said.append(f"and {len(changes) - _TOLD} more")
    ending = _ENDINGS[outcome]
    if outcome in (Outcome.WARNED, Outcome.CONTESTED) and changes:
        ending += f"; to leave it to others: {journal.rule_to_paste(ref, changes[0])}"
    return Words(
        about=ref,
        uid=uid,
        kind=kind,
        namespace=ref.namespace or _CLUSTER_SCOPED,
        warning=outcome is not Outcome.CORRECTED,
        reason=_REASONS[outcome],
        message=_with_end("; ".join(said), f"; {ending} (site {site})"),
    )


def _with_end(said: str, end: str) -> str:
    """However long the values are: what became of them, and the rule to paste, are not cut off."""
    return note.short(said, max(note.LONGEST - len(end), 1)) + end


def body(words: Words, *, component: str, time: str) -> bytes:
    """The Event (core/v1) to create; the server completes its name."""
    kind, ref = words.kind, words.about
    about = {"apiVersion": kind.api_version, "kind": kind.kind, "name": ref.name}
    if ref.namespace:
        about["namespace"] = ref.namespace
    if words.uid:
        about["uid"] = words.uid
    return orjson.dumps(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": "fleet-reconciler-", "namespace": words.namespace},
            "involvedObject": about,
            "type": "Warning" if words.warning else "Normal",
            "reason": words.reason,
            "message": note.short(words.message),
            "source": {"component": component},
            "reportingComponent": component,
            "firstTimestamp": time,
            "lastTimestamp": time,
            "count": 1,
        }
    )
