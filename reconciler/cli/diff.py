"""``reconciler diff``: what the next pass would do to a cluster."""

from __future__ import annotations

import sys
from typing import Any

import click

from reconciler.cli import options


@click.command(epilog=options.EXIT)
@click.argument("site", shell_complete=options.complete_site)
@options.revision
@options.cluster
@options.access
@options.output
def diff(
    site: str, repo: str, rev: str, *, kubeconfig: str, context: str, access: Any, output: str
) -> None:
    """Show what the next pass would do to the cluster of SITE, field by field.

    Objects to create (+), to change (~), to make anew (*) and to delete (-), and what is held, kept
    or refused, with the file that each comes from. The API server tries each change and writes
    nothing. Secrets are masked. Exit code 1 if anything would change.

    \b
    Examples:
      reconciler diff north/barn-7 --kubeconfig barn-7.yaml
      reconciler diff north/barn-7 --repo https://git.example.com/fleet.git --rev next
      reconciler diff north/barn-7 -o json
    """
    from reconciler.app import desk
    from reconciler.app import diff as app

    place = desk.Place(kubeconfig=kubeconfig, context=context)
    found = app.look(site, repo, rev, access, place)
    if output == "json":
        click.echo(app.to_json(found), nl=False)
    else:
        for text, colour in app.to_text(found):
            click.secho(text, fg=colour)
    sys.exit(options.NO if found.lines else options.YES)
