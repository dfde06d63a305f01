"""``reconciler explain``: whose each field of an object is, and what the agent would do."""

from __future__ import annotations

import os
import sys

import click

from reconciler.cli import options


@click.command(epilog=options.EXIT)
@click.argument("ref")
@click.option("--state", type=options.FOLDER, metavar="DIR", help="The agent's folder.  [state]")
@options.cluster
@options.output
def explain(ref: str, state: str | None, kubeconfig: str, context: str, output: str) -> None:
    """Show whose each field of the object REF is, what is wanted of it, and what would be done.

    REF is KIND[.GROUP]/[NAMESPACE/]NAME, one of the objects that the site has applied. Run it where
    the agent's state folder is; the object is read from the cluster once. Owners are what the API
    server's managedFields claim; secrets are masked. Exit code 1 if anything would be done.

    \b
    Examples:
      reconciler explain Deployment.apps/serving/triton
      reconciler explain ConfigMap/serving/settings --kubeconfig barn-7.yaml -o json
    """
    from reconciler import settings
    from reconciler.adapters import kube
    from reconciler.app import explain as app

    folder = settings.read_state(os.environ, state)
    found = app.look(ref, folder, lambda: kube.connect(kubeconfig, context))
    if output == "json":
        click.echo(app.to_json(found), nl=False)
    else:
        for line in app.to_text(found):
            click.echo(line)
    sys.exit(options.YES if found.is_fine else options.NO)
