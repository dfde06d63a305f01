"""docs/status.md has every word of a report."""

from __future__ import annotations

import re

import yaml

from reconciler.model import values
from reconciler.model.origins import Origin
from reconciler.model.overrides import Dropped
from reconciler.model.pauses import Held
from reconciler.model.refs import ObjectRef, SiteName
from reconciler.status import note, report, site_object
from tests.rights import DEPLOY
from tools import docs

PAGE = (docs.FOLDER / "status.md").read_text()
FAILED = values.Failure(
    ref=ObjectRef("", "Service", "hello", "bad"),
    reason="Invalid",
    message="spec.ports[0].port: Invalid value: 99999",
    origin=Origin("sites/north/barn-7/extra.yaml", 8),
)
UNWELL = values.Unwell(
    ref=ObjectRef("apps", "Deployment", "hello", "web"),
    health=values.Health.DEGRADED,
    reason="ImagePullBackOff",
    message="cannot pull",
    origin=Origin("bases/hello/app.yaml", 3),
)


def reported() -> values.Report:
    """One with every word in it."""
    situation = report.Situation(
        commit="a" * 40,
        applied="b" * 40,
        sync=values.Sync.FAILED,
        reason="ApplyFailed",
        message="an object was refused",
        objects=values.Counts(total=43, applied=42, failed=1),
        failed=(FAILED,),
        health=values.Health.DEGRADED,
        unwell=(UNWELL,),
        waiting=(values.Awaited(ref=FAILED.ref, objects=2, reason="Slow", message="slow"),),
        drift_corrected=2,
        dropped=(Dropped(file="rate.yaml", reason="it changes nothing"),),
        paused=(Held(by="site", reason="camera swap", until=0.0),),
    )
    return report.make(situation, SiteName("north", "barn-7"), time=0, agent="fleet-reconciler 0")


def rows(heading: str) -> list[list[str]]:
    """The cells of a section's tables, heads left out."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def test_every_field_of_a_note_is_explained() -> None:
    words = note.content(reported())
    expected = {name for name, value in words.items() if not isinstance(value, dict)}
    for name in ("objects", "drift"):
        expected |= {f"{name}.{inner}" for inner in words[name]}
    named = {row[0] for row in rows("The note")} - {"field"}
    assert named == expected


def test_the_example_is_a_note_that_can_be_read() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    found = note.read(text)
    assert set(found) == {"apiVersion", "kind", *note.content(reported())} - {"paused", "overrides"}
    assert set(found["failed"][0]) == {"object", "reason", "message", "origin"}
    assert set(found["unhealthy"][0]) == {"object", "health", "reason", "message", "origin"}
    assert set(found["waiting"][0]) == {"object", "reason", "message", "objects"}
    assert set(found["objects"]) == set(note.content(reported())["objects"])


def test_every_state_and_sync_is_explained_in_its_order() -> None:
    named = [row[0] for row in rows("States")]
    states = [str(state) for state in values.State]
    assert named[1 : 1 + len(states)] == states
    assert {str(sync) for sync in values.Sync} == set(named[len(states) + 2 :])


def test_every_column_and_condition_is_explained() -> None:
    definition = yaml.safe_load((DEPLOY / "base" / "crd.yaml").read_text())
    (version,) = definition["spec"]["versions"]
    columns = [column["name"].upper() for column in version["additionalPrinterColumns"]]
    conditions = [each.type for each in site_object.conditions(reported(), "", {})]
    named = [row[0] for row in rows("The Site object")]
    assert named == ["column", *columns, "condition", *conditions]
