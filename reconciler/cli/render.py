"""``reconciler render``: a folder or a site as kustomize builds it, or all sites."""

from __future__ import annotations

import atexit
import gc
import sys
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import options

if TYPE_CHECKING:
    from reconciler.app.render import Form


@click.command(epilog=options.EXIT)
@click.argument("target", required=False)
@click.option("--repo", metavar="URL|DIR", help="The fleet repository; TARGET is then a site.")
@click.option("--rev", metavar="REV", default="", help="A commit or branch.  [default: the newest]")
@click.option(
    "--as-applied", is_flag=True, help="As the agent applies it: with its label, without status."
)
@click.option("--all", "every", is_flag=True, help="Every site of --repo, or of the folder TARGET.")
@click.option(
    "--into", type=options.FOLDER, metavar="DIR", help="Where --all writes REGION/SITE.yaml."
)
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
    target: str | None,
    repo: str | None,
    rev: str,
    *,
    as_applied: bool,
    every: bool,
    into: str | None,
    load_restrictor: str,
    access: Any,
    output: str,
) -> None:
    """Print what TARGET is made of: a folder with a kustomization, or a site of --repo.

    Both are built as `kustomize build` does it, to the byte.

    \b
    Examples:
      reconciler render sites/north/barn-7
      reconciler render north/barn-7 --repo . --rev HEAD~1
      reconciler render north/barn-7 --repo https://git.example.com/fleet.git
      reconciler render --all --repo . --rev HEAD~1 --into before
    """
    gc.disable()  # a process that builds once and ends; looking for garbage is a tenth of that
    atexit.register(gc.freeze)  # nor at its end
    from reconciler.app import render as app

    restrict = load_restrictor == "LoadRestrictionsRootOnly"
    _refuse(
        target, repo, rev, access, every=every, into=into, applied=as_applied, restrict=restrict
    )
    form = app.Form(restrict, as_applied, output)
    if every:
        sys.exit(_every(target or ".", repo, rev, str(into), form))
    if repo is None:
        click.echo(app.folder(str(target), form), nl=False)
    else:
        click.echo(app.site(str(target), repo, rev, access, form), nl=False)


def _refuse(
    target: str | None,
    repo: str | None,
    rev: str,
    access: dict[str, str],
    *,
    every: bool,
    into: str | None,
    applied: bool,
    restrict: bool,
) -> None:
    """Raises UsageError for what does not go together."""
    remote = next((options.access_flag(name) for name, file in access.items() if file), "")
    wrong = (
        (not every and target is None, "give TARGET: a folder, or a site of --repo; or --all"),
        (every and into is None, "--all writes a file for each site: say where, with --into DIR"),
        (into is not None and not every, "--into is for --all; one TARGET is printed"),
        (every and repo is not None and target is not None, "--all takes no TARGET with --repo"),
        (rev and repo is None, "--rev is for --repo; a folder is taken as it stands"),
        (remote and repo is None, f"{remote} is for --repo; a folder is read from this machine"),
        (remote and every, f"{remote} is for one TARGET; --all reads a repository on this machine"),
        (applied and repo is None and not every, "--as-applied is for sites: give --repo"),
        (applied and not restrict, "--as-applied: the agent knows no other restriction"),
    )
    from reconciler.model.errors import UsageError

    for is_wrong, message in wrong:
        if is_wrong:
            raise UsageError(message)


def _every(folder: str, repo: str | None, rev: str, into: str, form: Form) -> int:
    from pathlib import Path

    from reconciler.app import everywhere, findings

    with options.progress("sites rendered") as tell, everywhere.source(folder, repo, rev) as source:
        result = everywhere.write(source, Path(into), form, tell)
    click.echo(findings.show(result, form.output), nl=False)
    return options.NO if result.denied else options.YES
