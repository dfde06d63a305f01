"""``reconciler validate``: every site of a folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from reconciler.cli import options


@click.command(epilog=options.EXIT)
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="The form of the findings; github is for its workflows, sarif for code scanning.",
)
def validate(folder: Path, output: str) -> None:
    """Check that every site in FOLDER renders, and that its settings and objects are sound.

    The policies that fleet.yaml names judge every site. Findings name file and line; what many
    sites have from one file is said once. Nothing is applied and no cluster is asked. The exit
    code is 1 where something would hold a commit; what only warns is shown alone.

    \b
    Examples:
      reconciler validate
      reconciler validate path/to/fleet -o json
    """
    from reconciler import settings
    from reconciler.app import findings
    from reconciler.app import validate as app

    limits = settings.read_limits(os.environ)
    with options.progress("sites checked") as tell:
        result = app.check(folder, tell=tell, limits=limits)
    click.echo(findings.show(result, output), nl=False)
    sys.exit(options.NO if result.denied else options.YES)
