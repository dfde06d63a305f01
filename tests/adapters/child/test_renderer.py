"""The child renders as the library does, asks for what is missing, and stays warm for a while."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler
from reconciler.adapters.child import ChildRenderer
from reconciler.model.errors import (
    FileError,
    MissingBlobs,
    RenderError,
    SettingsError,
    SourceUnavailable,
)
from reconciler.model.rendered import FileKind
from reconciler.policy.judge import judge
from reconciler.render.site import render_site
from tests.adapters.child.fleet import (
    FILES,
    OBJECTS,
    SITE,
    Watching,
    children,
    no_fetch,
    render,
    renderer,
    tree,
)
from tests.trees import DictTree


@contextlib.contextmanager
def warm(seconds: float = 60.0) -> Iterator[ChildRenderer]:
    kept = renderer(warm=seconds)
    try:
        yield kept
    finally:
        kept.close()


def test_the_child_renders_what_the_library_renders() -> None:
    here = render_site(tree(), SITE, "c0ffee")
    verdict = judge(
        here.objects, here.settings, agent_namespace="fleet-system", from_repository=False
    )
    assert render(tree()) == dataclasses.replace(here, verdict=verdict)
    assert len(here.objects) == 2


def test_the_judge_sits_in_the_child() -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a/b, namespace: fleet-system}\n"
    found = render(tree(objects=secret)).verdict.findings
    assert [finding.rule for finding in found] == ["name", "forbidden-kind", "agent-object"]
    assert found[0].ref and found[0].ref.name == "a/b"
    assert found[0].origin and (found[0].origin.path, found[0].origin.line) == (OBJECTS, 1)


def test_commits_may_touch_the_agent_where_the_site_allows_it() -> None:
    own = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: fleet-system}\n"
    allowing = ChildRenderer(agent_namespace="fleet-system", from_repository=True, warm=0)
    assert allowing.render(tree(objects=own), SITE, "c", no_fetch).verdict.allowed


def test_what_no_api_server_takes_stays_in_the_child() -> None:
    large = (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{a: {'x' * 5_000_000}}}"
    )
    found = render(tree(objects=large))
    assert (found.objects, [finding.rule for finding in found.verdict.findings]) == (
        (),
        ["object-size"],
    )


def test_the_users_errors_come_back_as_they_are() -> None:
    with pytest.raises(SettingsError, match='unknown key "rnig"') as settings:
        render(tree(site="apiVersion: fleet-reconciler.dev/v1alpha1\nkind: SiteSettings\nrnig: a"))
    assert (settings.value.path, settings.value.line, settings.value.column) == (
        f"{SITE.folder}/site.yaml",
        3,
        1,
    )
    with pytest.raises(RenderError, match="MalformedYAMLError") as malformed:
        render(tree(objects="a: ["))
    assert malformed.value.path == OBJECTS


def test_the_trees_own_errors_reach_the_user() -> None:
    class Linked(DictTree):
        def read(self, path: str) -> bytes:
            if path == OBJECTS:
                raise FileError("a symbolic link; none is followed", path=path)
            return super().read(path)

    with pytest.raises(RenderError, match=r"a symbolic link; none is followed"):
        render(Linked(FILES))


@pytest.mark.parametrize("path", ["x" * 5_000, r"a\0b"])
def test_a_path_that_no_tree_can_have_is_not_there(path: str) -> None:
    with pytest.raises(RenderError, match="accumulating resources from '") as caught:
        render(tree(kustomization=f'resources: ["{path}"]\n'))
    assert (caught.value.path, caught.value.line) == (f"{SITE.folder}/kustomization.yaml", 1)


class Sparse(DictTree):
    """Lacks the files of each folder until they are fetched, as a mirror without blobs does."""

    def __init__(self) -> None:
        super().__init__(FILES)
        self.fetched: list[tuple[str, ...]] = []

    def read(self, path: str) -> bytes:
        folder = path.rpartition("/")[0]
        beside = tuple(name for name in FILES if name.rpartition("/")[0] == folder)
        if not any(path in ids for ids in self.fetched):
            raise MissingBlobs(beside)
        return super().read(path)


def test_missing_files_are_fetched_a_folder_at_a_time() -> None:
    sparse = Sparse()
    found = renderer().render(sparse, SITE, "c", sparse.fetched.append)
    assert len(found.objects) == 2
    assert sorted(len(ids) for ids in sparse.fetched) == [1, 3]


def test_files_that_stay_missing_are_the_sources_fault() -> None:
    with pytest.raises(SourceUnavailable, match=r"did not send fleet\.yaml"):
        renderer().render(Sparse(), SITE, "c", lambda _: None)
    assert children() == []


def test_a_source_that_fails_ends_the_render() -> None:
    def fetch(ids: tuple[str, ...]) -> None:
        raise SourceUnavailable("no link")

    with pytest.raises(SourceUnavailable, match="no link"):
        renderer().render(Sparse(), SITE, "c", fetch)
    assert children() == []


def test_time_spent_on_fetching_is_not_the_childs() -> None:
    sparse = Sparse()

    def fetch(ids: tuple[str, ...]) -> None:
        threading.Event().wait(2.2)
        sparse.fetched.append(ids)

    assert renderer(wall=4).render(sparse, SITE, "c", fetch).objects
    assert len(sparse.fetched) == 2


def test_a_child_is_kept_for_the_next_render() -> None:
    seen: list[int] = []
    with warm() as kept:
        for _ in range(3):
            kept.render(Watching(seen.append), SITE, "c", no_fetch)
        assert children() == seen[:1]
    assert children() == []
    assert len(set(seen)) == 1


def test_what_was_parsed_is_not_mixed_up_between_commits() -> None:
    other = tree(objects="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n")
    with warm() as kept:
        first = kept.render(tree(), SITE, "a", no_fetch)
        assert kept.render(other, SITE, "b", no_fetch) == dataclasses.replace(
            render(other), commit="b"
        )
        assert kept.render(tree(), SITE, "a", no_fetch) == first


def test_a_child_is_kept_after_an_error_of_the_user() -> None:
    seen: list[int] = []
    with warm() as kept:
        kept.render(Watching(seen.append), SITE, "c", no_fetch)
        with pytest.raises(RenderError):
            kept.render(tree(objects="a: ["), SITE, "c", no_fetch)
        kept.render(Watching(seen.append), SITE, "c", no_fetch)
    assert len(set(seen)) == 1


def test_a_kept_child_goes_by_itself() -> None:
    kept = renderer(warm=0.05)
    assert kept.render(tree(), SITE, "c", no_fetch).objects
    gone = threading.Event()
    while children():
        gone.wait(0.01)
    kept.close()


def test_a_kept_child_that_died_is_replaced() -> None:
    seen: list[int] = []
    with warm() as kept:
        kept.render(Watching(seen.append), SITE, "c", no_fetch)
        os.kill(seen[0], signal.SIGSEGV)
        assert kept.render(Watching(seen.append), SITE, "c", no_fetch).objects
    assert len(set(seen)) == 2


def test_a_child_that_grew_is_not_kept() -> None:
    grown = (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{a: {'x' * 7_000_000}}}"
    )
    kept = renderer(warm=60.0, memory=120 << 20)  # a quarter of that may stay
    assert kept.render(tree(objects=grown), SITE, "c", no_fetch)
    assert children() == []


def test_nothing_leaks() -> None:
    def open_now() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = open_now(), threading.active_count()
    with warm() as kept:
        kept.render(tree(), SITE, "c", no_fetch)
    with pytest.raises(RenderError):
        render(Watching(lambda pid: os.kill(pid, signal.SIGSEGV)))
    assert (open_now(), threading.active_count()) == before


def test_the_child_imports_nothing_of_the_parents() -> None:
    names = (
        "kubernetes git gitdb watchdog sqlite3 click rich structlog prometheus_client subprocess"
        " socket ssl http urllib3 asyncio multiprocessing pickle"
    )
    script = (
        "import sys, reconciler.adapters.child.worker\n"
        f"print([name for name in {names.split()!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout == b"[]\n"


def test_the_child_finds_the_package_wherever_the_parent_found_it(tmp_path: Path) -> None:
    root = Path(reconciler.__file__).parent
    shutil.copytree(root, tmp_path / "lib/reconciler")
    (tmp_path / "lib/reconciler/render/marker.py").write_text("")
    script = (
        "from pathlib import Path\n"
        "from tests.adapters.child.fleet import Watching, render\n"
        "def look(pid):\n"
        "    print(Path(f'/proc/{pid}/cmdline').read_text().split(chr(0))[7])\n"
        "print(len(render(Watching(look)).objects))\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        env={"PYTHONPATH": f"{tmp_path / 'lib'}:{root.parent}"},
        cwd="/",
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout.split() == [str(tmp_path / "lib"), "2"]


class Strange(DictTree):
    """A tree of strange answers."""

    def kind(self, path: str) -> FileKind | None:
        raise FileError("x" * 100_000, path="y" * 100_000)


def test_words_that_are_shown_are_cut() -> None:
    with pytest.raises(FileError) as caught:
        render(Strange(FILES))
    assert len(str(caught.value)) < 5_000


def test_a_site_that_is_pinned_elsewhere_is_not_built_where_that_is_heeded() -> None:
    pin = "f" * 40
    given = tree(site=f"{FILES[f'{SITE.folder}/site.yaml']!s}pin: {pin}\n")
    heeding = ChildRenderer(
        agent_namespace="fleet-system", from_repository=False, heeds_pin=True, warm=0
    )
    there = heeding.render(given, SITE, "c0ffee", no_fetch)
    assert (there.objects, there.settings.pin) == ((), pin)
    assert len(heeding.render(given, SITE, pin, no_fetch).objects) == 2
    assert len(render(given).objects) == 2  # whoever validates wants the commit itself
