"""The golden cases with fields added that they do not have, held against the real kustomize.

A case is about one rule; most of what goes wrong, goes wrong where two of them meet. Some fields
are put into the case's own kustomization, or into one above it. Which ones follows from the case's
name, so that a new case leaves the others as they were; $CROSSINGS, how many of each case (1),
searches further.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from tests.kustomize import binary
from tests.render.test_differential import kustomized, ours
from tests.render.test_golden import CASES, read

pytestmark = pytest.mark.differential

ROUNDS = int(os.environ.get("CROSSINGS", "1"))
_FIELD = re.compile(r"^([A-Za-z]\w*):", re.MULTILINE)
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_BUILT = 0.7  # of the crossings, at least
_ANY = """patches:
- target: {name: ".*"}
  patch: |-
    apiVersion: v1
    kind: Any
    metadata:
      name: any
      labels: {patched: x}
      annotations: {patched: y}
"""
_JSON = """patches:
- target: {kind: Deployment|ConfigMap|Service}
  patch: |-
    - op: add
      path: /metadata/labels
      value: {added: "1"}
"""
_CONTAINER = """patches:
- target: {kind: Deployment}
  patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: any
    spec:
      replicas: 9
      template:
        metadata:
          labels: {app: 5}
        spec:
          containers:
          - name: added
            image: other:1
"""
_COPIES = """replacements:
- sourceValue: copied
  targets:
  - select: {kind: Deployment}
    fieldPaths: [metadata.annotations.copied]
    options: {create: true}
  - select: {kind: ConfigMap}
    fieldPaths: [data.copied]
    options: {create: true}
"""
FIELDS: Mapping[str, tuple[str, ...]] = {
    "namespace": ("namespace: crossed\n",),
    "namePrefix": ("namePrefix: pre-\n",),
    "nameSuffix": ("nameSuffix: -suf\n",),
    "commonLabels": ("commonLabels: {crossed: v, app: other}\n",),
    "labels": (
        "labels: [{pairs: {crossed: v, app: other}, includeSelectors: true}]\n",
        'labels: [{pairs: {crossed: "1"}, includeTemplates: true}]\n',
    ),
    "commonAnnotations": ('commonAnnotations: {crossed: v, number: "1"}\n',),
    "images": ("images: [{name: nginx, newTag: t}, {name: a, newName: b}]\n",),
    "replicas": ("replicas: [{name: web, count: 7}, {name: a, count: 0}]\n",),
    "buildMetadata": (
        "buildMetadata: [originAnnotations]\n",
        "buildMetadata: [managedByLabel, originAnnotations, transformerAnnotations]\n",
    ),
    "sortOptions": ("sortOptions: {order: legacy}\n", "sortOptions: {order: fifo}\n"),
    "configMapGenerator": ("configMapGenerator: [{name: made, literals: [a=b, c=1]}]\n",),
    "generatorOptions": ("generatorOptions: {disableNameSuffixHash: true, labels: {g: h}}\n",),
    "patches": (_ANY, _JSON, _CONTAINER),
    "replacements": (_COPIES,),
}


def test_golden_cases_are_built_as_kustomize_builds_them_with_more_fields(tmp_path: Path) -> None:
    binary.needed()
    seen = built = 0
    for case in CASES:
        for number in range(ROUNDS):
            crossed = _crossed(case, Random(f"{case.stem} {number}"))
            if crossed is None:
                continue
            wanted, made = kustomized(tmp_path / "tree", *crossed), ours(*crossed)
            assert (made is None) == (wanted is None), f"{case.stem}, {number}: refused by one"
            assert made == wanted, f"{case.stem}, {number}"
            seen += 1
            built += wanted is not None
    print(f"{built} of {seen} crossings built and compared")
    assert seen > len(CASES) // 2
    assert built >= seen * _BUILT


def _crossed(case: Path, random: Random) -> tuple[dict[str, str], str] | None:
    """The case's files with some fields more, and the folder to build; None if it builds none."""
    tree, wanted = read(case)
    folders = [folder for mark, folder, _ in wanted if mark == ">>>"]
    try:
        files = {path: content.decode() for path, content in tree.files.items()}
    except UnicodeDecodeError:
        return None
    if not folders:
        return None
    folder = random.choice(folders)
    base = "" if folder == "." else f"{folder}/"
    path = next((base + name for name in _KUSTOMIZATIONS if base + name in files), None)
    if path is None or "kind: Component" in files[path] or files[path].lstrip().startswith("{"):
        return None
    free = sorted(FIELDS.keys() - {*_FIELD.findall(files[path])})
    fields = "".join(random.choice(FIELDS[name]) for name in random.sample(free, 2))
    if random.random() < 0.5:
        files[path] = files[path].rstrip("\n") + f"\n{fields}"
        return files, folder
    below = {f"below/{path}": text for path, text in files.items()}
    return below | {"above/kustomization.yaml": f"resources: [../below/{base}]\n{fields}"}, "above"
