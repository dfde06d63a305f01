"""Folders full of symbolic links, held against the real kustomize.

$LINKED, the number of random folders (60), searches further. Of them a share has to build, and of
those most have to build over a link: what both refuse proves little.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from reconciler.adapters.files import FolderTree
from reconciler.adapters.git import open_tree
from reconciler.model.errors import FileError
from reconciler.render.build import build
from reconciler.render.output import to_yaml
from reconciler.render.trees import Remembered
from tests.adapters.git.build import Remote
from tests.kustomize import binary
from tests.render import linked
from tests.render.linked import ORIGINS, map_of

pytestmark = pytest.mark.differential

TREES = int(os.environ.get("LINKED", "60"))
_BUILT, _LINKED = 0.15, 0.9  # of the folders; of those that are built


def lay(root: Path, files: Mapping[str, str], links: Mapping[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for path, target in links.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(target)


class Counting(FolderTree):
    """Notes which links were asked for and found."""

    def __init__(self, root: Path, *, still: bool) -> None:
        super().__init__(root, still=still)
        self.followed: list[str] = []

    def link(self, path: str) -> str | None:
        target = super().link(path)
        if target is not None:
            self.followed.append(path)
        return target


def ours(folder: Path, *, restrict: bool = True, tree: FolderTree | None = None) -> str | FileError:
    tree = tree or FolderTree(Path("/"), still=True)
    try:
        return to_yaml(build(Remembered(tree), str(folder), restrict=restrict))
    except FileError as error:
        return error


def kustomizes(folder: Path, *, restrict: bool = True) -> tuple[str | None, str]:
    """What it prints, None where it fails; and what it says of that."""
    options = () if restrict else ("--load-restrictor", "LoadRestrictionsNone")
    done = binary.build(folder, *options)
    return None if done.returncode else done.stdout.decode(), done.stderr.decode()


# Files and links; what is built is app/. The words are in both errors; "" where it is built.
CASES: Mapping[str, tuple[dict[str, str], dict[str, str], str]] = {
    "a file": (
        {"app/kustomization.yaml": "resources: [link.yaml]\n", "app/a.yaml": map_of("a")},
        {"app/link.yaml": "a.yaml"},
        "",
    ),
    "a file outside": (
        {"app/kustomization.yaml": "resources: [link.yaml]\n", "base/a.yaml": map_of("a")},
        {"app/link.yaml": "../base/a.yaml"},
        "security; file '{root}/app/link.yaml' is not in or below '{root}/app'",
    ),
    "a link outside to a file inside": (
        {"app/kustomization.yaml": "resources: [../base/b.yaml]\n", "app/a.yaml": map_of("a")},
        {"base/b.yaml": "../app/a.yaml"},
        "",
    ),
    "an absolute target": (
        {"app/kustomization.yaml": "resources: [link.yaml]\n", "app/a.yaml": map_of("a")},
        {"app/link.yaml": "{root}/app/a.yaml"},
        "",
    ),
    "a base, whose own paths go from where it really is": (
        {
            "app/kustomization.yaml": f"{ORIGINS}resources: [link]\nnamePrefix: x-\n",
            "base/deep/kustomization.yaml": (
                "resources: [../near, a.yaml]\nconfigMapGenerator: [{name: g, literals: [a=b]}]\n"
            ),
            "base/deep/a.yaml": map_of("a"),
            "base/near/kustomization.yaml": "resources: [b.yaml]\n",
            "base/near/b.yaml": map_of("b"),
        },
        {"app/link": "../base/deep"},
        "",
    ),
    "a component": (
        {
            "app/kustomization.yaml": f"{ORIGINS}resources: [a.yaml]\ncomponents: [link]\n",
            "app/a.yaml": map_of("a"),
            "base/kustomization.yaml": (
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -x\n"
                "resources: [b.yaml]\n"
            ),
            "base/b.yaml": map_of("b"),
        },
        {"app/link": "../base/"},
        "",
    ),
    "a base that is reached twice": (
        {
            "app/kustomization.yaml": "resources: [../base, link]\n",
            "base/kustomization.yaml": "resources: [a.yaml]\n",
            "base/a.yaml": map_of("a"),
        },
        {"app/link": "../base"},
        "recursed merging from path '{root}/base': may not add resource with an already registered",
    ),
    "a cycle": (
        {
            "app/kustomization.yaml": "resources: [../base]\n",
            "base/kustomization.yaml": "resources: [link]\n",
        },
        {"base/link": "../app"},
        "cycle detected: candidate root '{root}/app' contains visited root",
    ),
    "a link in the middle": (
        {"app/kustomization.yaml": "resources: [link/a.yaml]\n", "app/deep/a.yaml": map_of("a")},
        {"app/link": "deep"},
        "",
    ),
    "a dotted path over a link is cut before the link counts": (
        {"app/kustomization.yaml": "resources: [link/../a.yaml]\n", "app/a.yaml": map_of("a")},
        {"app/link": "../base/deep"},
        "",
    ),
    "a target whose dots go from where a link led": (
        {
            "app/kustomization.yaml": "resources: [link.yaml]\n",
            "app/here/there/a.yaml": map_of("a"),
            "app/a.yaml": map_of("wrong"),
        },
        {"app/down": "here/there", "app/link.yaml": "down/../there/./a.yaml"},
        "",
    ),
    "a file and a slash": (
        {"app/kustomization.yaml": "resources: [link.yaml]\n", "app/a.yaml": map_of("a")},
        {"app/link.yaml": "a.yaml/"},
        "'link.yaml'",
    ),
    "a kustomization": (
        {
            "app/real.yaml": f"{ORIGINS}configMapGenerator: [{{name: g, literals: [a=b]}}]\n",
        },
        {"app/kustomization.yaml": "real.yaml"},
        "",
    ),
    "a kustomization elsewhere": (
        {"base/kustomization.yaml": "resources: []\n", "app/a.yaml": map_of("a")},
        {"app/kustomization.yaml": "../base/kustomization.yaml"},
        "in directory '{root}/app'",
    ),
    "a kustomization elsewhere beside one here": (
        {"base/x.yaml": "namePrefix: x-\n", "app/Kustomization": "resources: [a.yaml]\n"}
        | {"app/a.yaml": map_of("a")},
        {"app/kustomization.yaml": "../base/x.yaml", "app/kustomization.yml": "nothing"},
        "",
    ),
    "a generator's file": (
        {
            "app/kustomization.yaml": (
                "configMapGenerator:\n"
                "- {name: g, files: [link.txt, key=link.txt], envs: [link.env]}\n"
            ),
            "app/a.txt": "text\n",
            "app/a.env": "A=b\n",
        },
        {"app/link.txt": "a.txt", "app/link.env": "./a.env"},
        "",
    ),
    "patches, replacements, configurations and plugins": (
        {
            "app/kustomization.yaml": (
                f"{ORIGINS}resources: [a.yaml]\npatches: [{{path: p}}]\n"
                "replacements: [{path: r}]\nconfigurations: [c]\ntransformers: [t, u]\n"
            ),
            "app/a.yaml": map_of("a") + "data: {x: old}\n",
            "app/in/p": map_of("a") + "data: {y: new}\n",
            "app/in/r": (
                "source: {kind: ConfigMap, fieldPath: data.y}\n"
                "targets: [{select: {kind: ConfigMap}, fieldPaths: [data.x]}]\n"
            ),
            "app/in/c": "commonAnnotations: [{path: metadata/annotations, create: true}]\n",
            "app/in/t": (
                "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: t}\nprefix: t-\n"
                "fieldSpecs: [{path: metadata/name}]\n"
            ),
            "base/kustomization.yaml": "resources: [u.yaml]\n",
            "base/u.yaml": (
                "apiVersion: builtin\nkind: SuffixTransformer\nmetadata: {name: u}\nsuffix: -u\n"
                "fieldSpecs: [{path: metadata/name}]\n"
            ),
        },
        {f"app/{name}": f"in/{name}" for name in "prct"} | {"app/u": "../base"},
        "",
    ),
    "a loop": (
        {"app/kustomization.yaml": "resources: [link.yaml]\n"},
        {"app/link.yaml": "knil.yaml", "app/knil.yaml": "link.yaml"},
        "too many links",
    ),
    "a dangling link": (
        {"app/kustomization.yaml": "resources: [link.yaml]\n"},
        {"app/link.yaml": "nothing/../a.yaml"},
        "no such file or directory",
    ),
    "a path of a base that goes up as it is written": (
        {
            "app/kustomization.yaml": f"{ORIGINS}resources: [../app/../app/link]\n",
            "base/kustomization.yaml": "resources: [../other]\n",
            "other/kustomization.yaml": "resources: [a.yaml]\n",
            "other/a.yaml": map_of("a"),
        },
        {"app/link": "../base"},
        "",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_kustomize_makes_of_a_link_is_made_of_it(tmp_path: Path, name: str) -> None:
    files, links, words = CASES[name]
    lay(tmp_path, files, {path: to.format(root=tmp_path) for path, to in links.items()})
    wanted, said = kustomizes(tmp_path / "app")
    found = ours(tmp_path / "app")
    if not words:
        assert wanted is not None, said
        assert found == wanted
        return
    assert wanted is None
    assert isinstance(found, FileError)
    words = words.format(root=tmp_path)
    assert words in said
    assert words in found.message


def test_random_links_lead_where_they_lead_in_kustomize(tmp_path: Path) -> None:
    binary.needed()
    built = followed = 0
    for seed in range(TREES):
        root = tmp_path / "tree"
        random = Random(seed)
        lay(root, *linked.tree(random, root))
        restrict = random.random() < 0.5
        wanted, said = kustomizes(root / "app", restrict=restrict)
        tree = Counting(Path("/"), still=True)
        found = ours(root / "app", restrict=restrict, tree=tree)
        if wanted is None:
            assert isinstance(found, FileError), f"seed {seed}: {said}"
        else:
            assert found == wanted, f"seed {seed}"
            built += 1
            followed += bool(tree.followed)
        shutil.rmtree(root)
    print(f"{built} of {TREES} folders built and compared, {followed} over links")
    assert built >= TREES * _BUILT
    assert followed >= built * _LINKED


def test_a_commit_is_built_as_kustomize_builds_its_checkout(tmp_path: Path) -> None:
    files, links, _ = CASES["a base, whose own paths go from where it really is"]
    remote = Remote(tmp_path / "remote.git")
    remote.commit({**files, **links}, modes=dict.fromkeys(links, "120000"))
    lay(tmp_path / "work", files, links)
    wanted, said = kustomizes(tmp_path / "work/app")
    assert wanted is not None, said
    assert to_yaml(build(open_tree(remote.folder, "main")[1], "app")) == wanted
