"""``reconciler validate``: every site of a folder."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli import options


@click.command(epilog=options.EXIT)
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@options.output
def validate(folder: Path, output: str) -> None:
    """Check that every site in FOLDER renders, and that its settings and objects are sound.

    Findings name file and line. Nothing is applied and no cluster is asked.

    \b
    Examples:
      reconciler validate
      reconciler validate path/to/fleet -o json
    """
    from reconciler.app import validate as app

    result = app.check(folder)
    click.echo(app.show(result, output), nl=False)
    sys.exit(options.NO if result.findings else options.YES)
