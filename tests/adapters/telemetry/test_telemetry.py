"""One call, one line, and the metrics that belong to it."""

from __future__ import annotations

import io
import logging
import os
import pty
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest

from reconciler.adapters.telemetry import Telemetry
from reconciler.adapters.telemetry.events import EVENTS
from reconciler.adapters.telemetry.metrics_table import METRICS, REFUSALS
from reconciler.model.errors import UsageError
from reconciler.model.values import State, Sync
from reconciler.ports import Observer
from tests.adapters.telemetry.build import SAMPLES, Heard


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_writes_its_line_and_moves_its_metrics(name: str) -> None:
    heard = Heard()
    before = heard.series()
    heard.tell(name)
    row = EVENTS[name]
    (line,) = heard.lines()
    fields = {field: SAMPLES[field] for field in row.fields}
    assert {key: line[key] for key in line if key != "timestamp"} == {
        "level": row.level,
        "event": row.message,
        "name": name,
        **fields,
    }
    written = datetime.fromisoformat(line["timestamp"])
    assert written.tzinfo == UTC
    after = heard.series()
    moved = {series for series in after if after[series] != before.get(series)}
    for update in row.updates:
        if update.value(fields, 1.0) != 0.0:
            assert any(update.metric in series for series in moved), update.metric


def test_it_is_an_observer() -> None:
    heard = Heard()
    observer: Observer = heard.telemetry
    observer.event("cluster.recovered")
    assert [line["name"] for line in heard.lines()] == ["cluster.recovered"]


def test_an_event_that_is_not_in_the_table_is_an_error() -> None:
    with pytest.raises(KeyError):
        Heard().telemetry.event("source.fetchd", commit="c")


def test_lines_below_the_level_are_left_out_and_their_metrics_are_not() -> None:
    heard = Heard(level="warning")
    heard.tell("source.fetched")
    heard.tell("source.failed")
    assert [line["name"] for line in heard.lines()] == ["source.failed"]
    assert heard.value('fetches_total{result="done"}') == 1


def test_a_level_that_there_is_not_is_the_user_s_error() -> None:
    with pytest.raises(UsageError, match="debug, info, warning, error"):
        Telemetry(level="loud", stream=io.StringIO())


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("two\nlines\r\n", "two lines"),
        ("\x1b[31mred\x1b[0m \x00\x07", "[31mred [0m"),
        ("turned \u202e around", "turned   around"),
        ("\u2028 ü 😀 \ud800", "ü 😀"),
        (ValueError("an\nerror"), "an error"),
        (State.DEGRADED, "Degraded"),
        (True, True),
        (0, 0),
        (0.123456789, 0.1235),
        (float("nan"), "nan"),
        (("a", "b\nc"), "a; b c"),
        (range(3), "range(0, 3)"),
        ([str(number) for number in range(30)], "; ".join(map(str, range(20))) + "; and 10 more"),
        ("x" * 1_001, "x" * 999 + "…"),
        (["y" * 600] * 3, ("y" * 600 + "; " + "y" * 600)[:999] + "…"),
    ],
)
def test_a_value_is_one_printable_line(value: object, shown: object) -> None:
    heard = Heard()
    heard.tell("source.failed", error=value)
    (line,) = heard.lines()
    assert line["error"] == shown


@pytest.mark.parametrize("nothing", [None, "", " \n", ()])
def test_a_field_that_says_nothing_is_left_out(nothing: object) -> None:
    heard = Heard()
    heard.tell("object.failed", origin=nothing)
    assert "origin" not in heard.lines()[0]


def test_threads_write_whole_lines() -> None:
    heard = Heard()

    def tell() -> None:
        for _ in range(200):
            heard.tell("drift.corrected", change="x" * 500)

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard.lines()) == 800
    assert heard.value("drift_corrections_total") == 800
    assert heard.value("drift_correction_seconds_count") == 800


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)]
)
def test_a_terminal_gets_words_and_colours_unless_told_not_to(
    environment: dict[str, str], coloured: bool
) -> None:
    ours, theirs = pty.openpty()
    with open(theirs, "w") as terminal:  # noqa: PTH123 - a descriptor
        telemetry = Telemetry(stream=terminal, environment=environment)
        telemetry.event("source.failed", error="the remote\nhung up", delay=1.5)
        shown = os.read(ours, 4_096).decode()
    os.close(ours)
    assert ("\x1b[" in shown) == coloured
    assert "was not reached; trying again" in shown
    assert "the remote hung up" in shown
    assert shown.count("\n") == 1
    assert not shown.startswith("{")


def test_a_line_that_cannot_be_written_stops_nothing_and_is_counted() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with io.TextIOWrapper(io.FileIO(writer, "w"), write_through=True) as stream:
        with pytest.raises(BrokenPipeError):
            stream.write("nobody reads this")
        telemetry = Telemetry(stream=stream)
        telemetry.event("cluster.recovered")
        telemetry.event("cluster.recovered")
        text = telemetry.exposition()[1].decode()
    assert "fleet_reconciler_log_lines_dropped_total 2.0" in text


def test_a_closed_stream_stops_nothing() -> None:
    stream = io.StringIO()
    telemetry = Telemetry(stream=stream)
    stream.close()
    telemetry.event("cluster.recovered")
    assert b"fleet_reconciler_log_lines_dropped_total 1.0" in telemetry.exposition()[1]


def test_the_report_sets_one_state_and_one_sync() -> None:
    heard = Heard()
    heard.tell("report.changed", state="Degraded", sync="Synced", objects=43)
    heard.tell("report.changed", state="Failed", sync="Failed", objects=44)
    states = {state: heard.value(f'state{{state="{state}"}}') for state in State}
    syncs = {sync: heard.value(f'sync{{sync="{sync}"}}') for sync in Sync}
    assert states == {state: float(state is State.FAILED) for state in State}
    assert syncs == {sync: float(sync is Sync.FAILED) for sync in Sync}
    assert (heard.value("objects"), heard.value("reports_total")) == (44, 2)


@pytest.mark.parametrize(
    ("state", "sync", "ready"),
    [
        ("Synced", "Synced", 1),
        ("Drifted", "Synced", 1),
        ("Degraded", "Synced", 0),
        ("Progressing", "Progressing", 0),
        ("Blocked", "Blocked", 0),
    ],
)
def test_ready_is_synced_and_not_degraded(state: str, sync: str, ready: int) -> None:
    heard = Heard()
    heard.tell("report.changed", state="Synced", sync="Synced")
    heard.tell("report.changed", state=state, sync=sync)
    assert heard.value("ready") == ready


@pytest.mark.parametrize(("failed", "held"), [(1, 0), (0, 1)])
def test_only_a_complete_apply_counts_as_synced(failed: int, held: int) -> None:
    heard = Heard()
    heard.tell("apply.done", failed=failed, held=held)
    assert heard.value("last_synced_timestamp_seconds") == 0
    before = time.time()
    heard.tell("apply.done", failed=0, held=0)
    assert before <= heard.value("last_synced_timestamp_seconds") <= time.time()


def test_what_is_unavailable_is_so_until_it_is_back() -> None:
    heard = Heard()
    seen = [heard.value("source_unavailable")]
    for name in ("source.failed", "source.failed", "source.fetched"):
        heard.tell(name)
        seen.append(heard.value("source_unavailable"))
    assert seen == [0, 1, 1, 0]
    assert heard.value('fetches_total{result="failed"}') == 2


def test_the_api_server_s_own_words_never_become_labels() -> None:
    heard = Heard()
    before = set(heard.series())
    for number in range(1_000):
        for name in ("object.failed", "drift.failed", "watch.refused"):
            heard.tell(name, reason=f"Webhook{number}")
        heard.tell("object.applied", ref=f"ConfigMap/a/b-{number}")
        heard.tell("watch.listed", kind=f"Kind{number}.example.dev")
    assert set(heard.series()) == before
    assert heard.value('object_failures_total{reason="other"}') == 1_000
    for reason in REFUSALS:
        heard.tell("object.failed", reason=reason)
    assert heard.value('object_failures_total{reason="Forbidden"}') == 1


def test_every_series_is_there_from_the_start() -> None:
    heard = Heard()
    before = set(heard.series())
    for name in EVENTS:
        heard.tell(name)
    new = set(heard.series()) - before
    assert new == {'fleet_reconciler_build_info{site="north/one",version="0.1.0"}'}
    assert all(series.startswith("fleet_reconciler_") for series in before)
    assert all(any(f"fleet_reconciler_{name}" in s for s in before | new) for name in METRICS)


def test_libraries_own_records_do_not_stand_between_the_lines() -> None:
    program = (
        "import logging; from reconciler.adapters.telemetry import Telemetry\n"
        "Telemetry().event('cluster.recovered')\n"
        "logging.getLogger('urllib3').warning('a header')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert len(done.stderr.splitlines()) == 1
    assert "cluster.recovered" in done.stderr


def test_importing_it_imports_no_vendor_package() -> None:
    program = (
        "import sys, reconciler.adapters.telemetry\n"
        "print({'structlog', 'prometheus_client', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_structlog_s_own_configuration_is_left_alone() -> None:
    import structlog

    before = structlog.get_config()
    Heard().tell("cluster.recovered")
    assert structlog.get_config() == before
    assert logging.getLogger().level == logging.WARNING
