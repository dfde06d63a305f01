"""METRICS: every metric there is. ``events`` says what feeds them, docs/metrics.md shows both.

Every label has a fixed set of values, or one for the life of the process: no name of an object,
a commit or a server's word ever is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.values import Health, State, Sync

PREFIX = "fleet_reconciler_"
OTHER = "other"  # stands for every value that is not in a label's set

_QUICK = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)

# The API server's, and ours for answers without one; admission webhooks invent their own.
REFUSALS = (
    "AlreadyExists",
    "BadRequest",
    "BeingDeleted",
    "Conflict",
    "FieldManagerConflict",
    "Forbidden",
    "Immutable",
    "Invalid",
    "KindUnknown",
    "NamespaceNotFound",
    "NamespaceTerminating",
    "NotEstablished",
    "NotFound",
    "SchemaError",
    "TooLarge",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """``labels`` maps a label to its values; none for one that is set once, at the start."""

    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()


def _counter(text: str, **labels: tuple[str, ...]) -> Metric:
    return Metric(kind="counter", help=text, labels=labels)


def _gauge(text: str, **labels: tuple[str, ...]) -> Metric:
    return Metric(kind="gauge", help=text, labels=labels)


def _histogram(text: str, buckets: tuple[float, ...]) -> Metric:
    return Metric(kind="histogram", help=text, buckets=buckets)


METRICS: Mapping[str, Metric] = {
    "build_info": _gauge("1, with the agent's version and its site.", version=(), site=()),
    # The site as a whole, in the note's words.
    "ready": _gauge("1 if the newest commit is applied and no object is degraded."),
    "state": _gauge("1 for the site's state, 0 for the others.", state=tuple(map(str, State))),
    "sync": _gauge("1 for the newest commit's sync, 0 for the others.", sync=tuple(map(str, Sync))),
    "health": _gauge(
        "1 for the health of the site's objects, 0 for the others.", health=tuple(map(str, Health))
    ),
    "objects": _gauge("Objects that the site renders."),
    "reports_total": _counter("Times that the site's report changed."),
    "last_synced_timestamp_seconds": _gauge("When a commit was last applied in full, Unix time."),
    # Fetch and verify.
    "fetches_total": _counter("Fetches of the fleet repository.", result=("done", "failed")),
    "fetch_seconds": _histogram("Duration of fetches that succeeded.", _SLOW),
    "last_fetch_timestamp_seconds": _gauge("When a fetch last succeeded, Unix time."),
    "source_unavailable": _gauge("1 from a failed fetch to the next that succeeds."),
    "commits_verified_total": _counter("Commits that passed verification."),
    "commits_refused_total": _counter("Times that verification refused a commit."),
    # Render and judge.
    "renders_total": _counter("Renders of the site.", result=("done", "failed", "denied")),
    "render_seconds": _histogram("Duration of renders that succeeded.", _QUICK),
    # Apply.
    "apply_seconds": _histogram(
        "Duration of applies, from the first wave to the last prune.", _SLOW
    ),
    "objects_applied_total": _counter("Objects written because a commit changed them."),
    "objects_pruned_total": _counter("Objects deleted because a commit no longer has them."),
    "objects_mended_total": _counter("Objects that others' fields were taken out of the way for."),
    "objects_replaced_total": _counter("Objects deleted and made anew, as their manifests allow."),
    "objects_held_total": _counter("Objects not tried, as what they need failed."),
    "prunes_held": _gauge("Objects that are not deleted until that is allowed."),
    "object_failures_total": _counter("Objects that the API server refused.", reason=REFUSALS),
    # Drift.
    "drift_corrections_total": _counter("Drifted objects that were put right."),
    "drift_correction_seconds": _histogram(
        "From the event that showed drift to its correction.", _QUICK
    ),
    "drift_left_total": _counter(
        "Drifted fields that were left as they are.", outcome=("warned", "contested", "paused")
    ),
    "drift_failures_total": _counter("Corrections that were refused.", reason=REFUSALS),
    "watch_lists_total": _counter("Initial lists that a watch completed."),
    "watch_refusals_total": _counter("Times that a kind could not be watched.", reason=REFUSALS),
    # The links.
    "cluster_unavailable": _gauge("1 while the API server is not reached."),
    "cluster_failures_total": _counter("Times that the API server was not reached."),
    "note_pushes_total": _counter("Pushes of the status note.", result=("done", "failed")),
    "note_push_seconds": _histogram("Duration of pushes that succeeded.", _SLOW),
    # The agent itself.
    "state_rebuilds_total": _counter("Times that a damaged database was set aside and rebuilt."),
    "state_failures_total": _counter("Times that the state folder could not be used."),
    "configuration_changes_total": _counter(
        "Changes of the configuration on site.", result=("taken", "refused")
    ),
    "log_lines_dropped_total": _counter("Log lines that could not be written."),
}
