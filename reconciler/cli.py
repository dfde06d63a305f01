"""The command line: arguments, help, exit codes. What a command needs is imported when it runs."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

import reconciler
from reconciler.model import errors

T = TypeVar("T")

YES, NO, NO_ANSWER, INTERRUPTED = 0, 1, 2, 130
_EXIT = "Exit codes: 0 nothing to report, 1 the answer is no, 2 no answer, 130 interrupted."


class _Commands(click.Group):
    """Says in one line, on standard error and with exit code 2, why there is no answer."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except errors.ReconcilerError as error:
            click.echo(f"reconciler: {error}", err=True)
            ctx.exit(NO_ANSWER)


@click.group(cls=_Commands, epilog=_EXIT, context_settings={"help_option_names": ["-h", "--help"]})
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


def _output(command: Callable[..., T]) -> Callable[..., T]:
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Form of the answer.",
    )(command)


def _access(command: Callable[..., T]) -> Callable[..., T]:
    """Options that say how to reach a remote; they come to the command as one mapping."""
    rows = (
        ("--ssh-key-file", "Private key for ssh (else the ssh agent's)."),
        ("--known-hosts-file", "Host keys that ssh accepts, and no others."),
        ("--token-file", "File with TOKEN or USER:TOKEN for https."),
        ("--ca-file", "Certificate authorities for https."),
    )
    names = [flag[2:].replace("-", "_") for flag, _ in rows]

    @functools.wraps(command)
    def gathered(**given: Any) -> T:
        files = {name: given.pop(name) or "" for name in names}
        return command(access=files, **given)

    wrapped: Callable[..., T] = gathered
    for flag, meaning in reversed(rows):
        wrapped = click.option(flag, metavar="FILE", help=meaning)(wrapped)
    return wrapped


@main.command(epilog=_EXIT)
@click.option("--repo", metavar="URL", help="The fleet repository.  [source.urls]")
@click.option("--site", metavar="REGION/SITE", help="The site that this cluster is.  [site]")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The site's configuration.  [default: /etc/fleet-reconciler/config.yaml, if it is there]",
)
@click.option("--state", metavar="DIR", help="The state folder.  [state]")
@click.option("--branch", metavar="NAME", help="The branch to follow.  [source.branch]")
@click.option("--kubeconfig", metavar="FILE", default="", help="Login outside a cluster.")
@click.option("--context", metavar="NAME", default="", help="The kubeconfig's context.")
@click.option("--interval", metavar="DURATION", help="Between two polls.  [source.poll]")
@click.option("--status-remote", metavar="URL", help="Where notes are pushed.  [status.remote]")
@click.option("--metrics-address", metavar="HOST:PORT", help="Endpoints.  [metrics.address]")
@click.option("--once", is_flag=True, help="One pass, and an exit code that tells how it went.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="The least that is logged, to standard error.",
)
def run(
    config: Path | None, kubeconfig: str, context: str, once: bool, log_level: str, **given: str
) -> None:
    """Follow the fleet repository and keep this cluster as it says.

    Each flag can be set by a variable or in the configuration file too (its key is in brackets;
    flags win over RECONCILER_* variables, which win over the file). Inside a Pod the cluster is
    the Pod's own. With --once: exit code 0 if the newest commit is applied as a whole, 1 if not, 2
    if the remote or the API server was not reached.

    \b
    Examples:
      reconciler run --repo https://git.example.com/fleet.git --site north/barn-7
      reconciler run --repo file:///srv/fleet --site north/barn-7 --kubeconfig ~/.kube/config
      reconciler run --once --config site.yaml
    """
    from reconciler import settings
    from reconciler.adapters import telemetry
    from reconciler.app import agent

    flags = {
        field.key: given[name]
        for field in settings.FIELDS
        if field.flag and given[name := field.flag[2:].replace("-", "_")] is not None
    }
    place = agent.Place(
        kubeconfig=kubeconfig,
        context=context,
        configuration=(config or settings.DEFAULT_FILE,),
    )
    process = agent.Agent(
        lambda: settings.read(config, os.environ, flags),
        place,
        telemetry.Telemetry(level=log_level),
    )
    with agent.ended_by_signals(process) as came:
        if once:
            outcome = process.run_once()
            code = NO_ANSWER if not outcome.reached else YES if outcome.synced else NO
            sys.exit(INTERRUPTED if came else code)
        process.run()
    sys.exit(INTERRUPTED if came and came[0] == 2 else YES)


@main.command(epilog=_EXIT)
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
@_access
@_output
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
    from reconciler.app import render as app

    restrict = load_restrictor == "LoadRestrictionsRootOnly"
    if repo is None:
        click.echo(app.folder(target, restrict=restrict, output=output), nl=False)
    else:
        click.echo(app.site(target, repo, rev, access, output=output), nl=False)


@main.command(epilog=_EXIT)
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@_output
def validate(folder: Path, output: str) -> None:
    """Check that every site in FOLDER renders, and that its settings and objects are sound.

    Findings name file and line. Nothing is applied and no cluster is asked.

    \b
    Examples:
      reconciler validate
      reconciler validate path/to/fleet -o json
    """
    from reconciler.app import validate as app

    result = app.check(folder)
    click.echo(app.show(result, output), nl=False)
    sys.exit(NO if result.findings else YES)


@main.command(epilog=_EXIT)
@click.argument("site", required=False)
@click.option("--repo", metavar="URL|DIR", default=".", show_default=True, help="Where notes are.")
@_access
@_output
def status(site: str | None, repo: str, access: Any, output: str) -> None:
    """Show the state of all sites, or of SITE, from their notes alone.

    \b
    Examples:
      reconciler status --repo https://git.example.com/fleet.git
      reconciler status north/barn-7 --repo . -o json
    """
    from reconciler.app import status as app

    rows = app.read(repo, access, site)
    click.echo(app.show(rows, output), nl=False)
    sys.exit(YES if rows and all(row.in_sync for row in rows) else NO)
