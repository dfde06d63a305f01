"""A fresh remote for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.adapters.git import Mirror
from tests.adapters.git import build


@pytest.fixture
def remote(tmp_path: Path) -> build.Remote:
    return build.Remote(tmp_path / "remote.git")


@pytest.fixture
def mirror(tmp_path: Path, remote: build.Remote) -> Iterator[Mirror]:
    made = build.mirror(tmp_path / "state" / "mirror.git", remote.url)
    yield made
    made.close()
