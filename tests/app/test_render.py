"""``reconciler render`` as a whole: what it may read, and that it starts nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
PRINTED = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"
# Whatever starts a program or talks to a network tells the interpreter's audit hooks first.
_WATCHED = """
import sys
def refuse(event, arguments):
    if event.split(".")[0] in ("subprocess", "socket") or event.startswith(
        ("os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.startfile", "pty.")
    ):
        raise SystemExit(f"started: {event}")
sys.addaudithook(refuse)
from reconciler.cli import main
main()
"""


def render(*words: str, program: str = _WATCHED) -> subprocess.CompletedProcess[str]:
    """The command, with nothing on its PATH."""
    return subprocess.run(
        [sys.executable, "-c", program, "render", *words],
        capture_output=True,
        text=True,
        env={"PATH": ""},
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A kustomization that names a file beside its folder."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "kustomization.yaml").write_text("resources: [../map.yaml]\n")
    (tmp_path / "map.yaml").write_text(MAP)
    return tmp_path / "a"


def test_a_file_outside_of_the_folder_is_read_where_that_is_asked_for(folder: Path) -> None:
    done = render(str(folder), "--load-restrictor", "LoadRestrictionsNone")
    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTED, "")


@pytest.mark.parametrize("more", [(), ("--load-restrictor", "LoadRestrictionsRootOnly")])
def test_a_file_outside_of_the_folder_is_refused(folder: Path, more: tuple[str, ...]) -> None:
    done = render(str(folder), *more)
    assert done.returncode == 2
    assert "kustomization.yaml:1:13" in done.stderr
    assert "is not in or below" in done.stderr


def test_outside_of_a_repository_an_error_names_the_whole_path(folder: Path) -> None:
    named = f"reconciler: {folder}/kustomization.yaml:1:13: "
    assert render(str(folder)).stderr.startswith(named)
    (folder.parent / ".git").mkdir()
    assert render(str(folder)).stderr.startswith("reconciler: a/kustomization.yaml:1:13: ")


@pytest.mark.parametrize(
    ("kustomization", "words"),
    [
        ("resources: [x/y.yaml]\n", ": lstat {}/x/y.yaml: no such file or directory"),
        (
            "resources: [map.yaml, map2.yaml]\n",
            "(from {}/map2.yaml:1, and before from {}/map.yaml:1)",
        ),
        ("resources: [map.yaml]\npatches: [{path: list.yaml}]\n", "patch: {}/list.yaml: missing"),
        ("resources: [b]\n", "target for path '{}/b'"),
        ("resources: [../../../../../../../x]\n", "leads out of the repository"),
    ],
)
def test_outside_of_a_repository_an_error_within_one_names_whole_paths(
    folder: Path, kustomization: str, words: str
) -> None:
    (folder / "b").mkdir()
    (folder / "kustomization.yaml").write_text(kustomization)
    (folder / "list.yaml").write_text("- a\n")
    for name in ("map.yaml", "map2.yaml"):
        (folder / name).write_text(MAP)
    done = render(str(folder))
    assert done.returncode == 2
    assert words.replace("{}", str(folder)) in done.stderr


def test_an_error_within_a_patch_that_has_no_file_names_its_line_there(folder: Path) -> None:
    patch = "\n\n\npatches:\n- patch: |\n    metadata: {name: x}\n    kind: {\n"
    (folder / "kustomization.yaml").write_text(patch)
    done = render(str(folder))
    assert "kustomization.yaml:5:3: trouble configuring builtin PatchTransformer" in done.stderr
    assert ": patches[0]: unable to parse SM or JSON patch" in done.stderr
    assert "(line 3 of the patch)" in done.stderr


@pytest.mark.parametrize("field", ["resources", "components", "configurations"])
def test_a_link_that_leaves_the_repository_is_told_at_the_entry_that_names_it(
    folder: Path, field: str
) -> None:
    (folder.parent / ".git").mkdir()
    (folder / "link").symlink_to("/etc/hostname")
    (folder / "kustomization.yaml").write_text(f"namePrefix: a-\n{field}:\n- link\n")
    done = render(str(folder))
    assert f"a/kustomization.yaml:3:3: {field}[0]: " in done.stderr
    assert "'link' leads out of the repository: '/a/link' is a symbolic link to" in done.stderr


@pytest.mark.parametrize("target", ["b/map.yaml", "{}/b/map.yaml", "../elsewhere/map.yaml"])
def test_outside_of_a_repository_a_link_may_lead_where_it_may_in_kustomize(
    folder: Path, target: str
) -> None:
    (folder / "kustomization.yaml").write_text("resources: [link.yaml]\n")
    (folder / "b").mkdir()
    (folder / "b/map.yaml").write_text(MAP)
    (folder.parent / "elsewhere").symlink_to(folder / "b")
    (folder / "link.yaml").symlink_to(target.format(folder))
    done = render(str(folder))
    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTED, "")


@pytest.mark.parametrize("target", ["../../map.yaml", "{}/a/map.yaml"])
def test_a_link_that_leaves_the_repository_is_refused(folder: Path, target: str) -> None:
    root = folder.parent
    (root / ".git").mkdir()
    (root.parent / "map.yaml").write_text(MAP)
    for path in (folder / "map.yaml", folder / "kustomization.yaml"):
        path.write_text(MAP if path.stem == "map" else "resources: [link.yaml]\n")
    (folder / "link.yaml").symlink_to(target.format(root))
    for more in ((), ("--load-restrictor", "LoadRestrictionsNone")):
        done = render(str(folder), *more)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("reconciler: a/kustomization.yaml:1:13: ")
        assert "leads out of the repository: '/a/link.yaml' is a symbolic link" in done.stderr


def test_a_folder_that_is_itself_a_link_is_built_where_it_really_is(folder: Path) -> None:
    (folder / "kustomization.yaml").write_text("resources: [../b]\n")
    (folder.parent / "b").mkdir()
    (folder.parent / "b/kustomization.yaml").write_text("resources: [map.yaml]\n")
    (folder.parent / "b/map.yaml").write_text(MAP)
    (folder.parent / "x/y").mkdir(parents=True)
    (folder.parent / "x/y/link").symlink_to(folder)
    assert render(str(folder.parent / "x/y/link")).stdout == PRINTED


def test_nothing_is_started_and_no_network_is_reached(folder: Path) -> None:
    text = "resources: [map.yaml]\nconfigMapGenerator: [{name: b, literals: [c=d]}]\n"
    (folder / "kustomization.yaml").write_text(text)
    (folder / "map.yaml").write_text(MAP)
    done = render(str(folder))
    assert done.returncode == 0
    assert done.stdout.startswith(PRINTED)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("resources: ['https://example.com/base?ref=v1']\n", "remote resource"),
        ("resources: ['git@example.com:a/b.git']\n", "remote resource"),
        ("components: ['github.com/a/b//c?ref=v1']\n", "remote resource"),
        ("helmCharts: [{name: a, repo: 'https://example.com'}]\n", "helmCharts is not supported"),
        ("transformers: [plugin.yaml]\n", "nothing is executed while rendering"),
        ("generators: [plugin.yaml]\n", "nothing is executed while rendering"),
    ],
)
def test_what_would_be_fetched_or_executed_is_refused(folder: Path, text: str, words: str) -> None:
    (folder / "kustomization.yaml").write_text(text)
    (folder / "plugin.yaml").write_text(
        "apiVersion: example.com/v1\nkind: Maker\nmetadata:\n  name: a\n"
        "  annotations:\n    config.kubernetes.io/function: 'exec: {path: /bin/true}'\n"
    )
    done = render(str(folder))
    assert done.returncode == 2
    assert "started" not in done.stderr
    assert words in done.stderr


def test_the_watch_over_it_sees_what_is_started() -> None:
    """Else the tests above would show nothing."""
    program = _WATCHED.partition("from reconciler")[0]
    for line in ("import os; os.system('true')", "import socket; socket.socket()"):
        assert "started: " in render(program=program + line).stderr
