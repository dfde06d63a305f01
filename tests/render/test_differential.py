"""Whole overlays, held against the real kustomize.

``derandomize`` keeps the trees the same from run to run; $OVERLAYS, the number of trees (120),
searches further. Of them most have to build, and every feature has to occur in some that do:
a tree that both refuse proves little.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.model.errors import RenderError
from reconciler.render.build import build
from reconciler.render.output import to_yaml
from tests.kustomize import binary
from tests.render.overlays.features import FEATURES
from tests.render.overlays.tree import tree
from tests.trees import DictTree

pytestmark = pytest.mark.differential

TREES = int(os.environ.get("OVERLAYS", "120"))
_BUILT = 0.75  # of the trees, at least
_EACH = 2  # trees that build, for every feature


def test_overlays_are_built_to_the_byte_as_kustomize_builds_them(tmp_path: Path) -> None:
    binary.needed()
    built: Counter[str] = Counter()

    @settings(
        max_examples=TREES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 2**32))
    def compare(seed: int) -> None:
        files, folder = tree(Random(seed))
        wanted = kustomized(tmp_path / "tree", files, folder)
        made = ours(files, folder)
        assert (made is None) == (wanted is None), f"seed {seed}: refused by one of both"
        assert made == wanted, f"seed {seed}"
        built["seen"] += 1
        if wanted is not None:
            built["trees"] += 1
            built.update(_features(files))

    compare()
    print(f"{built['trees']} of {built['seen']} trees built and compared")
    assert built["seen"] >= TREES * 0.9
    assert built["trees"] >= built["seen"] * _BUILT
    assert [name for name in FEATURES if built[name] < _EACH] == []


def _features(files: dict[str, str]) -> list[str]:
    text = "\n".join(files.values()).replace('"', "")
    return [name for name, marker in FEATURES.items() if re.search(marker, text)]


def ours(files: dict[str, str], folder: str) -> str | None:
    """What our renderer prints; None if it refuses."""
    try:
        return to_yaml(build(DictTree(files), folder))
    except RenderError:
        return None


def kustomized(root: Path, files: dict[str, str], folder: str) -> str | None:
    """What kustomize prints of the files, written below ``root`` for it; None if it refuses."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    done = binary.build(root / folder)
    shutil.rmtree(root)
    return None if done.returncode else done.stdout.decode()
