"""A scalar's style is beside its value: nobody who prints or compares the value sees it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from reconciler.documents import canonical, dump, load, styles
from reconciler.documents.scalars import MANIFEST, OBJECT, PATCH, Scalars
from reconciler.render.build import build
from reconciler.render.output import to_json, to_yaml
from tests.trees import DictTree

_WORDS = """
a: "http"
b: yes
c: 2020-01-01
d: >
  one

  two
e: 0x1F
f: 1.10
g: 1.0
h: True
i: 1e30
j: ["x", 1.5, {k: 'y', l: null}]
"""


def _read(scalars: Scalars) -> Any:
    return load.load_all(_WORDS.encode(), path="f.yaml", scalars=scalars)[0].value


def test_values_with_style_are_equal_to_and_printed_as_those_without() -> None:
    styled, plain = _read(MANIFEST), _read(OBJECT)
    assert styled == plain
    assert dump.dump(styled) == dump.dump(plain)
    assert canonical.body(styled) == canonical.body(plain)
    assert canonical.go_json(styled) == canonical.go_json(plain)
    assert {name: styles.kind(value) for name, value in styled.items()} == {
        name: type(value) for name, value in plain.items()
    }


def test_what_passes_through_json_has_no_style() -> None:
    styled = _read(MANIFEST)
    bare = styles.without(styled)
    assert bare == styled
    assert {type(value) for value in bare.values()} == {str, int, float, bool, list}
    assert {type(value) for value in bare["j"][2].values()} == {str, type(None)}
    assert styles.without(bare) is bare


def test_a_patch_leaves_no_truth_behind() -> None:
    patch = _read(PATCH)
    assert type(patch["h"]) is styles.Truth
    assert styles.settled(patch)["h"] is True
    assert styles.settled([{"a": [patch["h"]]}]) == [{"a": [True]}]


@pytest.mark.parametrize("form", [to_yaml, to_json])
def test_a_build_prints_values_alone(form: Any) -> None:
    thing = "apiVersion: v1\nkind: Thing\nmetadata: {name: a}\n"
    words = "".join(f"  {line}\n" for line in _WORDS.strip().splitlines())
    patch = f"{thing}spec:\n{words}  list: [True, {{a: FALSE, b: 0x10}}]\n"
    tree = DictTree(
        {
            "kustomization.yaml": "resources: [a.yaml]\npatches: [path: p.yaml]\n",
            "a.yaml": f'{thing}spec:\n  h: "x"\n  f: "x"\n',
            "p.yaml": patch,
        }
    )
    printed = form(build(tree, ""))
    if form is to_json:
        (value,) = orjson.loads(printed)
        assert value["spec"]["h"] == "True"
        assert value["spec"]["f"] == "1.10"
        assert value["spec"]["list"] == [True, {"a": False, "b": 16}]
    else:
        assert '  h: "True"\n' in printed
        assert "  - true\n  - a: false\n    b: 16\n" in printed
