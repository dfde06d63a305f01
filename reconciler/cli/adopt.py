"""``reconciler adopt``: what a site would take over, and from whom."""

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
def adopt(
    site: str, repo: str, rev: str, *, kubeconfig: str, context: str, access: Any, output: str
) -> None:
    """List the live objects that SITE would take over, from whom, and the rule that allows it.

    Of each object that its commit declares, that is in the cluster and that is not the site's yet:
    the managers that hold its fields, what would be otherwise afterwards, and whether it stays as
    it is (!) until a rule names them. It changes nothing. Exit code 1 if there is any.

    \b
    Examples:
      reconciler adopt north/barn-7 --kubeconfig barn-7.yaml
      reconciler adopt north/barn-7 --repo https://git.example.com/fleet.git -o json
    """
    from reconciler.app import adopt as app
    from reconciler.app import desk

    place = desk.Place(kubeconfig=kubeconfig, context=context)
    found = app.look(site, repo, rev, access, place)
    if output == "json":
        click.echo(app.to_json(found), nl=False)
    else:
        for text, colour in app.to_text(found):
            click.secho(text, fg=colour)
    sys.exit(options.NO if found.claims else options.YES)
