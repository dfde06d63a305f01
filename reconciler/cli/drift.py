"""``reconciler drift``: what was changed on a site, by whom, and what became of it."""

from __future__ import annotations

import os
import sys
import time

import click

from reconciler.cli import options


@click.command(epilog=options.EXIT)
@click.argument("site", required=False)
@click.option("--state", type=options.FOLDER, metavar="DIR", help="The agent's folder.  [state]")
@click.option(
    "--since",
    metavar="DURATION|TIME",
    default="",
    help="Only from then on: 2h, or an RFC 3339 time.",
)
@options.output
def drift(site: str | None, state: str | None, since: str, output: str) -> None:
    """Show what was changed on a site against its commit, by whom, and what became of it.

    Run it where the agent's state folder is: SITE, if given, must be its site. Of each change, the
    field, what was wanted and found, and the manager that holds it, as the API server's
    managedFields claim it; secrets are masked. The newest 10,000 changes are kept. What is still
    open comes last, with the rule that would leave it so. Exit code 1 if anything is open.

    \b
    Examples:
      reconciler drift --since 24h
      reconciler drift north/barn-7 --state /var/lib/fleet-reconciler -o json
      kubectl exec -n fleet-system deploy/fleet-reconciler -- reconciler drift
    """
    from reconciler import settings
    from reconciler.app import drift as app

    begin = app.since(since, time.time())
    found = app.read(settings.read_state(os.environ, state), site, begin)
    if output == "json":
        click.echo(app.to_json(found), nl=False)
    else:
        for line in app.to_text(found):
            click.echo(line)
    sys.exit(options.NO if found.total else options.YES)
