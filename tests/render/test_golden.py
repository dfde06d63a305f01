"""Golden cases: each file under golden/ is a tree and what kustomize prints for it.

A file begins with a sentence that says what it shows. Then come the tree's files, each behind
a line ``=== PATH``, and behind ``>>> FOLDER`` what building that folder prints, or behind
``!!! FOLDER`` words that its error holds, one a line.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.model.errors import RenderError
from reconciler.render.build import build
from reconciler.render.output import to_yaml
from tests.trees import DictTree

CASES = sorted((Path(__file__).parent / "golden").glob("*.txt"))
_MARK = re.compile(r"^(===|>>>|!!!) (\S+)\n", re.MULTILINE)


def read(case: Path) -> tuple[DictTree, list[tuple[str, str, str]]]:
    """The tree, and for each folder to build: ``>>>`` or ``!!!``, the folder, the text."""
    _, *words = _MARK.split(case.read_text())
    rows = list(zip(words[::3], words[1::3], words[2::3], strict=True))
    files = {path: text.encode() for mark, path, text in rows if mark == "==="}
    return DictTree(files), [row for row in rows if row[0] != "==="]


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
def test_a_tree_is_built_as_kustomize_builds_it(case: Path) -> None:
    tree, wanted = read(case)
    assert wanted
    for mark, folder, text in wanted:
        path = "" if folder == "." else folder
        if mark == ">>>":
            assert to_yaml(build(tree, path)) == text
        else:
            with pytest.raises(RenderError) as caught:
                to_yaml(build(tree, path))
            for line in text.splitlines():
                assert line in str(caught.value)
