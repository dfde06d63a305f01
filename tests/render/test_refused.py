"""docs/kustomize.md lists all that is refused; each is refused by name, with file and line."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import reconciler.render
from reconciler.model.errors import RenderError
from reconciler.render import generators, shapes, transformers
from reconciler.render.build import build
from tests.trees import DictTree
from tools import docs

_FUNCTION = (
    "apiVersion: example.com/v1\nkind: Maker\nmetadata:\n  name: a\n"
    "  annotations: {config.kubernetes.io/function: '%s'}\n"
)
_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
_PLUGIN = "apiVersion: example.com/v1\nkind: Maker\nmetadata: {name: a}\n"
_HELM = "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: a}\nname: b\n"
_EXEC, _CONTAINER = (_FUNCTION % what for what in ("exec: {path: x}", "container: {image: x}"))
# Row of the page -> the words of its errors, and kustomizations that ask for it with, where it
# is named, the file ``plugin.yaml``.
REFUSED: Mapping[str, tuple[str, list[tuple[str, str]]]] = {
    "remote resources, bases and components": (
        "is not supported: nothing is fetched while rendering",
        [
            ("resources: ['https://example.com/base?ref=v1']", ""),
            ("resources: ['https://example.com/file.yaml']", ""),
            ("resources: ['ssh://git@example.com/a/b']", ""),
            ("bases: ['git@example.com:a/b.git']", ""),
            ("components: ['github.com/a/b//c?ref=v1']", ""),
        ],
    ),
    "exec and container functions, Go plugins": (
        "and nothing is executed while rendering",
        [
            (f"{field}: [plugin.yaml]", text)
            for field in ("generators", "transformers", "validators")
            for text in (_EXEC, _CONTAINER, _PLUGIN)
        ],
    ),
    "Helm charts": (
        "is not supported: Helm charts are not rendered",
        [
            ("helmCharts: [{name: a}]", ""),
            ("helmChartInflationGenerator: [{chartName: a}]", ""),
            ("generators: [plugin.yaml]", _HELM),
        ],
    ),
}
# Other errors that speak so. kustomize has them too, in these words.
_KUSTOMIZES = {
    "cloud provider  not supported yet",
    "unsupported replacement type encountered within replacement path",
    "wildcard is not supported in PathGetter",
}
# The generators and transformers of v5.8.1 (api/internal/plugins/builtinhelpers/builtins.go).
_BUILTIN = {
    *("ConfigMapGenerator", "IAMPolicyGenerator", "SecretGenerator"),
    *("HelmChartInflationGenerator", "AnnotationsTransformer", "HashTransformer"),
    *("ImageTagTransformer", "LabelTransformer", "NamespaceTransformer"),
    *("PatchJson6902Transformer", "PatchStrategicMergeTransformer", "PatchTransformer"),
    *("PrefixSuffixTransformer", "PrefixTransformer", "SuffixTransformer"),
    *("ReplacementTransformer", "ReplicaCountTransformer", "ValueAddTransformer"),
}
_SAID = re.compile(r"not supported|unsupported|not rendered|while rendering")


def test_the_page_lists_exactly_what_is_refused() -> None:
    page = (docs.FOLDER / "kustomize.md").read_text()
    part = page.partition("## What is refused\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1].strip() for line in part.splitlines() if line.startswith("|")]
    assert rows[:2] == ["refused", "---"]
    assert [row.partition(" (")[0] for row in rows[2:]] == list(REFUSED)
    assert "\nThree things, each by name, with file and line" in part


@pytest.mark.parametrize(
    ("words", "text", "plugin"),
    [(words, *case) for words, cases in REFUSED.values() for case in cases],
)
def test_each_is_refused_by_name_with_file_and_line(words: str, text: str, plugin: str) -> None:
    files = {"a/kustomization.yaml": f"# a line\n{text}\n"}
    if plugin:
        files["a/plugin.yaml"] = plugin
    with pytest.raises(RenderError) as caught:
        build(DictTree(files), "a")
    assert words in caught.value.message
    assert caught.value.path.startswith("a/")
    assert caught.value.line is not None and caught.value.line > 0


@pytest.mark.parametrize(
    ("entry", "refused"),
    [
        ("github.com/a/b", True),
        ("GitHub.com/a/b/c", True),
        ("git::github.com/a/b", True),
        ("github.com/a.git", True),
        ("git@x/a/b", True),
        ("file:/a/b", False),
        ("file://a/b", True),
        ("https://x/a/b", True),
        ("github.com/a", False),
        ("github.com/a/b/..", False),
        ("./github.com/a/b", False),
        ("gitlab.com/a/b", False),
        ("1a@x/a/b", False),
    ],
)
def test_a_folder_that_kustomize_takes_for_a_repository_is_refused(
    entry: str, refused: bool
) -> None:
    folder = posixpath.normpath(entry)
    files = {"kustomization.yaml": f"resources: ['{entry}']\n", f"{folder}/map.yaml": _MAP}
    files[f"{folder}/kustomization.yaml"] = "resources: [map.yaml]\n"
    if refused:
        with pytest.raises(RenderError, match=f"the folder is './{re.escape(entry)}'"):
            build(DictTree(files), "")
    else:
        assert build(DictTree(files), "")


def test_the_code_refuses_nothing_else_as_not_supported() -> None:
    """Whoever adds a refusal in such words adds it to the page and to the table above."""
    found = {text for text in _errors() if _SAID.search(text)}
    known = {text for text in found if any(words in text for words, _ in REFUSED.values())}
    assert found - known == _KUSTOMIZES
    assert all(any(words in text for text in known) for words, _ in REFUSED.values())


def test_of_kustomizes_own_plugins_only_the_one_for_helm_is_not_there() -> None:
    there = {*generators.KINDS, *transformers.KINDS}
    assert there == set(shapes.FILES)
    assert _BUILTIN - there == {"HelmChartInflationGenerator"}


def _errors() -> Iterator[str]:
    """The texts in the renderer's modules, docstrings and comments apart."""
    for path in Path(str(reconciler.render.__file__)).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if docstring or not isinstance(node, ast.expr | ast.stmt):
                continue
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.JoinedStr):
                    yield "".join(_constant(each) for each in part.values)
                elif not isinstance(node, ast.JoinedStr):
                    yield _constant(part)


def _constant(node: ast.AST) -> str:
    found = node.value if isinstance(node, ast.Constant) else ""
    return found if isinstance(found, str) else ""
