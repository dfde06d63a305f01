"""Texts with comments into which something is replaced, held against the real kustomize.

A text is laid out anew then, and every comment has to land where kustomize puts it. All texts of
a run are the data of one ConfigMap each in a single build; raise ``_TEXTS`` to search further.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
import yaml

from reconciler.render.build import build
from reconciler.render.output import to_yaml
from tests.kustomize import binary
from tests.render import texts
from tests.trees import DictTree

_TEXTS = 600
_KUSTOMIZATION = """
resources: [all.yaml]
replacements:
- sourceValue: "8080"
  targets:
  - select: {kind: ConfigMap}
    fieldPaths: [data.text.port]
"""
_OBJECT = """
apiVersion: v1
kind: ConfigMap
metadata: {name: t%d}
data: {text: %s}
"""


@pytest.mark.differential
def test_comments_are_put_where_kustomize_puts_them(tmp_path: Path) -> None:
    binary.needed()
    given = [texts.text(Random(seed)) for seed in range(_TEXTS)]
    objects = "---".join(_OBJECT % (at, json.dumps(text)) for at, text in enumerate(given))
    files = {"kustomization.yaml": _KUSTOMIZATION, "all.yaml": objects}
    for path, text in files.items():
        (tmp_path / path).write_text(text)
    done = binary.build(tmp_path)
    assert done.returncode == 0, done.stderr
    wanted, ours = _texts(done.stdout.decode()), _texts(to_yaml(build(DictTree(files), "")))
    assert sum("8080" in text and "#" in text for text in wanted.values()) > _TEXTS * 3 / 4
    for at, text in enumerate(given):
        assert ours[f"t{at}"] == wanted[f"t{at}"], f"seed {at}:\n{text}"


def _texts(shown: str) -> dict[str, str]:
    return {
        one["metadata"]["name"]: one["data"]["text"]
        for one in yaml.load_all(shown, yaml.CSafeLoader)
    }
