"""``reconciler version``: what is installed here."""

from __future__ import annotations

import click

from reconciler.cli import options


@click.command(epilog=options.EXIT)
@options.output
def version(output: str) -> None:
    """Print the version of the agent, and of what it works with.

    \b
    Examples:
      reconciler version
      reconciler version -o json
    """
    from reconciler.app import version as app

    click.echo(app.show(output), nl=False)
