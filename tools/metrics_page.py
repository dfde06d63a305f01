"""docs/metrics.md, from the tables of events and metrics; a page of ``tools.docs``."""

from __future__ import annotations

from reconciler.adapters.telemetry.events import EVENTS
from reconciler.adapters.telemetry.metrics_table import METRICS, OTHER, PREFIX

_HEAD = """\
# Metrics and log lines

Both come from one table of events, so that they cannot disagree. This page is written from that
table by `make docs`.

`--metrics-address HOST:PORT` serves `/metrics` for Prometheus, `/healthz` (503 when the agent's
loop stands still) and `/readyz` (200 once a commit is accepted and the watches run; it stays so
offline). No label ever is the name of an object or a commit.
"""

_MIDDLE = f"""
A `reason` that is not in its list counts as `{OTHER}`.

## Log lines

One line an event on stderr, JSON unless that is a terminal: `timestamp`, `level`, `event` (the
words below), `name`, then the event's fields. `--log-level` leaves out what is below it; `NO_COLOR`
leaves out the colours. A field that is empty is left out, none is longer than 1,000 characters.

"""


def render() -> str:
    metrics = _table(
        ("metric", "type", "labels", "meaning", "from"),
        [
            (f"`{PREFIX}{name}`", metric.kind, _labels(metric.labels), metric.help, _sources(name))
            for name, metric in METRICS.items()
        ],
    )
    lines = _table(
        ("name", "level", "event", "fields"),
        [
            (f"`{name}`", row.level, row.message, ", ".join(f"`{field}`" for field in row.fields))
            for name, row in EVENTS.items()
        ],
    )
    return f"{_HEAD}\n## Metrics\n\n{metrics}{_MIDDLE}{lines}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _labels(labels: object) -> str:
    assert isinstance(labels, dict)
    return "; ".join(
        f"`{label}`: {', '.join(values)}" if values else f"`{label}`"
        for label, values in labels.items()
    )


def _sources(metric: str) -> str:
    names = [name for name, row in EVENTS.items() if any(u.metric == metric for u in row.updates)]
    return ", ".join(f"`{name}`" for name in names)
