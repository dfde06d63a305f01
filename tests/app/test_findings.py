"""Findings in the forms that CI systems read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.app import findings
from reconciler.app.findings import Problem, Result
from reconciler.model.rendered import Action
from tests.app import build

DENIED = Problem(
    rule="no-latest",
    path="bases/my app/web.yaml",
    line=7,
    column=3,
    message="100% wrong:\nuse a tag",
    sites=("north/a", "north/b", "north/c", "north/d"),
    policy="no-latest",
    object="Deployment.apps/app/web",
)
WARNED = Problem(
    rule="owner, please", path="fleet.yaml", line=2, message="no owner", action=Action.WARN
)
AUDITED = Problem(rule="old", path="", line=0, message="seen", action=Action.AUDIT)
RESULT = Result(sites=4, objects=9, findings=(DENIED, WARNED, AUDITED))


def test_a_workflow_command_is_one_line_and_holds_what_would_end_it_escaped() -> None:
    assert findings.show(RESULT, "github").splitlines() == [
        "::error file=bases/my app/web.yaml,line=7,col=3,title=no-latest"
        "::100%25 wrong:%0Ause a tag [north/a, north/b, north/c and 1 more]",
        "::warning file=fleet.yaml,line=2,title=owner%2C please::no owner",
        "::notice title=old::seen",
    ]


def test_a_strangers_words_begin_no_line_and_move_no_cursor() -> None:
    forged = Problem(rule="a", path="a.yaml", line=1, message="wrong\n3 sites: no findings\x1b[2J")
    shown = findings.show(Result(sites=1, objects=1, findings=(forged,)), "text")
    assert shown == "a.yaml:1: wrong 3 sites: no findings [2J\n1 site, 1 object: 1 finding\n"


def test_sarif_has_a_rule_a_level_and_a_place_for_each() -> None:
    log = json.loads(findings.show(RESULT, "sarif"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        "no-latest",
        "owner, please",
        "old",
    ]
    denied, warned, audited = run["results"]
    assert (denied["ruleId"], denied["ruleIndex"], denied["level"]) == ("no-latest", 0, "error")
    assert denied["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "bases/my%20app/web.yaml"},
                "region": {"startLine": 7, "startColumn": 3},
            }
        }
    ]
    assert denied["message"]["text"].startswith("100% wrong:\nuse a tag [north/a")
    assert (warned["level"], warned["ruleIndex"]) == ("warning", 1)
    assert audited["level"] == "note" and "locations" not in audited


@pytest.mark.parametrize("form", list(findings.FORMATS))
def test_every_form_ends_with_1_where_something_is_denied(tmp_path: Path, form: str) -> None:
    site = {"sites/north/a/kustomization.yaml": "resources: [gone.yaml]\n"}
    build.fleet(tmp_path, site)
    done = build.run("validate", tmp_path, "-o", form)
    assert done.exit_code == 1, done.output
    assert "sites/north/a/kustomization.yaml" in done.stdout


@pytest.mark.parametrize("form", list(findings.FORMATS))
def test_and_with_0_where_nothing_is(tmp_path: Path, form: str) -> None:
    build.fleet(tmp_path, {"sites/north/a/kustomization.yaml": build.overlay()})
    assert build.run("validate", tmp_path, "-o", form).exit_code == 0
