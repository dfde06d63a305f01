"""Commands on a fleet repository; no cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.adapters.git.build import git
from tests.e2e.fleet import SITE, Fleet, config_map
from tests.e2e.process import reconciler


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path / "fleet.git", "app")


@pytest.fixture
def folder(fleet: Fleet, tmp_path: Path) -> Path:
    """A work tree of the fleet."""
    git(tmp_path, "clone", "-q", str(fleet.remote.folder), "work")
    return tmp_path / "work"


def test_a_site_is_rendered_from_a_remote_and_from_a_clone_alike(
    fleet: Fleet, folder: Path
) -> None:
    remote = reconciler("render", SITE, "--repo", fleet.remote.url)
    local = reconciler("render", SITE, "--repo", str(folder))
    assert (remote.returncode, remote.stderr) == (0, "")
    assert remote.stdout == local.stdout
    objects = list(yaml.safe_load_all(remote.stdout))
    assert [found["kind"] for found in objects] == ["Namespace", "ConfigMap", "Deployment"]
    listed = reconciler("render", SITE, "--repo", str(folder), "-o", "json")
    assert json.loads(listed.stdout) == objects


def test_a_site_is_rendered_at_any_revision(fleet: Fleet, folder: Path) -> None:
    fleet.extra(config_map("late"))
    git(folder, "pull", "-q")
    then = reconciler("render", SITE, "--repo", str(folder), "--rev", "HEAD~1")
    now = reconciler("render", SITE, "--repo", str(folder))
    assert "name: late" in now.stdout and "name: late" not in then.stdout


def test_a_site_that_is_not_there_names_the_nearest(folder: Path) -> None:
    done = reconciler("render", "north/ome", "--repo", str(folder))
    assert done.returncode == 2 and SITE in done.stderr


def test_a_folder_is_rendered_as_it_stands(folder: Path) -> None:
    done = reconciler("render", str(folder / "bases/app"))
    assert done.returncode == 0
    assert "fleet-reconciler.dev/site" not in done.stdout


def test_a_sound_fleet_has_no_findings(folder: Path) -> None:
    done = reconciler("validate", str(folder))
    assert (done.returncode, done.stdout) == (0, "1 site, 3 objects: no findings\n")


def test_findings_name_file_and_line(folder: Path) -> None:
    (folder / "sites" / SITE / "extra.yaml").write_text(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: app}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name}\n"
    )
    done = reconciler("validate", str(folder))
    assert done.returncode == 1
    assert done.stdout.startswith(f"sites/{SITE}/extra.yaml:5: ConfigMap/app/Not_A_Name: ")
    found = json.loads(reconciler("validate", str(folder), "-o", "json").stdout)["findings"]
    assert [(row["path"], row["line"], row["sites"]) for row in found] == [
        (f"sites/{SITE}/extra.yaml", 5, [SITE])
    ]


def test_settings_that_are_wrong_are_findings(folder: Path) -> None:
    (folder / "fleet.yaml").write_text("apiVersion: v2\n")
    done = reconciler("validate", str(folder))
    assert done.returncode == 1 and done.stdout.startswith("fleet.yaml:1:1: ")
