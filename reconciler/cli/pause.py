"""``reconciler pause``: hold a site still."""

from __future__ import annotations

import click

from reconciler.cli import options


@click.command(epilog=options.EXIT)
@click.argument("site", shell_complete=options.complete_site)
@click.option("--reason", metavar="TEXT", required=True, help="Why; everybody will read it.")
@click.option("--for", "span", metavar="DURATION", required=True, help="How long, such as 2h.")
@click.option("--object", "about", metavar="REF", default="", help="This object alone.")
@options.cluster
def pause(site: str, *, reason: str, span: str, about: str, kubeconfig: str, context: str) -> None:
    """Hold SITE still, or one object of it, for a while: a pause always ends.

    Nothing of it is applied, pruned or corrected; drift is journaled, and the note says so. It
    ends after limits.pause of running time (24h) at the latest, whatever the clock says. This
    patches the spec of the cluster's own Site object: whoever may do that may pause.

    \b
    Examples:
      reconciler pause north/barn-7 --reason "camera swap" --for 2h
      reconciler pause north/barn-7 --reason tuning --for 30m --object Deployment.apps/cam/camera
    """
    from reconciler.app import pause as app

    answer = app.pause(
        site, reason=reason, span=span, about=about, kubeconfig=kubeconfig, context=context
    )
    click.echo(answer.message, nl=False)
