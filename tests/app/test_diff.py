"""How a difference is shown: by signs and colours, or as JSON; Secrets masked in both."""

from __future__ import annotations

import json

import pytest

from reconciler.app import diff
from reconciler.engine.preview import Action, Line, Preview
from reconciler.model.refs import ObjectRef
from reconciler.plan.differ import ABSENT, Difference

MAP = ObjectRef("", "ConfigMap", "app", "settings")
SECRET = ObjectRef("", "Secret", "app", "keys")


def preview(*lines: Line) -> Preview:
    return Preview(lines=lines, unchanged=2)


def test_found_is_red_and_wanted_is_green_below_the_field_that_they_are_of() -> None:
    change = Difference(path=("data", "rate"), wanted="30", found="1")
    found = preview(Line(action=Action.CHANGE, ref=MAP, differences=(change,)))
    assert list(diff.to_text(found)) == [
        ("~ ConfigMap/app/settings", "yellow"),
        ("    data.rate", None),
        ('    - "1"', "red"),
        ('    + "30"', "green"),
        ("1 to change, 2 unchanged", None),
    ]


@pytest.mark.parametrize("action", Action)
def test_each_action_has_a_sign_and_a_colour(action: Action) -> None:
    ((text, colour), _) = diff.to_text(preview(Line(action=action, ref=MAP, why="a reason")))
    assert text[0] in "+~*-=!" and colour
    assert action in (Action.CREATE, Action.CHANGE, Action.DELETE) or "a reason" in text


def test_the_values_of_a_secret_are_in_neither_form() -> None:
    change = Difference(path=("data", "token"), wanted="bmV3", found="b2xk")
    added = Difference(path=("data", "other"), wanted="bW9yZQ==", found=ABSENT)
    found = preview(Line(action=Action.CHANGE, ref=SECRET, differences=(change, added)))
    text = "\n".join(line for line, _ in diff.to_text(found))
    words = diff.to_json(found)
    for value in ("bmV3", "b2xk", "bW9yZQ"):
        assert value not in text and value not in words
    assert "data.token" in text and "***" in text
    (row,) = json.loads(words)["objects"]
    assert [field["field"] for field in row["fields"]] == ["data.token", "data.other"]
