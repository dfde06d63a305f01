"""Pages of docs/ that follow from the code: ``make docs`` writes them, a test compares them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from reconciler import cli, settings
from tools import health_page, metrics_page

FOLDER = Path(__file__).resolve().parent.parent / "docs"


def every(group: click.Group = cli.main, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command by its words, those of groups too."""
    for name, command in sorted(group.commands.items()):
        yield above + name, command
        if isinstance(command, click.Group):
            yield from every(command, f"{above}{name} ")


def commands() -> str:
    """docs/commands.md: every command and option, from the command line itself."""
    parts = [
        "# Commands",
        _help(cli.main.help or ""),
        "Every command ends with 0 (nothing to report), 1 (the answer is no: differs, findings,"
        " not in sync), 2 (no answer: usage, unreachable, internal), 130 (interrupted)"
        " or 141 (nobody reads on: `| head`);"
        " `run` ends with 0 on SIGTERM.",
    ]
    for name, command in every():
        usage = " ".join(command.collect_usage_pieces(click.Context(command)))
        options = [option for option in command.params if isinstance(option, click.Option)]
        rows = "\n".join(_row(option, command) for option in options)
        parts += [
            f"## reconciler {name}",
            f"`reconciler {name} {usage}`",
            _help(command.help or ""),
        ]
        parts += [f"| option | meaning |\n|---|---|\n{rows}"] if rows else []
    return "\n\n".join(parts) + "\n"


def configuration() -> str:
    """docs/configuration.md: every key of the site's own configuration."""
    head = (
        "# Configuration on site\n\n"
        f"`{settings.DEFAULT_FILE}`, or the file that `--config` names: YAML, strict. Flags win"
        " over variables, which win over the file. None of these keys ever comes from the fleet"
        " repository. A file that changes is read again at once; one that became wrong is logged"
        " and the last good one stays.\n\n"
        "| key | variable | flag | default | meaning |\n|---|---|---|---|---|\n"
    )
    rows = (
        f"| `{field.key}` | `{field.variable}` | {_code(field.flag)} | {_code(field.default)} |"
        f" {field.meaning} |\n"
        for field in settings.FIELDS
    )
    example = (
        "\nDurations are written `30s`, `5m`, `1h30m`, `7d`.\n\n```yaml\n"
        "site: north/barn-7\nsource:\n  urls: [https://git.example.com/fleet.git]\n"
        "  credentials: {tokenFile: /etc/fleet-reconciler/credentials/token}\n"
        "status: {interval: 5m}\nmetrics: {address: 0.0.0.0:9090}\n```\n"
    )
    return head + "".join(rows) + example


PAGES = {
    "commands.md": commands,
    "configuration.md": configuration,
    "health.md": health_page.render,
    "metrics.md": metrics_page.render,
}


def _help(text: str) -> str:
    """Help as Markdown: what click keeps unwrapped is code."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        "```\n" + part.replace("\b\n", "").rstrip() + "\n```" if "\b" in part else part
        for part in paragraphs
    )


def _row(option: click.Option, command: click.Command) -> str:
    record = option.get_help_record(click.Context(command))
    names, meaning = (cell.replace("|", "\\|") for cell in record or ("", ""))
    return f"| `{names}` | {meaning} |"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def main() -> None:
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page())
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
