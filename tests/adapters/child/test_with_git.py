"""A mirror without blobs and the child that renders from it, together."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.errors import MissingBlobs, RenderError
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


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../secret"])
def test_a_link_that_leaves_the_repository_is_refused_by_name(tmp_path: Path, target: str) -> None:
    remote = build.Remote(tmp_path / "remote.git")
    remote.commit({**FILES, OBJECTS: target}, modes={OBJECTS: "120000"})
    mirror = build.mirror(tmp_path / "mirror.git", remote.url)
    try:
        commit = mirror.fetch().commit
        with pytest.raises(RenderError, match=r"objects\.yaml' leads out of the repository"):
            renderer().render(mirror.tree(commit), SITE, commit, mirror.fetch_blobs)
    finally:
        mirror.close()


def linked(link: str, folder: str, text: str) -> tuple[dict[str, str | bytes], dict[str, str]]:
    """The site over a link to a base, which is in ``folder``; and the modes."""
    files: dict[str, str | bytes] = {
        **FILES,
        f"{SITE.folder}/kustomization.yaml": "resources: [base]\n",
        f"{SITE.folder}/base": link,
        f"bases/{folder}/kustomization.yaml": "resources: [a.yaml]\n",
        f"bases/{folder}/a.yaml": "in/b.yaml",
        f"bases/{folder}/in/b.yaml": text,
    }
    return files, {f"{SITE.folder}/base": "120000", f"bases/{folder}/a.yaml": "120000"}


def map_of(name: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"


def test_a_link_whose_blob_was_never_fetched_is_fetched_with_the_files_beside_it(
    tmp_path: Path,
) -> None:
    remote = build.Remote(tmp_path / "remote.git")
    files, modes = linked("../../../bases/one", "one", map_of("a"))
    remote.commit(files, modes=modes)
    mirror = build.mirror(tmp_path / "mirror.git", remote.url)
    asked: list[int] = []

    def fetch(ids: tuple[str, ...]) -> None:
        asked.append(len(ids))
        mirror.fetch_blobs(ids)

    try:
        commit = mirror.fetch().commit
        with pytest.raises(MissingBlobs):
            mirror.tree(commit).link(f"{SITE.folder}/base")
        found = renderer().render(mirror.tree(commit), SITE, commit, fetch)
    finally:
        mirror.close()
    assert [str(each.ref) for each in found.objects] == ["ConfigMap/a"]
    assert asked == [1, 4, 2, 1]  # the root, the site, the base with its link, and the file


def test_a_child_that_is_warm_sees_a_change_of_a_link_and_of_what_is_behind_it(
    tmp_path: Path,
) -> None:
    remote = build.Remote(tmp_path / "remote.git")
    commits = [
        linked("../../../bases/one", "one", map_of("a")),
        linked("../../../bases/one", "one", map_of("b")),  # the file behind both links
        linked("../../../bases/two", "two", map_of("c")),  # the link to the folder
        linked("../../../bases/one", "one", map_of("a")),
    ]
    mirror = build.mirror(tmp_path / "mirror.git", remote.url)
    warm, found = renderer(warm=60), []
    try:
        for number, (files, modes) in enumerate(commits):
            remote.commit(files, modes=modes, subject=str(number))
            commit = mirror.fetch().commit
            made = warm.render(mirror.tree(commit), SITE, commit, mirror.fetch_blobs)
            found.append([str(each.ref) for each in made.objects])
    finally:
        warm.close()
        mirror.close()
    assert found == [[f"ConfigMap/{name}"] for name in "abca"]
