"""``reconciler drift``: what the journal says, what is open, and how it ends."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from reconciler.adapters.state import open_state
from reconciler.model.journal import Change, JournalRow, Outcome
from reconciler.model.refs import ObjectRef
from reconciler.status import open_drift
from tests.app import build

WEB = ObjectRef("apps", "Deployment", "app", "web")
SECRET = ObjectRef("", "Secret", "app", "login")
REPLICAS = Change(
    path="spec.replicas",
    wanted="3",
    found="5",
    manager="kubectl-edit",
    operation="Update",
    since="2026-01-02T03:04:05Z",
    rule="/spec/replicas",
)


def row(outcome: Outcome, change: Change = REPLICAS, *, ago: float = 60.0) -> JournalRow:
    return JournalRow(
        at=time.time() - ago, ref=WEB, kind="edited", change=change, outcome=outcome, seconds=0.006
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    state = open_state(tmp_path / "state")
    state.save(
        meta={"site": "north/barn-7"},
        journal=[row(Outcome.CORRECTED, ago=7200), row(Outcome.CORRECTED, ago=60)],
    )
    state.close()
    return tmp_path / "state"


def keep_open(folder: Path, *rows: JournalRow) -> None:
    state = open_state(folder)
    state.save(journal=rows, meta={open_drift.KEY: open_drift.pack({WEB: rows[-1].outcome})})
    state.close()


def test_each_change_is_a_line_with_its_field_its_values_and_its_manager(folder: Path) -> None:
    done = build.run("drift", "--state", folder)
    head, *lines = done.output.splitlines()
    assert head.split() == ["AT", "OUTCOME", "OBJECT", "CHANGE"]
    assert len(lines) == 2
    assert lines[0].endswith(
        "corrected  Deployment.apps/app/web  spec.replicas: wanted 3, found 5,"
        " held by kubectl-edit (Update) (put right in 6 ms)"
    )
    assert done.exit_code == 0, "nothing is open"


def test_since_is_a_duration_or_a_time(folder: Path) -> None:
    for since, count in (("1h", 1), ("3h", 2), ("2020-01-01T00:00:00Z", 2), ("0s", 0)):
        done = build.run("drift", "--state", folder, "--since", since, "-o", "json")
        assert len(json.loads(done.stdout)["changes"]) == count, since
    done = build.run("drift", "--state", folder, "--since", "yesterday")
    assert done.exit_code == 2
    assert "--since yesterday: expected a duration such as 2h" in done.output


def test_what_is_open_ends_with_the_rule_that_leaves_it_so(folder: Path) -> None:
    keep_open(folder, row(Outcome.WARNED))
    done = build.run("drift", "--state", folder, "--since", "1s")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "Deployment.apps/app/web is not as it should be: warned",
        "  spec.replicas: wanted 3, found 5, held by kubectl-edit (Update)",
        "  to leave it so, in site.yaml or under defaults in fleet.yaml:",
        "    drift: [{mode: ignore, kind: Deployment.apps, namespace: app, name: web,"
        ' fields: ["/spec/replicas"]}]',
    ]


def test_as_json_it_says_all_of_it(folder: Path) -> None:
    keep_open(folder, row(Outcome.FAILED))
    done = build.run("drift", "north/barn-7", "--state", folder, "-o", "json")
    words = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (words["site"], words["openTotal"], len(words["changes"])) == ("north/barn-7", 1, 3)
    assert {k: v for k, v in words["changes"][0].items() if k != "at"} == {
        "object": "Deployment.apps/app/web",
        "change": "edited",
        "outcome": "corrected",
        "field": "spec.replicas",
        "wanted": "3",
        "found": "5",
        "manager": "kubectl-edit",
        "operation": "Update",
        "since": "2026-01-02T03:04:05Z",
        "seconds": 0.006,
    }
    assert words["open"][0]["outcome"] == "failed"


def test_a_manager_cannot_write_to_the_terminal(folder: Path) -> None:
    odd = Change(path="data.a", wanted="1", found="2", manager="x\x1b[31m\nCORRECTED")
    keep_open(folder, row(Outcome.WARNED, odd))
    done = build.run("drift", "--state", folder)
    assert "\x1b" not in done.output
    assert not [line for line in done.output.splitlines() if line.startswith("CORRECTED")]


def test_another_sites_folder_or_none_is_said_to_be_so(folder: Path, tmp_path: Path) -> None:
    done = build.run("drift", "north/barn-8", "--state", folder)
    assert done.exit_code == 2
    assert "is of north/barn-7, not of north/barn-8" in done.output
    done = build.run("drift", "--state", tmp_path / "none")
    assert done.exit_code == 2
    assert "there is no state to read" in done.output


def test_the_variable_of_the_agent_names_the_folder_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_STATE", str(folder))
    assert "kubectl-edit" in build.run("drift").output
