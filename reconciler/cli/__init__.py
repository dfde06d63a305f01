"""The command line: arguments, help, exit codes; a module a command.

What a command needs is imported when it runs, so that help and small commands start at once.
"""

from __future__ import annotations

from typing import Any

import click

import reconciler
from reconciler.cli import options
from reconciler.cli.render import render
from reconciler.cli.run import run
from reconciler.cli.status import status
from reconciler.cli.validate import validate
from reconciler.model import errors


class _Commands(click.Group):
    """Says in one line, on standard error and with exit code 2, why there is no answer."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except errors.ReconcilerError as error:
            click.echo(f"reconciler: {error}", err=True)
            ctx.exit(options.NO_ANSWER)
        except KeyboardInterrupt:
            click.echo("reconciler: interrupted", err=True)
            ctx.exit(options.INTERRUPTED)


@click.group(
    cls=_Commands, epilog=options.EXIT, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(reconciler.__version__, prog_name="reconciler")
def main() -> None:
    """Event-driven GitOps for fleets of small, independent Kubernetes clusters.

    An agent on each cluster follows a Git fleet repository, applies its site's overlay, heals
    drift, keeps going offline, and reports as Git notes.

    \b
    On site:       reconciler run --repo URL --site REGION/SITE
    At a desk:     reconciler validate            every site renders and passes
                   reconciler render FOLDER       what kustomize build prints
                   reconciler status --repo URL   the state of all sites, from their notes
    """


for _command in (render, run, status, validate):
    main.add_command(_command)
