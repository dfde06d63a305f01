"""What discovery found, kept in a file that must never mislead."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters.kube import kept

FOUND = {
    "v1": {"ConfigMap": ("configmaps", True)},
    "apps/v1": {"Deployment": ("deployments", True)},
}


def written(folder: Path) -> kept.File:
    file = kept.File(folder / "cache" / "discovery.json")
    file.write("https://one", FOUND)
    return file


def test_what_was_written_is_read_for_the_same_server_alone(tmp_path: Path) -> None:
    assert written(tmp_path).read("https://one") == FOUND
    assert written(tmp_path).read("https://two") == {}


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    written(tmp_path)
    (file,) = (tmp_path / "cache").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data.replace(b"configmaps", b"secretmaps"),
        lambda data: b"",
        lambda data: b"\xff" + data,
        lambda data: data + b" " * kept.LIMIT,
        lambda data: b"[" * 10_000,
    ],
)
def test_a_damaged_file_is_as_good_as_none(damage: object, tmp_path: Path) -> None:
    assert callable(damage)
    file = written(tmp_path)
    (path,) = (tmp_path / "cache").iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert file.read("https://one") == {}


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    file = kept.File(tmp_path / "cache" / "discovery.json")
    file.write("https://one", FOUND)
    assert file.read("https://one") == {}


def test_what_would_be_too_large_is_not_written(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.write("https://one", {"v1": {"A" * kept.LIMIT: ("as", True)}})
    assert file.read("https://one") == FOUND
