"""``reconciler resume``: end a pause."""

from __future__ import annotations

import sys

import click

from reconciler.cli import options


@click.command(epilog=options.EXIT)
@click.argument("site", shell_complete=options.complete_site)
@click.option("--object", "about", metavar="REF", default="", help="This object's pause alone.")
@options.cluster
def resume(site: str, about: str, kubeconfig: str, context: str) -> None:
    """End the pauses of SITE that were asked for on site.

    Everything is put right at once. A pause in the fleet repository ends there. Exit code 1 where
    there was nothing to end.

    \b
    Examples:
      reconciler resume north/barn-7
      reconciler resume north/barn-7 --object Deployment.apps/cam/camera
    """
    from reconciler.app import pause as app

    answer = app.resume(site, about=about, kubeconfig=kubeconfig, context=context)
    click.echo(answer.message, nl=False)
    sys.exit(options.YES if answer.changed else options.NO)
