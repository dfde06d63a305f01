from __future__ import annotations

import orjson
import pytest

from reconciler.model import journal
from reconciler.model.journal import Change, Outcome
from reconciler.model.refs import Kind, ObjectRef
from reconciler.status import event, note
from tests.manifests import SITE

REF = ObjectRef.parse("Deployment.apps/shop/web")
KIND = Kind("apps", "v1", "Deployment")
LONG = Change(
    path="spec.a",
    wanted="w" * 500,
    found="f" * 500,
    manager="meddler",
    operation="Update",
    rule="/spec/a",
)


@pytest.mark.parametrize("outcome", [Outcome.WARNED, Outcome.CONTESTED])
def test_the_rule_to_paste_is_whole_however_long_the_values_are(outcome: Outcome) -> None:
    words = event.of_drift(SITE, REF, KIND, [LONG] * 3, outcome, uid="u-1")
    said = orjson.loads(event.body(words, component="test", time="2026-01-01T00:00:00Z"))
    assert len(said["message"]) <= note.LONGEST
    assert journal.rule_to_paste(REF, LONG) in said["message"]
    assert said["message"].startswith("spec.a: wanted www")
    assert said["involvedObject"]["uid"] == "u-1"
