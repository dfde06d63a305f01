"""EVENTS: for each event that the engine tells, its log line and what it does to the metrics.

One row is read for both, so that they cannot disagree. Called by ``telemetry`` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass
from typing import Literal

Fields = Mapping[str, object]
Level = Literal["debug", "info", "warning", "error"]

# From an event's fields and the time, Unix seconds; None leaves the metric as it is.
Value = Callable[[Fields, float], float | None]


@dataclass(frozen=True, slots=True)
class Update:
    """Count, set or observe ``value``, as the metric's kind is.

    ``labels`` maps a label to the field that has its value, or to ``=WORD`` for a fixed one.
    ``only`` names a label of a gauge instead: its value in that field gets 1, the others 0.
    """

    metric: str
    value: Value
    labels: Mapping[str, str]
    only: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    level: Level
    message: str
    fields: tuple[str, ...]
    updates: tuple[Update, ...]


def _event(level: Level, message: str, fields: str = "", *updates: Update) -> Event:
    return Event(level=level, message=message, fields=tuple(fields.split()), updates=updates)


def _add(metric: str, value: Value | float = 1.0, **labels: str) -> Update:
    return Update(metric, value if callable(value) else _constant(value), labels)


_set = _observe = _add


def _only(metric: str, label: str) -> Update:
    return Update(metric, _constant(1.0), {label: label}, only=label)


def _constant(value: float) -> Value:
    return lambda fields, now: value


def _number(field: str) -> Value:
    """The field's number, or how many things it holds."""

    def value(fields: Fields, now: float) -> float:
        found = fields[field]
        if isinstance(found, int | float):
            return float(found)
        if isinstance(found, Sized) and not isinstance(found, str):
            return float(len(found))
        raise TypeError(f"the field {field} is no number: {type(found).__name__}")

    return value


def _now(fields: Fields, now: float) -> float:
    return now


def _now_if_complete(fields: Fields, now: float) -> float | None:
    failed, held = (_number(field)(fields, now) for field in ("failed", "held"))
    return None if failed or held else now


def _is_ready(fields: Fields, now: float) -> float:
    return float(fields["sync"] == "Synced" and fields["state"] != "Degraded")


EVENTS: Mapping[str, Event] = {
    "agent.started": _event(
        "info",
        "The agent started",
        "site version",
        _set("build_info", site="site", version="version"),
    ),
    "agent.listening": _event("info", "Serving /metrics, /healthz and /readyz", "address"),
    "agent.stopped": _event("info", "The agent stopped"),
    "configuration.changed": _event(
        "info",
        "The configuration changed and is in use",
        "",
        _add("configuration_changes_total", result="=taken"),
    ),
    "configuration.refused": _event(
        "error",
        "The configuration cannot be used; the one before stays",
        "error",
        _add("configuration_changes_total", result="=refused"),
    ),
    "state.rebuilt": _event(
        "warning", "The database is being rebuilt", "reason", _add("state_rebuilds_total")
    ),
    "state.unavailable": _event(
        "error",
        "The state folder cannot be used; trying again",
        "error delay",
        _add("state_failures_total"),
    ),
    "source.fetched": _event(
        "info",
        "Fetched the fleet repository",
        "commit seconds",
        _add("fetches_total", result="=done"),
        _observe("fetch_seconds", _number("seconds")),
        _set("last_fetch_timestamp_seconds", _now),
        _set("source_unavailable", 0.0),
    ),
    "source.failed": _event(
        "warning",
        "The fleet repository was not reached; trying again",
        "error delay",
        _add("fetches_total", result="=failed"),
        _set("source_unavailable", 1.0),
    ),
    "source.refused": _event(
        "error",
        "The commit is refused; what runs stays as it is",
        "commit error",
        _add("commits_refused_total"),
    ),
    "source.verified": _event(
        "debug",
        "Verified new commits",
        "commits",
        _add("commits_verified_total", _number("commits")),
    ),
    "render.done": _event(
        "info",
        "Rendered the site",
        "commit objects seconds",
        _add("renders_total", result="=done"),
        _observe("render_seconds", _number("seconds")),
    ),
    "render.failed": _event(
        "error",
        "The site cannot be rendered; what runs stays as it is",
        "commit reason error",
        _add("renders_total", result="=failed"),
    ),
    "judge.denied": _event(
        "error",
        "The site's objects are not allowed; what runs stays as it is",
        "commit findings",
        _add("renders_total", result="=denied"),
    ),
    "apply.started": _event("info", "Applying", "commit changes prunes"),
    "apply.done": _event(
        "info",
        "Applied",
        "commit applied pruned failed held seconds",
        _observe("apply_seconds", _number("seconds")),
        _add("objects_applied_total", _number("applied")),
        _add("objects_pruned_total", _number("pruned")),
        _add("objects_held_total", _number("held")),
        _set("last_synced_timestamp_seconds", _now_if_complete),
    ),
    "object.applied": _event("debug", "Applied an object", "ref"),
    "object.failed": _event(
        "error",
        "An object was refused",
        "ref reason message origin",
        _add("object_failures_total", reason="reason"),
    ),
    "object.health": _event("info", "An object's health changed", "ref health reason message"),
    "object.pruned": _event("info", "Pruned an object", "ref"),
    "object.released": _event(
        "warning", "An object that the commit dropped is left alone", "ref reason"
    ),
    "object.mended": _event(
        "info",
        "Others' fields were in the way of an object's and were taken out",
        "ref fields",
        _add("objects_mended_total"),
    ),
    "object.replaced": _event(
        "warning",
        "An object is deleted and made anew, as its manifest allows",
        "ref message",
        _add("objects_replaced_total"),
    ),
    "drift.corrected": _event(
        "info",
        "Put a drifted object right",
        "ref change field manager seconds",
        _add("drift_corrections_total"),
        _observe("drift_correction_seconds", _number("seconds")),
    ),
    "drift.left": _event(
        "warning",
        "A drifted field is left as it is",
        "ref field manager outcome",
        _add("drift_left_total", outcome="outcome"),
    ),
    "drift.failed": _event(
        "error",
        "A drifted object could not be put right",
        "ref reason message",
        _add("drift_failures_total", reason="reason"),
    ),
    "render.postponed": _event(
        "warning", "Rendering again has to wait for room or a file", "error delay"
    ),
    "override.dropped": _event(
        "warning", "A local override is dropped; everything else goes on", "file reason"
    ),
    "pause.began": _event("warning", "Paused: nothing is written", "object reason until by"),
    "pause.ended": _event("info", "A pause is over", "object by"),
    "watch.listed": _event(
        "debug", "A watch has its initial list", "kind objects", _add("watch_lists_total")
    ),
    "watch.refused": _event(
        "warning",
        "A kind cannot be watched",
        "kind reason message",
        _add("watch_refusals_total", reason="reason"),
    ),
    "cluster.unavailable": _event(
        "warning",
        "The API server was not reached; trying again",
        "error delay",
        _add("cluster_failures_total"),
        _set("cluster_unavailable", 1.0),
    ),
    "cluster.recovered": _event(
        "info", "The API server is reached again", "", _set("cluster_unavailable", 0.0)
    ),
    "note.pushed": _event(
        "info",
        "Pushed the status note",
        "commit seconds",
        _add("note_pushes_total", result="=done"),
        _observe("note_push_seconds", _number("seconds")),
    ),
    "note.failed": _event(
        "warning",
        "The status note was not pushed; it stays queued",
        "error delay",
        _add("note_pushes_total", result="=failed"),
    ),
    "report.changed": _event(
        "info",
        "The site's report changed",
        "state sync health reason message objects held",
        _add("reports_total"),
        _only("state", "state"),
        _only("sync", "sync"),
        _only("health", "health"),
        _set("ready", _is_ready),
        _set("objects", _number("objects")),
        _set("prunes_held", _number("held")),
    ),
}
