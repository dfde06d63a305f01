"""``reconciler validate``: what is wrong with any site, by file and line, each thing once."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.app import validate
from reconciler.model.refs import SiteName
from tests.app import build

DEPENDENT = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  annotations: {{fleet-reconciler.dev/depends-on: {needs}}}
"""


def fleet(folder: Path, files: Mapping[str, str] | None = None, *, sites: int = 2) -> Path:
    """Sites north/a, north/b and so on over bases/app, and these files over them."""
    made = {
        f"sites/north/{chr(ord('a') + number)}/kustomization.yaml": build.overlay()
        for number in range(sites)
    }
    return build.fleet(folder, {**made, **(files or {})})


def findings(folder: Path) -> list[dict[str, Any]]:
    done = build.run("validate", folder, "-o", "json")
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    assert done.exit_code == (1 if found else 0)
    return found


def test_a_sound_fleet_is_counted(tmp_path: Path) -> None:
    done = build.run("validate", fleet(tmp_path))
    assert (done.exit_code, done.stdout) == (0, "2 sites, 2 objects: no findings\n")
    assert done.stderr == ""


def test_what_many_sites_have_from_one_file_is_said_once(tmp_path: Path) -> None:
    base = {"bases/app/kustomization.yaml": "resources: [app.yaml]\nnonsense: 1\n"}
    fleet(tmp_path, base, sites=5)
    done = build.run("validate", tmp_path)
    line, ending = done.stdout.splitlines()
    assert line.startswith("bases/app/kustomization.yaml:2:1: ")
    assert line.endswith(" [north/a, north/b, north/c and 2 more]")
    assert ending == "5 sites, 0 objects: 1 finding"
    (found,) = findings(tmp_path)
    assert found["sites"] == [f"north/{name}" for name in "abcde"]
    assert (found["rule"], found["line"]) == ("RenderError", 2)


def test_a_broken_site_hides_no_other(tmp_path: Path) -> None:
    settings = {
        "sites/north/a/site.yaml": build.SETTINGS + "rnig: wide\n",
        "sites/north/b/kustomization.yaml": build.overlay("- nowhere.yaml"),
        "sites/north/c/kustomization.yaml": build.overlay("namespace: fleet-system"),
    }
    fleet(tmp_path, settings, sites=4)
    found = [(each["sites"], each["rule"], each["path"]) for each in findings(tmp_path)]
    assert found == [
        (["north/a"], "SettingsError", "sites/north/a/site.yaml"),
        (["north/b"], "RenderError", "sites/north/b/kustomization.yaml"),
        (["north/c"], "agent-object", "bases/app/app.yaml"),
    ]


def test_fleet_yaml_is_read_first(tmp_path: Path) -> None:
    fleet(tmp_path, {"fleet.yaml": build.FLEET + "source: {}\n"})
    (found,) = findings(tmp_path)
    assert (found["path"], found["line"], found["sites"]) == ("fleet.yaml", 6, [])


@pytest.mark.parametrize("needs", ["ConfigMap/setings", "ConfigMap/other"])
def test_a_dependency_that_cannot_be_met_is_found(tmp_path: Path, needs: str) -> None:
    text = DEPENDENT.format(name="other", needs=needs) + "---\n" + build.MAP
    fleet(tmp_path, {"bases/app/app.yaml": text})
    (found,) = findings(tmp_path)
    assert (found["rule"], found["path"], found["line"]) == ("depends-on", "bases/app/app.yaml", 1)
    assert needs.partition("/")[2] in found["message"]
    assert found["sites"] == ["north/a", "north/b"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("sites/kustomization.yaml", "this is no site"),
        ("sites/barn/kustomization.yaml", "this is no site"),
        ("sites/north/Barn_7/kustomization.yaml", "'north/Barn_7' is not REGION/SITE"),
        ("sites/north/barn/site.yaml", "no kustomization"),
    ],
)
def test_what_looks_like_a_site_and_is_none_is_found(
    tmp_path: Path, path: str, message: str
) -> None:
    fleet(tmp_path, {path: build.overlay()})
    (found,) = findings(tmp_path)
    assert path.startswith(found["path"])
    assert found["message"].startswith(message)


@pytest.mark.parametrize("name", ["sites.yaml", "settings.yaml"])
def test_settings_under_another_name_are_found_as_nobody_reads_them(
    tmp_path: Path, name: str
) -> None:
    fleet(tmp_path, {f"sites/north/a/{name}": build.SETTINGS})
    (found,) = findings(tmp_path)
    assert found["path"] == f"sites/north/a/{name}"
    assert found["message"] == "nobody reads this: a site's settings are site.yaml"


def test_a_link_among_sites_is_found(tmp_path: Path) -> None:
    fleet(tmp_path, {})
    (tmp_path / "sites/north/evil").symlink_to("/")
    (found,) = findings(tmp_path)
    assert found["path"] == "sites/north/evil"
    assert found["message"].startswith("a link is no site")


def test_folders_that_lead_to_one_another_are_gone_through_once(tmp_path: Path) -> None:
    fleet(tmp_path, {})
    for link, target in {
        "sites/south": "north",
        "sites/north/a/up": "..",
        "sites/north/b/loop": "loop",
        "bases/all": "../sites",
    }.items():
        (tmp_path / link).symlink_to(target)
    done = build.run("validate", tmp_path)
    assert (done.exit_code, done.stdout) == (0, "2 sites, 2 objects: no findings\n")


def test_a_base_behind_a_link_is_rendered_and_one_outside_is_a_finding(tmp_path: Path) -> None:
    root = fleet(tmp_path / "fleet", {"sites/north/b/kustomization.yaml": "resources: [base]\n"})
    link = root / "sites/north/b/base"
    link.symlink_to("../../../bases/app")
    assert findings(root) == []
    (tmp_path / "app").symlink_to(root / "bases/app")
    link.unlink()
    link.symlink_to("../../../../app")
    (found,) = findings(root)
    assert (found["path"], found["line"]) == ("sites/north/b/kustomization.yaml", 1)
    assert "leads out of the repository" in found["message"]


@pytest.mark.parametrize(
    "path", ["sites/README.md", "sites/north/README.md", "sites/north/docs/a.md", "sites/x/.y/z"]
)
def test_what_is_meant_for_people_may_lie_beside_sites(tmp_path: Path, path: str) -> None:
    fleet(tmp_path, {path: "text"})
    assert findings(tmp_path) == []


def test_a_fleet_without_sites_is_a_finding(tmp_path: Path) -> None:
    build.fleet(tmp_path, {})
    assert [each["path"] for each in findings(tmp_path)] == ["sites"]
    (tmp_path / "sites").mkdir()
    assert [each["path"] for each in findings(tmp_path)] == ["sites"]


def test_some_sites_alone_can_be_checked(tmp_path: Path) -> None:
    fleet(tmp_path, {"sites/north/c/kustomization.yaml": "nonsense: 1\n"}, sites=3)
    only = (SiteName("north", "a"), SiteName("north", "b"))
    result = validate.check(tmp_path, only=only)
    assert (result.sites, result.findings) == (2, ())


def test_whoever_asks_is_told_how_far_it_is(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    validate.check(fleet(tmp_path, sites=4), tell=lambda *counts: told.append(counts))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("sites", [3, 20])
def test_a_terminal_shows_how_far_a_long_run_is_and_the_answer_stays_clean(
    tmp_path: Path, sites: int
) -> None:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("reconciler")), "validate"],
            cwd=fleet(tmp_path, sites=sites),
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
            check=True,
        )
        os.set_blocking(ours, False)
        shown = ""
        with contextlib.suppress(BlockingIOError):
            shown = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.stdout == f"{sites} sites, {sites} objects: no findings\n"
    assert ("\r10 of 20 sites checked" in shown) == (sites == 20)
    assert shown.endswith("\r\x1b[K") == (sites == 20)
