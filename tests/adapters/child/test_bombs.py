"""Each bomb ends in one clear error or in kustomize's own output, and the parent goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters.files import FolderTree
from reconciler.model.errors import RenderError
from tests.adapters.child.fleet import FILES, OBJECTS, SITE, children, render, renderer, tree
from tests.adapters.git import build
from tests.bombs import BOMBS
from tests.trees import DictTree

_HUGE = 1_500_000_000  # bytes, of which the disk holds none
_BLOB = 64 << 20


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_within_the_defaults(name: str) -> None:
    bomb = BOMBS[name]
    given = DictTree({**FILES, **bomb.files()})
    if bomb.words:
        with pytest.raises(RenderError, match=bomb.words) as caught:
            render(given)
        assert 10 < len(str(caught.value)) < 600
        assert "CPU" not in str(caught.value)  # by its own bound, before the process's
        assert "MiB" not in str(caught.value)
    else:
        assert render(given).objects
    assert children() == []
    assert render(tree()).objects  # the parent goes on


def test_a_huge_file_is_never_read(tmp_path: Path) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(str(text))
    with (tmp_path / OBJECTS).open("wb") as file:
        file.truncate(_HUGE)
    with pytest.raises(RenderError, match=r"objects\.yaml: a file has at most 10485760 bytes"):
        render(FolderTree(tmp_path))


def test_a_huge_blob_is_never_read(tmp_path: Path) -> None:
    remote = build.Remote(tmp_path / "remote.git")
    remote.commit({**FILES, OBJECTS: b"\0" * _BLOB})
    mirror = build.mirror(tmp_path / "mirror.git", remote.url)
    try:
        commit = mirror.fetch().commit
        with pytest.raises(RenderError, match=r"objects\.yaml: .* a file has at most 10485760"):
            renderer().render(mirror.tree(commit), SITE, commit, mirror.fetch_blobs)
    finally:
        mirror.close()
    assert children() == []


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../fleet.yaml", "site.yaml", "."])
def test_a_link_is_refused_wherever_it_leads(tmp_path: Path, target: str) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(str(text))
    (tmp_path / OBJECTS).unlink()
    (tmp_path / OBJECTS).symlink_to(target)
    with pytest.raises(RenderError, match=r"objects\.yaml: a symbolic link; none is followed"):
        render(FolderTree(tmp_path))
