"""The metrics of METRICS in a registry of our own, over prometheus_client."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import prometheus_client

from reconciler.adapters.telemetry.clean import line
from reconciler.adapters.telemetry.events import Fields, Update
from reconciler.adapters.telemetry.metrics_table import METRICS, OTHER, PREFIX, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_CLASSES: Mapping[str, Any] = {
    "counter": prometheus_client.Counter,
    "gauge": prometheus_client.Gauge,
    "histogram": prometheus_client.Histogram,
}
_METHODS: Mapping[str, str] = {"counter": "inc", "gauge": "set", "histogram": "observe"}


class Metrics:
    """Thread-safe."""

    def __init__(self) -> None:
        # A series with the time of creation beside each counter says nothing here.
        without_created: Any = prometheus_client.disable_created_metrics
        without_created()
        self._registry = prometheus_client.CollectorRegistry()
        self._made = {name: self._make(name, metric) for name, metric in METRICS.items()}

    def _make(self, name: str, metric: Metric) -> Any:
        more = {"buckets": metric.buckets} if metric.buckets else {}
        made = _CLASSES[metric.kind](
            PREFIX + name, metric.help, tuple(metric.labels), registry=self._registry, **more
        )
        # Each value of a label is there from the start, so that rates begin at zero.
        if len(metric.labels) == 1:
            ((label, values),) = metric.labels.items()
            for value in (*values, *_other(metric)):
                made.labels(**{label: value})
        return made

    def update(self, update: Update, fields: Fields) -> None:
        """Raises KeyError and TypeError for fields that the row does not fit."""
        metric = METRICS[update.metric]
        value = update.value(fields, time.time())
        if value is None:
            return
        labels = {label: _label(metric, label, fields, at) for label, at in update.labels.items()}
        if update.only:
            for other in metric.labels[update.only]:
                self._made[update.metric].labels(**{update.only: other}).set(0)
        self._call(update.metric, value, labels)

    def count(self, name: str) -> None:
        """Count what is no event."""
        self._call(name, 1.0, {})

    def text(self) -> bytes:
        """The exposition format, of CONTENT_TYPE."""
        return prometheus_client.generate_latest(self._registry)

    def _call(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        made = self._made[name]
        target = made.labels(**labels) if labels else made
        getattr(target, _METHODS[METRICS[name].kind])(value)


def _other(metric: Metric) -> tuple[str, ...]:
    """Counters are asked for what others say; gauges for our own words alone."""
    return (OTHER,) if metric.kind == "counter" and "reason" in metric.labels else ()


def _label(metric: Metric, label: str, fields: Fields, at: str) -> str:
    word = at[1:] if at.startswith("=") else line(str(fields[at]))
    known = metric.labels[label]
    return word if not known or word in known else OTHER
