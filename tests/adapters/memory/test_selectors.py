"""Label selectors."""

from __future__ import annotations

import pytest

from reconciler.adapters.memory import selectors
from reconciler.model import errors

LABELS = {"app": "web", "tier": "front", "a.b/c": "d"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("app", True),
        ("app=web", True),
        ("app==web , tier=front", True),
        ("a.b/c=d", True),
        ("app=", False),
        ("app!=web", False),
        ("missing!=web", True),
        ("app in (web,db)", True),
        ("app in (db)", False),
        ("app notin (web)", False),
        ("missing notin (web)", True),
        ("!missing", True),
        ("! app", False),
        ("in=x", False),
    ],
)
def test_labels_match(text: str, matches: bool) -> None:
    assert selectors.parse(text)(LABELS) is matches


@pytest.mark.parametrize("text", ["a in b", "=", "a=b c", "!a=b", "a in (b", "a,,b", "(a)"])
def test_a_selector_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(errors.ClusterRefused) as raised:
        selectors.parse(text)
    assert raised.value.reason == "BadRequest"
