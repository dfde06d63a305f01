"""``python -m tools.parity``: what is told of cases with what kustomize prints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n"
_GOOD = {"one.yaml": _MAP, "kustomization.yaml": "resources: [one.yaml]\n"}
_BAD = {"kustomization.yaml": "resources: [missing.yaml]\n"}
_NOTE = "errors that hold kustomize's words: "


def _case(folder: Path, name: str, files: dict[str, str], **more: str) -> None:
    """``more`` are the files beside the input: ``expected`` and what has ".txt" at its end."""
    for path, text in files.items():
        target = folder / name / "input" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    for word, text in more.items():
        (folder / name / (f"{word}.yaml" if word == "expected" else f"{word}.txt")).write_text(text)


def _ran(root: Path, *words: object) -> tuple[int, list[str]]:
    """The exit code, and the lines that are printed."""
    command = [sys.executable, "-m", "tools.parity", *map(str, words), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_a_case_passes_with_the_bytes_that_are_expected(tmp_path: Path) -> None:
    _case(tmp_path, "good", _GOOD, expected=_MAP)
    assert _ran(tmp_path) == (0, ["1 passed, 0 differ, 0 refused", f"{_NOTE}0 of 0"])


def test_the_table_names_what_differs_by_its_first_line_and_what_is_refused_by_why(
    tmp_path: Path,
) -> None:
    _case(tmp_path, "a-good", _GOOD, expected=_MAP)
    other = _MAP.replace("one", "two") + "extra: 1\n"
    _case(tmp_path, "b-other", _GOOD, expected=other)
    _case(tmp_path, "c-longer", _GOOD, expected=_MAP + "data: {}\n")
    _case(tmp_path, "d-ends", _GOOD, expected=_MAP.rstrip("\n"))
    _case(tmp_path, "e-refused", _BAD, expected=_MAP)
    code, lines = _ran(tmp_path, "--least", 1)
    assert code == 0
    assert lines[0] == "differs  b-other: line 4: expected '  name: two', found '  name: one'"
    assert lines[1] == "differs  c-longer: line 5: expected 'data: {}', found '<end>'"
    assert lines[2] == "differs  d-ends: same lines, other ends"
    assert lines[3].startswith("refused  e-refused: reconciler: ")
    assert "missing.yaml" in lines[3]
    assert lines[4:] == ["1 passed, 3 differ, 1 refused", f"{_NOTE}0 of 0"]


def test_the_order_of_keys_counts_but_in_cases_that_kustomize_did_not_print(tmp_path: Path) -> None:
    turned = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: one}\n"
    _case(tmp_path, "filter-turned", _GOOD, expected=turned)
    _case(tmp_path, "turned", _GOOD, expected=turned)
    _case(tmp_path, "filter-other", _GOOD, expected=turned.replace("one", "two"))
    _, lines = _ran(tmp_path)
    named = [line.split(":")[0] for line in lines[:2]]
    assert named == ["differs  filter-other", "differs  turned"]
    assert lines[2] == "1 passed, 2 differ, 0 refused"


def test_the_root_and_the_flags_of_a_case_are_given_to_the_command(tmp_path: Path) -> None:
    files = {"one.yaml": _MAP, "a/b/kustomization.yaml": "resources: [../../one.yaml]\n"}
    flags = "--load-restrictor LoadRestrictionsNone\n"
    _case(tmp_path, "flags", files, expected=_MAP, root="a/b\n", flags=flags)
    _case(tmp_path, "none", files, expected=_MAP, root="a/b\n")
    code, lines = _ran(tmp_path)
    assert code == 0
    assert lines[0].startswith("refused  none: ") and "is not in or below" in lines[0]
    assert lines[1] == "1 passed, 0 differ, 1 refused"


def test_fewer_than_the_least_fail(tmp_path: Path) -> None:
    _case(tmp_path / "cases", "good", _GOOD, expected=_MAP)  # folders of cases are looked through
    _case(tmp_path, "bad", _GOOD, expected="other\n")
    assert _ran(tmp_path, "--least", 1)[0] == 0
    assert _ran(tmp_path, "--least", 2)[0] == 1


def test_a_folder_without_cases_is_no_success(tmp_path: Path) -> None:
    assert _ran(tmp_path) == (1, ["0 passed, 0 differ, 0 refused", f"{_NOTE}0 of 0"])


@pytest.mark.parametrize(("worded", "code"), [(9, 0), (8, 1)])
def test_nine_in_ten_expected_errors_must_hold_kustomizes_words(
    tmp_path: Path, worded: int, code: int
) -> None:
    for number in range(10):
        words = "no such file" if number < worded else "these are not in it"
        _case(tmp_path, f"case-{number}", _BAD, error=f"{words}\n")
    found, lines = _ran(tmp_path, "--least", 10)
    assert found == code
    assert lines[-2:] == ["10 passed, 0 differ, 0 refused", f"{_NOTE}{worded} of 10"]


def test_words_of_an_error_may_be_json(tmp_path: Path) -> None:
    _case(tmp_path, "json", _BAD, error='"no such file or dir\u0065ctory"')
    assert _ran(tmp_path) == (0, ["1 passed, 0 differ, 0 refused", f"{_NOTE}1 of 1"])


def test_what_is_rendered_though_an_error_is_expected_differs(tmp_path: Path) -> None:
    _case(tmp_path, "rendered", _GOOD, error="no such file\n")
    code, lines = _ran(tmp_path)
    assert code == 1
    assert lines[0] == "differs  rendered: an error is expected, exit code 0 found"
    assert lines[1:] == ["0 passed, 1 differ, 0 refused", f"{_NOTE}0 of 1"]


def test_an_error_without_the_words_is_told(tmp_path: Path) -> None:
    for number in range(10):
        _case(
            tmp_path, f"case-{number}", _BAD, error="no such file\n" if number else "other words\n"
        )
    code, lines = _ran(tmp_path)
    assert code == 0
    assert lines[0].startswith("unworded case-0: expected 'other words', found ")
    assert "missing.yaml" in lines[0]
    assert lines[1:] == ["10 passed, 0 differ, 0 refused", f"{_NOTE}9 of 10"]


def test_a_folder_that_nobody_counted_is_judged_by_what_differs(tmp_path: Path) -> None:
    _case(tmp_path, "good", _GOOD, expected=_MAP)
    _case(tmp_path, "refused", _BAD, expected=_MAP)
    assert _ran(tmp_path)[0] == 0
    assert _ran(tmp_path, "--least", 2)[0] == 1
    _case(tmp_path, "other", _GOOD, expected="other\n")
    assert _ran(tmp_path)[0] == 1
    assert _ran(tmp_path, "--least", 1)[0] == 0
