"""``reconciler status``: all sites, from their notes."""

from __future__ import annotations

import sys
from typing import Any

import click

from reconciler.cli import options


@click.command(epilog=options.EXIT)
@click.argument("site", required=False)
@click.option("--repo", metavar="URL|DIR", default=".", show_default=True, help="Where notes are.")
@options.access
@options.output
def status(site: str | None, repo: str, access: Any, output: str) -> None:
    """Show the state of all sites, or of SITE, from their notes alone.

    \b
    Examples:
      reconciler status --repo https://git.example.com/fleet.git
      reconciler status north/barn-7 --repo . -o json
    """
    from reconciler.app import status as app

    rows = app.read(repo, access, site)
    click.echo(app.show(rows, output), nl=False)
    sys.exit(options.YES if rows and all(row.in_sync for row in rows) else options.NO)
