from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.kustomize import binary

Build = Callable[[Sequence[str]], str | None]


@pytest.fixture(scope="session")
def kustomize_build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """What the real kustomize prints for documents, in their order; None if it refuses them."""
    if binary.kustomize() is None:
        pytest.skip("NOT COMPARED with kustomize: no $KUSTOMIZE, and no go to build it with")
    folder = tmp_path_factory.mktemp("kustomize")
    settings = "resources: [r.yaml]\nsortOptions: {order: fifo}\n"
    (folder / "kustomization.yaml").write_text(settings)
    return lambda documents: _build(folder, documents)


def _build(folder: Path, documents: Sequence[str]) -> str | None:
    (folder / "r.yaml").write_text("---\n".join(documents), newline="")
    done = binary.build(folder)
    return None if done.returncode else done.stdout.decode()
