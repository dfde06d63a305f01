"""``reconciler render``: a folder as kustomize builds it, or a site as it will be applied."""

from __future__ import annotations

import atexit
import gc
from typing import Any

import click

from reconciler.cli import options


@click.command(epilog=options.EXIT)
@click.argument("target")
@click.option("--repo", metavar="URL|DIR", help="The fleet repository; TARGET is then a site.")
@click.option("--rev", metavar="REV", default="", help="A commit or branch.  [default: the newest]")
@click.option(
    "--load-restrictor",
    type=click.Choice(["LoadRestrictionsRootOnly", "LoadRestrictionsNone"]),
    default="LoadRestrictionsRootOnly",
    show_default=True,
    help="Whether files above a kustomization's folder may be named, as kustomize has it.",
)
@options.access
@options.output
def render(
    target: str, repo: str | None, rev: str, *, load_restrictor: str, access: Any, output: str
) -> None:
    """Print what TARGET is made of: a folder with a kustomization, or a site of --repo.

    A folder is built as `kustomize build` does it. A site is shown as it will be applied.

    \b
    Examples:
      reconciler render sites/north/barn-7
      reconciler render north/barn-7 --repo . --rev HEAD~1
      reconciler render north/barn-7 --repo https://git.example.com/fleet.git
    """
    gc.disable()  # a process that builds once and ends; looking for garbage is a tenth of that
    atexit.register(gc.freeze)  # nor at its end
    from reconciler.app import render as app

    restrict = load_restrictor == "LoadRestrictionsRootOnly"
    if repo is None:
        click.echo(app.folder(target, restrict=restrict, output=output), nl=False)
    else:
        click.echo(app.site(target, repo, rev, access, output=output), nl=False)
