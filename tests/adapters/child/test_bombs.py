"""Each bomb ends in one clear error or in kustomize's own output, and the parent goes on."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from reconciler.adapters.files import FolderTree
from reconciler.model.errors import RenderError, RenderUnavailable
from reconciler.model.limits import Limits
from tests.adapters.child.fleet import FILES, OBJECTS, SITE, children, render, renderer, tree
from tests.adapters.git import build
from tests.bombs import BOMBS, HEAVY
from tests.trees import DictTree

_HUGE = 1_500_000_000  # bytes, of which the disk holds none
_BLOB = 64 << 20
_GROWTH = 48 << 20  # bytes: a large file on its way, more than once


def test_the_defaults_end_whatever_it_is_within_ten_seconds_and_256_mib() -> None:
    """Other tests show that the limits are kept to."""
    assert Limits().wall == 10
    assert Limits().memory == 256 << 20
    assert Limits().cpu < Limits().wall


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_bomb_is_ended_by_a_limit_that_is_named(name: str) -> None:
    bomb = HEAVY[name]
    given = DictTree({**FILES, **bomb.files()})
    before = peak()
    with pytest.raises((RenderError, RenderUnavailable), match=bomb.words) as caught:
        render(given)
    if isinstance(caught.value, RenderError):  # or this machine had no time for it
        assert str(caught.value).startswith(f"{SITE.folder}: ")
        assert f"the file that was read last is {SITE.folder}/" in str(caught.value)
    assert len(str(caught.value)) < 300
    assert children() == []
    assert peak() - before < _GROWTH
    assert render(tree()).objects  # the parent goes on


def peak() -> int:
    """The most memory that this process had so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_within_the_defaults(name: str) -> None:
    bomb = BOMBS[name]
    given = DictTree({**FILES, **bomb.files()})
    before = peak()
    if bomb.words:
        with pytest.raises(RenderError, match=bomb.words) as caught:
            render(given)
        assert 10 < len(str(caught.value)) < 600
        assert "CPU" not in str(caught.value)  # by its own bound, before the process's
        assert "MiB" not in str(caught.value)
    else:
        assert render(given).objects
    assert children() == []
    assert peak() - before < _GROWTH
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
