"""``reconciler render SITE --repo --rev`` against the real kustomize, on that commit's checkout.

With ``--as-applied`` it has the site's label too, which kustomize adds here in another level.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench import fleet
from reconciler.app import init, shipped
from reconciler.model.refs import SITE_LABEL, SiteName
from tests.adapters.git.build import git
from tests.kustomize import binary

pytestmark = pytest.mark.differential
TEMPLATE = ("north/barn-7", "north/barn-8", "south/mill-1")
BENCH = ("region-00/site-00000", "region-01/site-00001", "region-00/site-00020")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("template") / "fleet"
    shutil.copytree(shipped.folder(init.TEMPLATE), root)
    return _history(root, TEMPLATE)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bench") / "fleet"
    fleet.write(root, 21)
    return _history(root, BENCH)


@pytest.mark.parametrize("name", TEMPLATE)
def test_a_site_of_the_template_is_kustomizes_own_at_each_commit(template: Path, name: str) -> None:
    _compare(template, name)


@pytest.mark.parametrize("name", BENCH)
def test_a_site_of_the_benchmark_is_kustomizes_own_at_each_commit(bench: Path, name: str) -> None:
    _compare(bench, name)


def _history(root: Path, names: tuple[str, ...]) -> Path:
    """A repository whose newest commit has other objects than the one before, in all the sites."""
    git(root, "init", "--quiet", "--initial-branch=main")
    for more in ("", "nameSuffix: -new\n"):
        for name in names:
            with (root / "sites" / name / "kustomization.yaml").open("a") as settings:
                settings.write(more)
        git(root, "add", "--all")
        who = ("-c", "user.name=a", "-c", "user.email=a@b.invalid")
        git(root, *who, "commit", "--quiet", "--message", "a change")
    return root


def _compare(root: Path, name: str) -> None:
    binary.needed()
    then, now = git(root, "rev-parse", "HEAD~1"), git(root, "rev-parse", "HEAD")
    wanted = {rev: _kustomize(root, name, rev) for rev in (then, now)}
    assert wanted[then] != wanted[now]
    for rev, commit in ((then, then), ("HEAD~1", then), ("main", now)):
        assert _ours(root, name, "--rev", rev) == wanted[commit], rev
        labelled = _kustomize(root, name, commit, labelled=True)
        assert _ours(root, name, "--rev", rev, "--as-applied") == labelled != wanted[commit]
    assert _ours(root, name) == wanted[now]


def _ours(root: Path, name: str, *more: str) -> str:
    command = [sys.executable, "-m", "reconciler", "render", name, "--repo", str(root), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def _kustomize(root: Path, name: str, commit: str, *, labelled: bool = False) -> str:
    """What the real one makes of the site's folder in that commit's checkout."""
    checkout = root.parent / f"at-{commit}"
    if not checkout.exists():
        git(root, "worktree", "add", "--quiet", "--detach", str(checkout), commit)
    site = SiteName.parse(name)
    folder = checkout / site.folder
    if labelled:
        folder = checkout / "labelled" / name
        folder.mkdir(parents=True, exist_ok=True)
        label = f"labels: [{{pairs: {{{SITE_LABEL}: {site.label}}}}}]\n"
        text = f"resources: [../../../{site.folder}]\n{label}"
        (folder / "kustomization.yaml").write_text(text)
    done = binary.build(folder)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()
