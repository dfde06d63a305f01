"""The golden cases hold for the real kustomize: v5.8, and v5.5 but for those that say otherwise."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.kustomize import binary
from tests.render.test_golden import CASES, read

pytestmark = pytest.mark.differential
_SECONDS = 60
# Their first lines say it, too.
NEWER = {
    "patches-empty",
    "replacements",
    "replacements-in-commented-text",
    "replacements-in-text",
    "replacements-in-text-flow-colons",
    "replacements-in-text-laid-out",
    "replacements-in-text-made",
    "replacements-made",
    "replacements-made-annotations",
    "replacements-made-in-lists",
    "replacements-made-keys",
    "replacements-made-numbers",
    "replacements-made-of-nothing",
    "replacements-null",
    "selectors-unread",
}


@cache
def old() -> list[str]:
    """``kubectl kustomize`` where that is v5.5; nothing where there is none."""
    program = shutil.which("kubectl")
    if program is None:
        return []
    words = [program, "version", "--client"]
    told = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    return [program, "kustomize"] if "Kustomize Version: v5.5." in told else []


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
def test_a_case_is_what_the_newest_kustomize_prints(case: Path, tmp_path: Path) -> None:
    compare(case, tmp_path, [str(binary.needed()), "build"])


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.stem not in NEWER], ids=lambda case: str(case.stem)
)
def test_a_case_is_what_kustomize_5_5_prints(case: Path, tmp_path: Path) -> None:
    if not old():
        binary.not_compared("with kustomize v5.5: no kubectl 1.32")
    compare(case, tmp_path, old())


@pytest.mark.parametrize("case", [case for case in CASES if case.stem in NEWER], ids=str)
def test_a_case_that_is_newer_than_5_5_says_so(case: Path) -> None:
    assert "v5.5" in case.read_text().splitlines()[0]


def compare(case: Path, root: Path, command: list[str]) -> None:
    """Hold what a program prints against the case; where it is an error, that it is one."""
    tree, wanted = read(case)
    for path, content in tree.files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    for mark, folder, text in wanted:
        words = [*command, str(root / folder)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=_SECONDS, check=False)
        if mark == ">>>":
            assert done.stdout == text
        else:
            assert done.returncode
