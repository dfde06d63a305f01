"""The command line: what help says, what it costs, how it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from reconciler import cli, settings

HEAVY = ("kubernetes", "git", "rich", "prometheus_client", "watchdog", "structlog")


@pytest.mark.parametrize("command", [[], *([name] for name in cli.main.commands)])
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


def test_every_command_has_help_with_an_example() -> None:
    for name, command in cli.main.commands.items():
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
        (["validate", "/nowhere"], "/nowhere holds no fleet.yaml"),
        (["render", "/nowhere"], "is no folder"),
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
