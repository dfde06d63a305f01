"""Telemetry for tests: sample fields, the lines written, and a metric's value."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from reconciler.adapters.telemetry import Telemetry
from reconciler.adapters.telemetry.events import EVENTS

SAMPLES: Mapping[str, object] = {
    "address": "127.0.0.1:9090",
    "applied": 3,
    "change": "spec.replicas",
    "by": "site",
    "changes": 4,
    "commit": "c" * 40,
    "commits": 2,
    "delay": 1.5,
    "error": "the remote hung up",
    "failed": 0,
    "field": "spec.replicas",
    "file": "rate.yaml",
    "findings": 2,
    "held": 0,
    "kind": "Deployment.apps",
    "manager": "kubectl-edit",
    "message": "the field is immutable",
    "object": "Deployment.apps/serving/triton",
    "objects": 43,
    "origin": "bases/web/deployment.yaml:3",
    "outcome": "warned",
    "pruned": 1,
    "prunes": 1,
    "reason": "Invalid",
    "ref": "Deployment.apps/serving/triton",
    "fields": "spec.replicas",
    "seconds": 0.25,
    "site": "north/one",
    "state": "Synced",
    "sync": "Synced",
    "until": "2027-01-31T18:00:00Z",
    "health": "Healthy",
    "version": "0.1.0",
}


class Heard:
    """A Telemetry with what it wrote."""

    def __init__(self, level: str = "debug") -> None:
        self._stream = io.StringIO()
        self.telemetry = Telemetry(level=level, stream=self._stream)

    def tell(self, name: str, **fields: object) -> None:
        """The event with these fields and samples for its others."""
        samples = {field: SAMPLES[field] for field in EVENTS[name].fields}
        self.telemetry.event(name, **{**samples, **fields})

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]

    def series(self) -> dict[str, float]:
        """Every series by its full name, labels included."""
        text = self.telemetry.exposition()[1].decode()
        rows = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in rows}

    def value(self, name: str) -> float:
        return self.series()[f"fleet_reconciler_{name}"]
