"""The folder for local overrides, as strangers may fill it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.adapters.files import read_overrides
from reconciler.adapters.files.overrides import LARGEST, MOST_FILES
from reconciler.model.overrides import LocalFile


def test_files_come_in_the_order_of_their_names_and_others_are_left_alone(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", ".hidden.yaml", "notes.txt", "a.yaml~"):
        (tmp_path / name).write_text(name)
    assert read_overrides(tmp_path) == (
        LocalFile(name="a.yml", text="a.yml"),
        LocalFile(name="b.yaml", text="b.yaml"),
    )


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert read_overrides(tmp_path / "none") == ()


def test_a_folder_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "overrides").write_text("no folder")
    (row,) = read_overrides(tmp_path / "overrides")
    assert row.name == "overrides" and "the folder cannot be read: Not a directory" in row.problem


@pytest.mark.parametrize("target", ["secret", "/etc/passwd", "nowhere", ".."])
def test_no_link_is_followed(tmp_path: Path, target: str) -> None:
    (tmp_path / "secret").write_text("hidden")
    (tmp_path / "a.yaml").symlink_to(target)
    (row,) = read_overrides(tmp_path)
    assert (row.text, row.problem) == ("", "a symbolic link; none is followed")


def test_what_is_no_file_does_not_hold_up_the_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    rows = read_overrides(tmp_path)
    assert [row.name for row in rows] == ["folder.yaml", "pipe.yaml"]
    assert all(row.problem and not row.text for row in rows)


def test_more_files_than_that_are_not_read(tmp_path: Path) -> None:
    for number in range(MOST_FILES + 2):
        (tmp_path / f"{number:02}.yaml").write_text("")
    rows = read_overrides(tmp_path)
    assert [row.name for row in rows if row.problem] == [
        f"{MOST_FILES}.yaml",
        f"{MOST_FILES + 1}.yaml",
    ]


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(1 << 40)  # a hole: it holds a terabyte and takes no room
    (row,) = read_overrides(tmp_path)
    assert row.problem == f"a file has at most {LARGEST} bytes"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"x" * (LARGEST + 1), f"a file has at most {LARGEST} bytes"),
        (b"\xff", "it is not UTF-8"),
        (b"a\x00b", "it holds control characters"),
    ],
)
def test_what_is_no_text_of_a_bounded_size_is_a_problem(
    tmp_path: Path, data: bytes, problem: str
) -> None:
    (tmp_path / "a.yaml").write_bytes(data)
    assert read_overrides(tmp_path) == (LocalFile(name="a.yaml", problem=problem),)


def test_a_name_that_could_write_to_a_terminal_is_shown_without_that(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2Jb\nc.yaml").write_text("")
    (row,) = read_overrides(tmp_path)
    assert row.name == "a?[2Jb?c.yaml" and "plain characters" in row.problem
