"""What an error shows of a Secret: where it is, never what is in it."""

from __future__ import annotations

import pytest

from reconciler.model.errors import RenderError
from reconciler.render.build import build
from tests.trees import DictTree

_WORD = "hunter2"
_SECRET = f"""\
apiVersion: v1
kind: Secret
metadata: {{name: key}}
stringData: {{word: {_WORD}}}
---
apiVersion: example.com/v1
kind: Thing
metadata: {{name: thing}}
spec: {{port: 80, text: '{{"a": []}}'}}
"""
_FROM = "replacements: [{source: {kind: Secret, fieldPath: stringData%s}, targets: [%s]}]\n"
_INTO = "{select: {kind: Thing}, fieldPaths: [%s]}"
_PATCH = "patches:\n- target: {kind: Secret}\n  patch: '%s'\n"
_GENERATED = "secretGenerator: [{name: key, literals: %s}]\n"
_MERGE = "{apiVersion: v1, kind: Secret, metadata: {name: key}, %s}"


@pytest.mark.parametrize(
    ("kustomization", "words"),
    [
        (_FROM % (".word", _INTO % "spec.port"), "cannot decode !!str as a !!int"),
        (_FROM % (".word, options: {delimiter: x, index: 3}", _INTO % "spec.x"), "out of bounds"),
        (_FROM % ("", _INTO % "spec.text.a.b"), "wrong node kind"),
        (_PATCH % (_MERGE % "stringData: []"), "wrong node kind"),
        (_PATCH % (_MERGE % f"stringData: {{word: [{_WORD}]}}"), "wrong node kind"),
        (_PATCH % '[{"op": "test", "path": "/stringData/word", "value": "x"}]', "test failed"),
        (_PATCH % '[{"op": "replace", "path": "", "value": ["%s"]}]' % _WORD, "no object"),
        (_PATCH % (_MERGE % f"stringData: {{a: b: {_WORD}}}"), "unable to parse SM or JSON patch"),
        (_PATCH % f"stringData: {{a: {_WORD}", "unable to parse SM or JSON patch"),
        (_PATCH % f"stringData: {{a: {_WORD}}}", "unable to parse SM or JSON patch"),
        (_PATCH % _WORD, "unable to parse SM or JSON patch"),
        (_PATCH % f"- {_WORD}", "unable to parse SM or JSON patch"),
        (_PATCH % f"[{_WORD}]", "unable to parse SM or JSON patch"),
        (_PATCH % f'[{{"op": "add", "path": ["{_WORD}"]}}]', "failed to decode path"),
        (
            _PATCH % f'[{{"op": "move", "path": "/a", "from": ["{_WORD}"]}}]',
            "failed to decode from",
        ),
        (f"patches: [{{patch: '- {{op: add, value: {_WORD}}}'}}]", "must specify a target"),
        (f"patchesStrategicMerge: ['stringData: {{a: {_WORD}']", "did not find expected"),
        (f"patchesStrategicMerge: ['stringData: {{a: {_WORD}}}']", "missing Resource metadata"),
    ],
)
def test_an_error_about_a_secret_does_not_hold_its_data(kustomization: str, words: str) -> None:
    tree = DictTree(
        {"all.yaml": _SECRET, "kustomization.yaml": f"resources: [all.yaml]\n{kustomization}"}
    )
    with pytest.raises(RenderError, match=words) as caught:
        build(tree, "")
    assert _WORD not in str(caught.value)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"kustomization.yaml": _GENERATED % f"{{password: {_WORD}}}"}, "found a mapping"),
        ({"kustomization.yaml": _GENERATED % f"[{{password: {_WORD}}}]"}, "found a mapping"),
        ({"kustomization.yaml": _GENERATED % f"password={_WORD}"}, "found a string"),
        ({"kustomization.yaml": _GENERATED % f"[{_WORD}]"}, "invalid literal source, expected"),
        (
            {"all.yaml": f"apiVersion: v1\nkind: SecretList\nitems: {{a: {_WORD}}}\n"},
            "items, found a mapping",
        ),
        ({"all.yaml": f"PASSWORD={_WORD}\n"}, "found a text where an object should be"),
    ],
)
def test_a_mistake_around_a_secret_does_not_show_it(files: dict[str, str], words: str) -> None:
    tree = DictTree({"kustomization.yaml": "resources: [all.yaml]\n", **files})
    with pytest.raises(RenderError, match=words) as caught:
        build(tree, "")
    assert _WORD not in str(caught.value)
