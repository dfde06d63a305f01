"""The table of events, the source that tells them, and the page that shows them agree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler
from reconciler.adapters.telemetry.events import EVENTS
from reconciler.adapters.telemetry.metrics_table import METRICS
from tests.adapters.telemetry.build import SAMPLES

_OURS = {"timestamp", "level", "event", "name"}


def told() -> Iterator[tuple[str, str, set[str]]]:
    """Each call of an observer in the source: where, the event's name, the fields' names."""
    root = Path(reconciler.__file__).parent
    for file in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            passed_on = ast.unparse(node.func.value) == "super()"  # by whoever listens
            if node.func.attr == "event" and not passed_on:
                name = ast.literal_eval(node.args[0]) if len(node.args) == 1 else ""
                fields = {keyword.arg or "**" for keyword in node.keywords}
                yield f"{file.relative_to(root)}:{node.lineno}", name, fields


def test_every_event_of_the_source_is_in_the_table_with_its_fields() -> None:
    wrong = [
        (where, name, fields)
        for where, name, fields in told()
        if name not in EVENTS or fields != set(EVENTS[name].fields)
    ]
    assert wrong == []


def test_every_event_of_the_table_is_told_somewhere() -> None:
    assert set(EVENTS) - {name for _, name, _ in told()} == set()


def test_every_metric_is_fed_by_an_event_or_counts_lost_lines() -> None:
    fed = {update.metric for row in EVENTS.values() for update in row.updates}
    assert set(METRICS) - fed == {"log_lines_dropped_total"}


def test_updates_name_their_metric_s_labels() -> None:
    for name, row in EVENTS.items():
        for update in row.updates:
            assert set(update.labels) == set(METRICS[update.metric].labels), name
            for label, source in update.labels.items():
                known = METRICS[update.metric].labels[label]
                assert source in row.fields or source.removeprefix("=") in known, name


def test_no_field_hides_what_every_line_has() -> None:
    assert not _OURS & {field for row in EVENTS.values() for field in row.fields}


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_s_name_ends_as_its_kind_asks(name: str) -> None:
    kind = METRICS[name].kind
    assert name.endswith("_total") == (kind == "counter")
    assert name.endswith("_seconds") == (kind == "histogram" or "timestamp" in name)


def test_there_is_a_sample_of_every_field() -> None:
    assert set(SAMPLES) == {field for row in EVENTS.values() for field in row.fields}
