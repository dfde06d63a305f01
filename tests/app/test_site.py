"""``reconciler site add``: a new site that validates, or nothing changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters.files import FolderTree
from reconciler.model.refs import SiteName
from reconciler.render import settings
from tests.app import build

OLD = "sites/north/barn-7"


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    return build.fleet(
        tmp_path / "fleet",
        {
            f"{OLD}/kustomization.yaml": build.overlay("# barn-7's own", "namePrefix: barn-7-"),
            f"{OLD}/site.yaml": build.SETTINGS + "# why\nlabels: {size: '2', opened: 2024-05-01}\n",
            f"{OLD}/files/note": "not barn-77, nor xbarn-7\n",
            "sites/south/mill/kustomization.yaml": build.overlay(),
        },
    )


def read(fleet: Path, name: str) -> tuple[str, dict[str, str]]:
    """The ring and the labels of a site."""
    found = settings.read_settings(FolderTree(fleet), SiteName.parse(name))
    return found.ring, dict(found.labels)


def test_a_copy_has_all_files_and_what_was_given_in_its_settings(fleet: Path) -> None:
    before = build.everything(fleet)
    done = build.run(
        "site", "add", "east/barn-9", "--from", "north/barn-7", "--repo", fleet,
        "--ring", "canary", "--label", "size=3", "--label", "fleet.example/milk=yes",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    labels = {"size": "3", "opened": "2024-05-01", "fleet.example/milk": "yes"}
    assert read(fleet, "east/barn-9") == ("canary", labels)
    new = fleet / "sites/east/barn-9"
    for name in ("kustomization.yaml", "files/note"):
        assert (new / name).read_bytes() == before[f"{OLD}/{name}"]
    after = build.everything(fleet)
    assert {path: after[path] for path in before} == before
    assert "1 site, 1 object: no findings" in done.stdout
    assert 'git add sites/east/barn-9 && git commit -m "Add east/barn-9"' in done.stdout


def test_a_copy_says_which_lines_still_name_the_other_site(fleet: Path) -> None:
    done = build.run("site", "add", "north/barn-9", "--from", "north/barn-7", "--repo", fleet)
    named = [line for line in done.stdout.splitlines() if "still names" in line]
    path = "sites/north/barn-9/kustomization.yaml"
    assert named == [f"{path}:{line}: still names north/barn-7" for line in (2, 3)]


def test_settings_are_copied_with_their_comments_where_none_is_given(fleet: Path) -> None:
    build.run("site", "add", "north/barn-9", "--from", "north/barn-7", "--repo", fleet)
    old, new = (fleet / f"sites/north/{name}/site.yaml" for name in ("barn-7", "barn-9"))
    assert new.read_bytes() == old.read_bytes()


def test_a_minimal_site_is_over_what_every_site_runs(
    fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.fleet(fleet, {"bases/site/kustomization.yaml": "resources: [../app]\n"})
    monkeypatch.chdir(fleet)
    done = build.run("site", "add", "north/barn-9", "--label", "size=3")
    assert done.exit_code == 0, done.stderr
    assert "1 site, 1 object: no findings" in done.stdout
    assert read(fleet, "north/barn-9") == ("wide", {"size": "3"})


def test_where_nothing_is_shared_a_minimal_site_has_a_namespace(fleet: Path) -> None:
    done = build.run("site", "add", "north/barn-9", "--repo", fleet)
    assert done.exit_code == 0, done.stderr
    files = ["kustomization.yaml", "namespace.yaml", "site.yaml"]
    assert sorted(path.name for path in (fleet / "sites/north/barn-9").iterdir()) == files


def test_a_site_of_a_broken_base_is_made_and_what_is_wrong_is_said(fleet: Path) -> None:
    build.fleet(fleet, {"bases/app/kustomization.yaml": "nonsense: 1\n"})
    done = build.run("site", "add", "north/barn-9", "--from", "south/mill", "--repo", fleet)
    assert done.exit_code == 1
    assert "bases/app/kustomization.yaml:1:1: " in done.stdout
    assert (fleet / "sites/north/barn-9/site.yaml").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["north/barn-7"], "sites/north/barn-7 exists already"),
        (["north/Barn"], "'north/Barn' is not REGION/SITE"),
        (["barn"], "'barn' is not REGION/SITE"),
        (["../x"], "'../x' is not REGION/SITE"),
        (["north/" + "x" * 32], "each part is 1 to 31 characters"),
        (["north/new", "--from", "north/bran-7"], "nearest: north/barn-7, "),
        (["north/new", "--from", "north"], "--from: north is not among the sites"),
        (["north/new", "--ring", "canry"], "'canry' is not among the rings of fleet.yaml: canary"),
        (["north/new", "--label", "size"], "--label: 'size' must be KEY=VALUE"),
        (["north/new", "--label", "size=a b"], "--label: 'size=a b' must be"),
        (["north/new", "--label", "=x"], "--label: '=x' has a name that must be"),
        (["closed/new"], "is no folder: sites cannot be put there"),
        (["linked/new"], "is no folder: sites cannot be put there"),
        (["north/linked", "--from", "north/barn-7"], "sites/north/linked exists already"),
        (["north/new", "--from", "south/links"], "sites/south/links/link: a symbolic link"),
        (["north/new", "--from", "south/wrong"], "sites/south/wrong/site.yaml:3:1: unknown key"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changed(
    fleet: Path, arguments: list[str], message: str
) -> None:
    build.fleet(
        fleet,
        {
            "sites/closed": "a file",
            "sites/south/links/kustomization.yaml": build.overlay(),
            "sites/south/wrong/kustomization.yaml": build.overlay(),
            "sites/south/wrong/site.yaml": build.SETTINGS + "rnig: wide\n",
        },
    )
    (fleet / "sites/linked").symlink_to(fleet / "sites/north")
    (fleet / "sites/north/linked").symlink_to("nowhere")
    (fleet / "sites/south/links/link").symlink_to("kustomization.yaml")
    before = build.everything(fleet)
    done = build.run("site", "add", *arguments, "--repo", fleet)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert build.everything(fleet) == before


def test_a_folder_that_is_no_fleet_is_refused(tmp_path: Path) -> None:
    done = build.run("site", "add", "north/new", "--repo", tmp_path)
    assert done.exit_code == 2
    assert "holds no fleet.yaml: name a fleet repository by --repo" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_fleet_without_rings_says_so(fleet: Path) -> None:
    (fleet / "fleet.yaml").write_text(build.HEAD + "kind: Fleet\nname: farms\n")
    done = build.run("site", "add", "north/new", "--ring", "wide", "--repo", fleet)
    assert "is not among the rings of fleet.yaml: none" in done.stderr


def test_a_label_that_is_given_twice_with_two_values_is_refused(fleet: Path) -> None:
    before = build.everything(fleet)
    given = ("site", "add", "east/new", "--repo", fleet, "--label", "k=v", "--label")
    done = build.run(*given, "k=w")
    assert done.exit_code == 2
    assert "--label: k is given twice, as v and as w" in done.stderr
    assert build.everything(fleet) == before
