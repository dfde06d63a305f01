"""Whole overlays, held against the real kustomize.

``derandomize`` keeps the trees the same from run to run; raise the number to search further.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.model.errors import RenderError
from reconciler.render.build import build
from reconciler.render.output import to_yaml
from tests.kustomize import binary
from tests.render import overlays
from tests.trees import DictTree

pytestmark = pytest.mark.differential


@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.integers(0, 2**32))
def test_an_overlay_is_built_to_the_byte_as_kustomize_builds_it(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    binary.needed()
    files, folder = overlays.tree(Random(seed))
    wanted = _kustomize(tmp_path_factory.mktemp("overlay"), files, folder)
    try:
        ours = to_yaml(build(DictTree(files), folder))
    except RenderError as error:
        assert wanted is None, f"seed {seed}: refused: {error}"
    else:
        assert ours == wanted, f"seed {seed}"


def _kustomize(root: Path, files: dict[str, str], folder: str) -> str | None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    done = binary.build(root / folder)
    shutil.rmtree(root)
    return None if done.returncode else done.stdout.decode()
