"""``python -m tools.trees``: what is told of trees that two programs build."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n"


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    """One that can be built, one that needs a file from above, and one that nobody can build."""
    root = tmp_path / "trees"
    for name, words in (
        ("good", "resources: [one.yaml]\n"),
        ("above", "resources: [../good/one.yaml]\n"),
        ("bad", "resources: [missing.yaml]\n"),
    ):
        (root / name).mkdir(parents=True)
        (root / name / "kustomization.yaml").write_text(words)
    (root / "good/one.yaml").write_text(_OBJECT)
    return root


def _program(folder: Path, *lines: str) -> Path:
    """Something that stands for kustomize: what it prints for a folder is as the lines say."""
    program = folder / "kustomize"
    program.write_text("\n".join((f"#!{sys.executable}", "import sys", *lines, "")))
    program.chmod(0o755)
    return program


def _ran(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.trees", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_equal_trees_and_such_as_fail_in_both_are_as_kustomize_has_them(
    trees: Path, tmp_path: Path
) -> None:
    program = _program(
        tmp_path,
        "words = ' '.join(sys.argv[1:])",
        "if 'bad' in words or ('above' in words and 'None' not in words): sys.exit('no')",
        f"sys.stdout.write({_OBJECT!r})",
    )
    done = _ran("--kustomize", program, trees)
    assert (done.returncode, done.stdout) == (0, "3 kustomizations: 2 equal, 1 fail in both\n")


def test_what_comes_out_otherwise_is_named_with_its_first_line(trees: Path, tmp_path: Path) -> None:
    program = _program(tmp_path, f"sys.stdout.write({_OBJECT.replace('one', 'two')!r})")
    done = _ran("--kustomize", program, trees)
    assert done.returncode == 1
    assert f"{trees}/good: differ: line 4: '  name: two', ours '  name: one'" in done.stdout
    assert f"{trees}/bad: fail in ours: " in done.stdout
    assert done.stdout.endswith("3 kustomizations: 2 fail in ours, 1 differ\n")


def test_what_only_kustomize_refuses_is_told(trees: Path, tmp_path: Path) -> None:
    done = _ran("--kustomize", _program(tmp_path, "sys.exit('not so')"), trees)
    assert done.returncode == 1
    assert f"{trees}/good: fail in kustomize: not so" in done.stdout


def test_a_folder_without_any_kustomization_is_no_success(tmp_path: Path) -> None:
    done = _ran("--kustomize", _program(tmp_path), tmp_path)
    assert (done.returncode, done.stdout) == (1, "0 kustomizations: \n")
