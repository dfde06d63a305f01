from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.kustomize import binary

Build = Callable[[Sequence[str]], str | None]
Patch = Callable[[str], str | None]


@pytest.fixture(scope="session")
def kustomize_build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """What the real kustomize prints for documents, in their order; None if it refuses them."""
    folder = _folder(tmp_path_factory, "sortOptions: {order: fifo}")
    return lambda documents: _build(folder, documents)


@pytest.fixture(scope="session")
def kustomize_patch(tmp_path_factory: pytest.TempPathFactory) -> Patch:
    """What the real kustomize prints for a Thing after a JSON patch; None if it refuses it."""
    folder = _folder(tmp_path_factory, "patches: [{path: p.yaml, target: {kind: Thing}}]")
    thing = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec: 1\n"

    def patch(text: str) -> str | None:
        (folder / "p.yaml").write_text(text)
        return _build(folder, [thing])

    return patch


def _folder(tmp_path_factory: pytest.TempPathFactory, settings: str) -> Path:
    binary.needed()
    folder = tmp_path_factory.mktemp("kustomize")
    (folder / "kustomization.yaml").write_text(f"resources: [r.yaml]\n{settings}\n")
    return folder


def _build(folder: Path, documents: Sequence[str]) -> str | None:
    (folder / "r.yaml").write_text("---\n".join(documents), newline="")
    done = binary.build(folder)
    return None if done.returncode else done.stdout.decode()
