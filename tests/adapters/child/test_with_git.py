"""A mirror without blobs and the child that renders from it, together."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.errors import RenderError
from reconciler.render.site import render_site
from tests.adapters.child.fleet import FILES, OBJECTS, SITE, renderer, tree
from tests.adapters.git import build


def test_a_commit_is_rendered_though_its_files_were_never_fetched(tmp_path: Path) -> None:
    remote = build.Remote(tmp_path / "remote.git")
    remote.commit({**FILES, "other/file": "not needed"})
    mirror = build.mirror(tmp_path / "mirror.git", remote.url)
    asked: list[tuple[str, ...]] = []

    def fetch(ids: tuple[str, ...]) -> None:
        asked.append(ids)
        mirror.fetch_blobs(ids)

    try:
        commit = mirror.fetch().commit
        found = renderer().render(mirror.tree(commit), SITE, commit, fetch)
    finally:
        mirror.close()
    assert found.objects == render_site(tree(), SITE, commit).objects
    assert [len(ids) for ids in asked] == [1, 3]  # the root's file, and the site's


def test_a_link_in_a_commit_is_refused_by_name(tmp_path: Path) -> None:
    remote = build.Remote(tmp_path / "remote.git")
    remote.commit({**FILES, OBJECTS: "/etc/passwd"}, modes={OBJECTS: "120000"})
    mirror = build.mirror(tmp_path / "mirror.git", remote.url)
    try:
        commit = mirror.fetch().commit
        with pytest.raises(RenderError, match=r"objects\.yaml: .*a symbolic link"):
            renderer().render(mirror.tree(commit), SITE, commit, mirror.fetch_blobs)
    finally:
        mirror.close()
