"""The command line: what help says, what it costs, how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import reconciler
from reconciler import cli, settings
from reconciler.cli import commands
from tests import terminal
from tools import docs

RECONCILER = str(Path(sys.executable).with_name("reconciler"))
HEAVY = ("kubernetes", "git", "rich", "prometheus_client", "watchdog", "structlog")


@pytest.mark.parametrize("command", [[], *(name.split() for name, _ in docs.every())])
def test_help_imports_nothing_heavy(command: list[str]) -> None:
    code = (
        "import sys\nfrom reconciler import cli\n"
        f"try: cli.main({[*command, '--help']!r})\n"
        f"finally: print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.strip() == "[]"
    assert "Exit codes" in done.stdout


def test_help_of_the_whole_imports_no_command() -> None:
    code = (
        "import sys\nfrom reconciler import cli\n"
        "try: cli.main(['--help'])\n"
        "finally: print(*sys.modules, sep='\\n', file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    ours = {name for name in done.stderr.split() if name.startswith("reconciler")}
    assert ours == {
        "reconciler",
        "reconciler.loading",
        *(f"reconciler.cli{name}" for name in ("", ".commands", ".options")),
    }


def test_the_line_of_a_command_is_the_beginning_of_its_help() -> None:
    for name, command in cli.main.commands.items():
        paragraph = " ".join((command.help or "").split("\n\n")[0].split())
        assert paragraph.startswith(commands.TABLE[name]), name


def test_every_command_has_help_with_an_example() -> None:
    for name, command in docs.every():
        assert f"reconciler {name}" in (command.help or ""), name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, (name, parameter.name)


def test_every_flag_of_a_setting_is_an_option_of_run() -> None:
    options = {option for parameter in cli.main.commands["run"].params for option in parameter.opts}
    assert {field.flag for field in settings.FIELDS if field.flag} <= options


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "no site is set: give --site"),
        (["run", "--site", "barn", "--repo", "/x"], "--site: 'barn' is not REGION/SITE"),
        (["run", "--nonsense"], "No such option"),
        (["run", "--sight", "x"], "Did you mean '--site'?"),
        (["valid"], "Did you mean 'validate'?"),
        (["demo", "--yes"], "give --kubeconfig too"),
        (["completion", "tcsh"], "'bash', 'zsh', 'fish'"),
        (["validate", "/nowhere"], "/nowhere holds no fleet.yaml"),
        (["render", "/nowhere"], "not a valid directory: there is no /nowhere"),
    ],
)
def test_what_has_no_answer_ends_with_2_and_a_sentence(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_status_of_a_repository_without_notes_says_how_to_get_them(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    result = CliRunner().invoke(cli.main, ["status", "--repo", str(tmp_path)])
    assert result.exit_code == 2
    assert "git fetch origin 'refs/notes/fleet/*:refs/notes/fleet/*'" in result.stderr


def test_version_is_said_in_words_and_as_json() -> None:
    words = CliRunner().invoke(cli.main, ["version"]).stdout.splitlines()
    assert words[0].split() == ["version", reconciler.__version__]
    said = json.loads(CliRunner().invoke(cli.main, ["version", "-o", "json"]).stdout)
    assert said["version"] == reconciler.__version__
    assert set(said) == {"version", "python", "platform", "kubernetes"}


def complete(*words: str, folder: Path | None = None) -> list[str]:
    """What bash is answered for the last of these words: values, or ``file`` and ``dir``."""
    done = subprocess.run(
        [RECONCILER],
        env={
            "PATH": os.environ["PATH"],
            "_RECONCILER_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    answers = (line.split(",") for line in done.stdout.splitlines() if line)
    return [value if kind == "plain" else kind for kind, value in answers]


def test_a_shell_completes_commands_options_and_choices() -> None:
    assert complete("reconciler", "va") == ["validate"]
    assert complete("reconciler", "run", "--meta") == []
    assert complete("reconciler", "run", "--metr") == ["--metrics-address"]
    assert complete("reconciler", "completion", "f") == ["fish"]


def test_a_shell_completes_files_and_the_sites_of_a_repository(tmp_path: Path) -> None:
    for site in ("north/barn-7", "north/barn-8", "south/mill"):
        (tmp_path / "sites" / site).mkdir(parents=True)
    assert complete("reconciler", "run", "--state", "") == ["dir"]
    assert complete("reconciler", "bootstrap", "a/b", "--token-file", "") == ["file"]
    assert complete("reconciler", "status", "n", folder=tmp_path) == [
        "north/barn-7",
        "north/barn-8",
    ]
    words = ("reconciler", "run", "--repo", str(tmp_path), "--site", "s")
    assert complete(*words) == ["south/mill"]
    assert complete("reconciler", "bootstrap", "x", folder=tmp_path) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str) -> None:
    done = subprocess.run(
        [RECONCILER, "completion", shell],
        env={"PATH": "/nonexistent"},  # no shell is asked for its version
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"_RECONCILER_COMPLETE={shell}_complete" in done.stdout


def test_bash_reads_the_script() -> None:
    script = f'eval "$({RECONCILER} completion bash)"; complete -p reconciler'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert "_reconciler_completion reconciler" in done.stdout


DIM = "\x1b[2m"


@pytest.mark.parametrize(
    ("environment", "colours"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)]
)
def test_colours_are_for_terminals_whose_user_wants_them(
    environment: dict[str, str], colours: bool, tmp_path: Path
) -> None:
    command = [RECONCILER, "status", "--repo", f"file://{tmp_path}/nowhere"]
    path = {"PATH": os.environ["PATH"]}
    shown, _, code = terminal.run(command, b"", {**path, **environment})
    assert code == 2
    assert "more: docs/troubleshooting.md#sourceunavailable" in shown
    assert (DIM in shown) is colours
    piped = subprocess.run(command, capture_output=True, text=True, env=path, check=False)
    assert "more: docs/" in piped.stderr and "\x1b" not in piped.stderr


def test_an_interruption_while_the_program_loads_is_one_like_any_other() -> None:
    code = (
        "import os, signal, sys\n"
        "from reconciler import __main__\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Slow:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'reconciler.cli':\n"
        "            try: os.kill(os.getpid(), signal.SIGINT)\n"
        "            except KeyboardInterrupt: pass\n"  # as a finalizer would lose it
        "sys.meta_path.insert(0, Slow())\n"
        "__main__.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (130, "reconciler: interrupted\n")


def _much(folder: Path) -> Path:
    """A folder that is printed as more than a pipe takes at once."""
    objects = (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: of-many-{n}}}\n---\n"
        for n in range(5_000)
    )
    (folder / "all.yaml").write_text("".join(objects))
    (folder / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    return folder


@pytest.mark.parametrize("command", ["render .", "version", "--version", "--help", "render --help"])
def test_an_answer_for_which_there_is_no_room_is_an_error_of_one_line(
    command: str, tmp_path: Path
) -> None:
    _much(tmp_path)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [RECONCILER, *command.split()],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "reconciler: the answer cannot be written: No space left on device\n"


def test_an_error_for_which_there_is_no_room_is_an_exit_code(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [RECONCILER, "render", "."], cwd=tmp_path, stdout=full, stderr=full, check=False
        )
    assert done.returncode == 2


@pytest.mark.parametrize("command", ["render .", "version", "--help"])
def test_an_answer_that_nobody_reads_ends_in_silence(command: str, tmp_path: Path) -> None:
    _much(tmp_path)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [RECONCILER, *command.split()],
        cwd=tmp_path,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")
