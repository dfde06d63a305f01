"""Each bomb ends in one clear error or in kustomize's own output, and the parent goes on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench import fleet
from reconciler.adapters.files import FolderTree
from reconciler.model.errors import RenderError
from reconciler.model.limits import Limits
from tests.adapters.child.fleet import FILES, OBJECTS, SITE, render, tree
from tests.adapters.child.measured import Measured, measured
from tests.adapters.git import build, huge
from tests.bombs import BOMBS, HEAVY

_HUGE = 1_500_000_000  # bytes, of which the disk holds none
_GROWTH = 48 << 20  # bytes: a large file on its way, more than once


def test_the_defaults_end_whatever_it_is_within_ten_seconds_and_256_mib() -> None:
    """Other tests show that the limits are kept to."""
    assert Limits().wall == 10
    assert Limits().memory == 256 << 20
    assert Limits().cpu < Limits().wall


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_bomb_is_ended_by_a_limit_that_is_named(name: str) -> None:
    found = measured("bomb", name)
    assert re.search(HEAVY[name].words, found.text)
    if found.error != "RenderUnavailable":  # or this machine had no time for it
        assert found.error == "RenderError"
        assert found.text.startswith(f"{SITE.folder}: ")
        assert f"the file that was read last is {SITE.folder}/" in found.text
    assert len(found.text) < 300
    bounded(found)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_within_the_defaults(name: str) -> None:
    words, found = BOMBS[name].words, measured("bomb", name)
    if words:
        assert (found.error, found.objects) == ("RenderError", 0)
        assert words in found.text
        assert 10 < len(found.text) < 600
        assert "CPU" not in found.text  # by its own bound, before the process's
        assert "MiB" not in found.text
    else:
        assert (found.error, found.objects > 0) == ("", True)
    bounded(found)


def test_the_4000_objects_of_the_benchmark_pass_under_the_same_limits(tmp_path: Path) -> None:
    """A large site is no bomb."""
    (tmp_path / "fleet.yaml").write_text(str(FILES["fleet.yaml"]))
    settings = "apiVersion: fleet-reconciler.dev/v1alpha1\nkind: SiteSettings\n"
    (fleet.objects(tmp_path / "sites/one", 4_000) / "site.yaml").write_text(settings)
    found = measured("folder", tmp_path, "one/site")
    assert (found.objects, found.error) == (4_000, "")
    bounded(found)


def test_the_measure_sees_what_is_beyond_the_limits() -> None:
    """Else the tests above would show nothing."""
    large = measured("bomb", "long annotation", memory=2 * Limits().memory, wall=60)
    assert large.resident > Limits().memory
    assert measured("bomb", "many labels", cpu=2, wall=60).cpu > 2


def bounded(found: Measured) -> None:
    """Within the defaults, and the parent has not noticed."""
    assert found.resident <= Limits().memory
    assert found.cpu <= Limits().wall
    assert found.grown < _GROWTH
    assert found.left == 0
    assert found.after == len(render(tree()).objects)


def test_a_huge_file_is_never_read(tmp_path: Path) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(str(text))
    with (tmp_path / OBJECTS).open("wb") as file:
        file.truncate(_HUGE)
    with pytest.raises(RenderError, match=r"objects\.yaml: a file has at most 10485760 bytes"):
        render(FolderTree(tmp_path))


def test_a_huge_blob_is_never_read(tmp_path: Path) -> None:
    """Git brings it, as a pack of 1.5 MB; no process here ever holds it, and git's do not either.

    Seconds are git's own here, which inflates and hashes it twice.
    """
    remote = build.Remote(tmp_path / "remote.git")
    huge.commit(remote, OBJECTS, FILES)
    found = measured("git", remote.url)
    assert found.text == f"{OBJECTS}: {huge.SIZE} bytes; a file has at most 10485760"
    assert found.resident <= Limits().memory
    assert found.grown < _GROWTH < huge.SIZE
    assert (found.left, found.after) == (0, len(render(tree()).objects))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("/etc/passwd", "leads out of the repository"),
        ("../../../../secret", "leads out of the repository"),
        ("../../../fleet.yaml", "security; file '/sites/north/barn-7/objects.yaml' is not in"),
        (".", "cycle detected"),
        ("objects.yaml", "too many links"),
        ("a/../" * 800 + "site.yaml", "no such file"),
        ("./" * 2_000 + "x", "no such file"),
        ("x" * 4_095, "no such file"),
    ],
)
def test_a_link_that_leads_astray_is_refused(tmp_path: Path, target: str, message: str) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(str(text))
    (tmp_path / OBJECTS).unlink()
    (tmp_path / OBJECTS).symlink_to(target)
    with pytest.raises(RenderError, match=re.escape(message)) as caught:
        render(FolderTree(tmp_path))
    assert caught.value.path == f"{SITE.folder}/kustomization.yaml"


def test_a_link_that_stays_in_the_folder_is_followed(tmp_path: Path) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(str(text))
    (tmp_path / OBJECTS).rename((tmp_path / OBJECTS).with_name("real.yaml"))
    (tmp_path / OBJECTS).symlink_to("real.yaml")
    found, wanted = render(FolderTree(tmp_path)), render(tree())
    assert [each.body for each in found.objects] == [each.body for each in wanted.objects]
    assert {each.origin.path for each in found.objects} == {f"{SITE.folder}/real.yaml"}
