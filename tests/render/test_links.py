"""Symbolic links: how far they are followed, and that a render which remembers misses no change."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from reconciler.model.errors import FileError, RenderError, SettingsError
from reconciler.model.refs import SiteName
from reconciler.render import settings
from reconciler.render.build import build
from reconciler.render.cache import Cache
from reconciler.render.output import to_yaml
from reconciler.render.site import render_site
from reconciler.render.trees import Remembered
from tests.render import linked
from tests.trees import DictTree

RANDOM = 100  # random folders, each of which changes seven times
SITE = SiteName("north", "barn-7")
AT = SITE.folder
FILES: dict[str, str | bytes] = {
    "fleet.yaml": "apiVersion: fleet-reconciler.dev/v1alpha1\nkind: Fleet\nname: farms\n",
    f"{AT}/kustomization.yaml": "resources: [link]\n",
    "bases/one/kustomization.yaml": "resources: [map.yaml]\n",
    "bases/two/kustomization.yaml": "resources: [map.yaml]\n",
    "bases/one/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n",
    "bases/two/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: two}\n",
}
TO_ONE = "../../../bases/one"


def tree(target: str = TO_ONE, links: dict[str, str] | None = None, **more: str) -> DictTree:
    """A site over ``link``; keys of ``more`` are names below bases/one."""
    files = {f"bases/one/{name}.yaml": text for name, text in more.items()}
    return DictTree({**FILES, **files}, {f"{AT}/link": target, **(links or {})})


def names(given: DictTree, cache: Cache | None = None) -> list[str]:
    return [str(each.ref) for each in render_site(given, SITE, "c", cache).objects]


def chain(length: int) -> dict[str, str]:
    """That many links, each to the next, and the last to a base."""
    return {f"links/{at}": str(at + 1) for at in range(length - 1)} | {
        f"links/{length - 1}": "../bases/one"
    }


@pytest.mark.parametrize(
    "target",
    [
        TO_ONE,
        f"{TO_ONE}/",
        f"{TO_ONE}/.",
        f"./{TO_ONE}",
        "../../..//bases///one",
        "../../../bases/two/../one",
        "../../../links/folder/one",
        "../../../links/folder/../bases/one",
        "../../../links/0",
    ],
)
def test_a_link_within_the_repository_is_followed(target: str) -> None:
    assert names(tree(target, {"links/folder": "../bases", **chain(39)})) == ["ConfigMap/one"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("/bases/one", "leads out of the repository: '/sites/north/barn-7/link' is a symbolic"),
        ("/etc/passwd", "is a symbolic link to '/etc/passwd'"),
        ("../../../../fleet/bases/one", "leads out of the repository"),
        ("../../../..", "leads out of the repository"),
        ("../../../links/out/x", "'/links/out' is a symbolic link to '../../x'"),
        ("../../../links/0", "too many links: 'link' leads over more than 40"),
        ("link", "too many links"),
        ("../barn-7/link/x", "too many links"),
        (
            "",
            "failure on '/sites/north/barn-7/link' : lstat /sites/north/barn-7/link: no such file",
        ),
        ("nothing", "/barn-7/link' : lstat /sites/north/barn-7/nothing: no such file or directory"),
        ("nothing/../../../../bases/one", "lstat /sites/north/barn-7/nothing: no such file"),
        (f"{TO_ONE}/map.yaml/", "no such file or directory"),
        (f"{TO_ONE}/map.yaml/../../one", "no such file or directory"),
        ("../../../.git/HEAD", "no such file or directory"),
        (f"{TO_ONE}/map.yaml", "security; file '/sites/north/barn-7/link' is not in or below"),
        ("../..", "cycle detected: candidate root '/sites' contains visited root"),
        ("x/" * 2_000, "no such file or directory"),
    ],
)
def test_any_other_is_refused_at_the_entry_that_names_it(target: str, message: str) -> None:
    with pytest.raises(RenderError) as caught:
        names(tree(target, {"links/out": "../../x", **chain(40)}))
    assert message in caught.value.message
    assert (caught.value.path, caught.value.line) == (f"{AT}/kustomization.yaml", 1)
    assert len(str(caught.value)) < 2_500


def test_what_leaves_the_repository_is_refused_also_where_it_would_come_back() -> None:
    with pytest.raises(RenderError, match="leads out of the repository"):
        names(tree("../../../../repository/bases/one"))


def test_with_the_whole_file_system_as_the_tree_nothing_is_outside() -> None:
    files = {f"/{path}": text for path, text in FILES.items()}
    for target in ("/bases/one", "../../../../../../bases/one"):
        given = DictTree(files, {f"/{AT}/link": target})
        assert [each.value["metadata"]["name"] for each in build(given, f"/{AT}")] == ["one"]


def test_a_chain_of_forty_links_is_followed_and_one_of_more_is_not() -> None:
    assert names(tree("../../../links/0", chain(39))) == ["ConfigMap/one"]
    with pytest.raises(RenderError, match="too many links"):
        names(tree("../../../links/0", chain(40)))


def test_an_error_in_a_file_behind_a_link_names_the_file_itself() -> None:
    with pytest.raises(RenderError) as caught:
        names(tree(map="apiVersion: v1\nkind: ConfigMap\n"))
    assert (caught.value.path, caught.value.line) == ("bases/one/map.yaml", 1)


def test_a_kustomization_that_leads_out_of_the_repository_is_refused_by_name() -> None:
    links = {"bases/three/kustomization.yaml": "/etc/kustomization.yaml"}
    given = DictTree(
        {**FILES, "bases/three/x": ""}, {f"{AT}/link": "../../../bases/three", **links}
    )
    with pytest.raises(RenderError, match=r"/kustomization\.yaml' is a symbolic") as caught:
        names(given)
    assert (caught.value.path, caught.value.line) == (f"{AT}/kustomization.yaml", 1)


def test_a_build_may_begin_at_a_link() -> None:
    given = DictTree(FILES, {"links/here": "../bases/one"})
    assert [each.origin.path for each in build(given, "links/here")] == ["bases/one/map.yaml"]
    with pytest.raises(RenderError, match="leads out of the repository"):
        build(DictTree(FILES, {"here": "/bases/one"}), "here")


# -- what is kept ------------------------------------------------------------------

LATER = {
    "the link": tree("../../../bases/two"),
    "a link further on": tree("../../../hop", {"hop": "bases/two"}),
    "the file behind it": tree(map=str(FILES["bases/two/map.yaml"])),
    "the kustomization behind it": tree(kustomization="namePrefix: x-\nresources: [map.yaml]\n"),
    "a folder in its place": DictTree(
        {
            **FILES,
            f"{AT}/link/kustomization.yaml": "resources: [map.yaml]\n",
            f"{AT}/link/map.yaml": FILES["bases/two/map.yaml"],
        }
    ),
    "a link on the way to it": DictTree(
        {path: text for path, text in FILES.items() if not path.startswith("bases/one/")},
        {f"{AT}/link": TO_ONE, "bases/one": "two"},
    ),
    "a link in the file's place": DictTree(
        {path: text for path, text in FILES.items() if path != "bases/one/map.yaml"}
        | {"bases/one/other.yaml": FILES["bases/two/map.yaml"]},
        {f"{AT}/link": TO_ONE, "bases/one/map.yaml": "other.yaml"},
    ),
}


@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize("what", LATER)
def test_a_render_that_remembers_sees_what_changed(what: str, *, again: bool) -> None:
    cache = Cache(again=again)
    changed = LATER[what]
    hop = tree("../../../hop", {"hop": "bases/one"})
    for earlier in (tree(), hop):
        before = names(earlier, cache)
        assert names(changed, cache) == names(changed) != before
        assert names(earlier, cache) == before


def test_a_folder_that_a_target_only_passes_has_to_stay() -> None:
    cache, target = Cache(), "../../../bases/two/../one"
    assert names(tree(target), cache) == ["ConfigMap/one"]
    without = {path: text for path, text in FILES.items() if not path.startswith("bases/two/")}
    with pytest.raises(RenderError, match="no such file or directory"):
        names(DictTree(without, {f"{AT}/link": target}), cache)


def test_what_was_built_behind_a_link_is_kept() -> None:
    cache, given = Cache(), tree()
    for _ in range(2):
        names(given, cache)
        names(tree(), cache)
    assert given.reads.count("bases/one/map.yaml") == 1
    assert given.reads.count("bases/one/kustomization.yaml") == 1


@pytest.mark.parametrize("target", ["nothing", "/etc", "link"])
def test_a_link_that_leads_nowhere_any_more_is_an_error_of_a_render_that_remembers(
    target: str,
) -> None:
    cache = Cache()
    before = names(tree(), cache)
    with pytest.raises(RenderError):
        names(tree(target), cache)
    assert names(tree(), cache) == before


def test_a_kustomization_beside_a_dangling_one_is_built_anew_once_that_leads_somewhere() -> None:
    cache, links = Cache(), {"bases/one/Kustomization": "gone.yaml"}
    assert names(tree(links=links), cache) == ["ConfigMap/one"]
    with pytest.raises(RenderError, match="Found multiple kustomization files"):
        names(tree(links=links, gone="resources: [map.yaml]\n"), cache)


# -- who follows none ----------------------------------------------------------------


@pytest.mark.parametrize("path", ["fleet.yaml", f"{AT}/site.yaml"])
def test_settings_are_read_over_no_link(path: str) -> None:
    files = {name: text for name, text in FILES.items() if name != path}
    given = DictTree(files, {path: "/".join([".."] * path.count("/") + ["bases/one/map.yaml"])})
    with pytest.raises(SettingsError, match="a symbolic link; none is followed here") as caught:
        settings.read_settings(given, SITE)
    assert caught.value.path == path


def test_a_policy_is_read_over_no_link() -> None:
    fleet = f"{FILES['fleet.yaml']!s}policies: {{use: [a]}}\n"
    given = DictTree({**FILES, "fleet.yaml": fleet}, {"policies/a.yaml": "../bases/one/map.yaml"})
    with pytest.raises(SettingsError, match=r"policies/a\.yaml: a symbolic link"):
        settings.read_fleet(given)


def test_no_site_is_found_behind_a_link() -> None:
    links = {"sites/south": "north", "sites/north/again": "barn-7", "sites/loop": "../sites"}
    given = DictTree(FILES, links)
    assert settings.sites(given) == (SITE,)
    with pytest.raises(SettingsError, match="is not in the repository"):
        settings.require(given, SiteName("north", "again"))


# -- what it costs -------------------------------------------------------------------


def test_a_path_without_links_is_asked_for_no_link() -> None:
    class Linkless(DictTree):
        def link(self, path: str) -> str | None:
            raise FileError("asked", path=path)

    given = Linkless({**FILES, f"{AT}/kustomization.yaml": f"resources: [{TO_ONE}]\n"})
    cache = Cache()
    for _ in range(2):
        assert names(given, cache) == ["ConfigMap/one"]


def test_a_remembered_tree_is_asked_for_a_link_once() -> None:
    class Counting(DictTree):
        asked = 0

        def link(self, path: str) -> str | None:
            self.asked += path == f"{AT}/link"
            return super().link(path)

    given = Counting(FILES, {f"{AT}/link": TO_ONE})
    for _ in range(3):
        render_site(Remembered(given), SITE, "c")
    assert given.asked == 3  # once a tree that remembers


# -- at random -----------------------------------------------------------------------


def outcome(given: DictTree, cache: Cache) -> str:
    try:
        return to_yaml(build(given, "app", restrict=False, cache=cache))
    except FileError as error:
        return f"refused: {error}"


@pytest.mark.parametrize("again", [True, False])
def test_whatever_changes_among_links_a_render_that_remembers_is_as_a_first_one(
    *, again: bool
) -> None:
    built = changed = 0
    for seed in range(RANDOM):
        random, cache = Random(seed), Cache(again=again)
        files, links = linked.tree(random, Path("/root"))
        before = ""
        for _ in range(8):
            found = outcome(DictTree(files, links), cache)
            assert found == outcome(DictTree(files, links), Cache()), f"seed {seed}"
            built += not found.startswith("refused")
            changed += found != before
            before = found
            files, links = linked.changed(random, files, links)
    assert built > RANDOM
    assert changed > RANDOM
