from __future__ import annotations

import pytest

from reconciler.documents import folded
from reconciler.documents.load import load_all
from reconciler.documents.scalars import CONFIG

CASES = [
    ("one line", "one line"),
    ("one\n", "one\n"),
    ("one\ntwo", "one\ntwo"),
    ("one\n\ntwo\n", "one\n\ntwo\n"),
    ("one\n  two\nthree", "one\n\n  two\nthree"),
    ("one\n\ttwo\n", "one\n\n\ttwo\n"),
    ("one\n\n\n", "one\n\n\n\n"),
    ("  one\ntwo\nthree\n", "  one\ntwo three\n"),
    ("\n\n", "\n\n"),
    ("\none\n", "\none\n"),
    ("one \ntwo\n  three", "one \ntwo\n  three"),
    ("one\n  two ", "one\n  two "),
    ("one\n  \x07two", "one\n  \x07two"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_folded_scalar_comes_out_as_it_is_read_again(text: str, expected: str) -> None:
    assert folded.again(text) == expected


def test_that_holds_for_resources_alone_and_not_for_annotations() -> None:
    data = b"metadata:\n  annotations:\n    a: >\n      one\n        two\nb: >\n  one\n    two\n"
    (resource,) = load_all(data, path="r.yaml")
    (config,) = load_all(data, path="r.yaml", scalars=CONFIG)
    assert resource.value["b"] == "one\n\n  two\n"
    assert resource.value["metadata"]["annotations"]["a"] == "one\n  two\n"
    assert config.value["b"] == "one\n  two\n"
